package embedded

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/store"
)

func TestPurge(t *testing.T) {
	ctx := t.Context()
	db := open(t, t.TempDir())
	put := func(expires time.Time) string {
		m := newMessage()
		m.ExpiresAt = expires
		require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
		require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, 3, []store.Failure{{MessageID: m.ID, SubscriptionID: "s"}}))
		return m.ID
	}
	before := moment.Add(time.Hour)
	var old []string
	for range 7 {
		old = append(old, put(before.Add(-time.Millisecond)))
	}
	dead, last, live := put(moment), put(before), put(before.Add(time.Millisecond))
	require.NoError(t, db.PutFailure(ctx, store.Failure{MessageID: dead, SubscriptionID: "dead", Dead: true}))

	// A report of more rows than one step removes.
	var failures []store.Failure
	for i := range 2 * purgeStep {
		failures = append(failures, store.Failure{MessageID: old[3], SubscriptionID: fmt.Sprint(i)})
	}
	require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: old[3], Chunk: 1}, len(failures), failures))

	removed, err := db.Purge(ctx, before)
	require.NoError(t, err)
	require.Equal(t, len(old), removed)
	for _, id := range old {
		_, err := db.GetMessage(ctx, id)
		require.ErrorIs(t, err, store.ErrNotFound)
		report, err := db.GetReport(ctx, id)
		require.NoError(t, err)
		require.Zero(t, report)
	}
	for id, open := range map[string]int{dead: 2, last: 1, live: 1} {
		_, err := db.GetMessage(ctx, id)
		require.NoError(t, err)
		report, err := db.GetReport(ctx, id)
		require.NoError(t, err)
		require.Equal(t, 3, report.Matched)
		require.Len(t, report.Failures, open)
	}
	removed, err = db.Purge(ctx, before)
	require.NoError(t, err)
	require.Zero(t, removed)
}

func TestPurgeOfManySteps(t *testing.T) {
	db := open(t, t.TempDir())
	const n = 2*purgeStep + 1
	require.NoError(t, db.write(t.Context(), func(tx *tx) error {
		for i := range n {
			if _, err := tx.exec(`INSERT INTO message
				(id, accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body)
				VALUES (?, ?, ?, '', '', '', '', '', '')`, fmt.Sprint(i), micros(moment), micros(moment)+int64(i%2)); err != nil {
				return err
			}
		}
		return nil
	}))
	removed, err := db.Purge(t.Context(), moment.Add(time.Microsecond))
	require.NoError(t, err)
	require.Equal(t, n/2+1, removed)
	removed, err = db.Purge(t.Context(), moment.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, n/2, removed)
}
