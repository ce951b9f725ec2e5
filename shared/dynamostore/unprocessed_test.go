package dynamostore

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Of a batch that is left undone in part, the rest is asked for again, and no more.
func TestUnprocessedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := []key{{"P", "1"}, {"P", "2"}, {"P", "3"}, {"P", "4"}}
		asks := []string{
			`{"RequestItems":{"t":{"Keys":[{"pk":{"S":"P"},"sk":{"S":"1"}},{"pk":{"S":"P"},"sk":{"S":"2"}},{"pk":{"S":"P"},"sk":{"S":"3"}},{"pk":{"S":"P"},"sk":{"S":"4"}}],"ConsistentRead":true}}}`,
			`{"RequestItems":{"t":{"Keys":[{"pk":{"S":"P"},"sk":{"S":"4"}},{"pk":{"S":"P"},"sk":{"S":"2"}}],"ConsistentRead":true}}}`,
		}
		answers := []string{
			`{"Responses":{"t":[{"sk":{"S":"3"},"pk":{"S":"P"},"n":{"N":"3"}},{"sk":{"S":"1"},"pk":{"S":"P"},"n":{"N":"1"}}]},` +
				`"UnprocessedKeys":{"t":{"ConsistentRead":true,"Keys":[{"sk":{"S":"4"},"pk":{"S":"P"}},{"sk":{"S":"2"},"pk":{"S":"P"}}]}}}`,
			`{"Responses":{"t":[{"sk":{"S":"2"},"pk":{"S":"P"},"n":{"N":"2"}}]},"UnprocessedKeys":{}}`,
		}
		db := openOn(t, inTurn(t, "BatchGetItem", asks, answers))
		began := time.Now()
		rows, err := db.getMany(t.Context(), keys)
		require.NoError(t, err)
		require.Greater(t, time.Since(began), time.Duration(0), "after a pause")
		require.Len(t, rows, 3, "one is not there")
		for i, k := range keys[:3] {
			require.EqualValues(t, i+1, rows[k].num("n"))
		}
	})
}

func TestUnprocessedItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const last = `{"PutRequest":{"Item":{"n":{"N":"2"},"pk":{"S":"P"},"sk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"P"},"sk":{"S":"4"}}}}`
		asks := []string{
			`{"RequestItems":{"t":[{"PutRequest":{"Item":{"n":{"N":"1"},"pk":{"S":"P"},"sk":{"S":"1"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"P"},"sk":{"S":"3"}}}},` + last + `]}}`,
			`{"RequestItems":{"t":[` + last + `]}}`,
		}
		db := openOn(t, inTurn(t, "BatchWriteItem", asks, []string{`{"UnprocessedItems":{"t":[` + last + `]}}`, `{"UnprocessedItems":{}}`}))
		began := time.Now()
		require.NoError(t, db.batch(t.Context(),
			put(key{"P", "1"}, item{"n": n(1)}), remove(key{"P", "3"}), put(key{"P", "2"}, item{"n": n(2)}), remove(key{"P", "4"})))
		require.Greater(t, time.Since(began), time.Duration(0), "after a pause")
	})
}

// inTurn answers one call after the other, and expects that they are made.
func inTurn(t *testing.T, operation string, asks, answers []string) onWire {
	t.Helper()
	call := 0
	t.Cleanup(func() { require.Equal(t, len(asks), call, "calls") })
	return func(asked, body string) (int, string) {
		require.Equal(t, operation, asked)
		require.Less(t, call, len(asks), body)
		require.JSONEq(t, asks[call], body)
		call++
		return http.StatusOK, answers[call-1]
	}
}

// A part that is left for later again and again is waited for as long as a busy table.
func TestUnprocessedWithoutEnd(t *testing.T) {
	for _, c := range []struct {
		operation, left string
		run             func(context.Context, *DB) error
	}{
		{"BatchGetItem", "UnprocessedKeys", func(ctx context.Context, db *DB) error {
			_, err := db.getMany(ctx, []key{{"P", "1"}, {"P", "2"}})
			return err
		}},
		{"BatchWriteItem", "UnprocessedItems", func(ctx context.Context, db *DB) error {
			return db.batch(ctx, remove(key{"P", "1"}), remove(key{"P", "2"}))
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			db := openOn(t, func(asked, body string) (int, string) {
				require.Equal(t, c.operation, asked)
				return http.StatusOK, strings.Replace(body, "RequestItems", c.left, 1) // all that was asked for
			})
			began := time.Now()
			err := c.run(t.Context(), db)
			require.ErrorIs(t, err, store.ErrFull)
			require.Equal(t, smn.Overloaded, smn.CodeOf(err))
			require.GreaterOrEqual(t, time.Since(began), maxWait)
			require.Less(t, time.Since(began), maxWait+maxPause)
		})
	}
}
