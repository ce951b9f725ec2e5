package embedded

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/queue/queuetest"
	"tocsin/shared/store"
	"tocsin/shared/store/storetest"
)

func open(t testing.TB, dir string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestQueue(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queue.Queue {
		db := open(t, t.TempDir())
		t.Cleanup(func() { requireIndexes(t, db) })
		return db
	})
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, queue.Queue) {
		db := open(t, t.TempDir())
		t.Cleanup(func() { requireIndexes(t, db) })
		return db, db
	})
}

func TestOutbox(t *testing.T) {
	storetest.RunOutbox(t, func(t *testing.T) store.Outbox { return open(t, t.TempDir()) })
}

func TestSecrets(t *testing.T) {
	storetest.RunSecrets(t, func(t *testing.T) store.Secrets { return open(t, t.TempDir()) })
}

// requireIndexes makes sure that no statement that was used reads a whole table
// or sorts.
func requireIndexes(t *testing.T, db *DB) {
	t.Helper()
	ctx := context.Background() // the test's own has ended
	used := map[string]bool{}
	collect := func(s *session) error {
		for query := range s.prepared {
			used[query] = true
		}
		for query := range s.direct {
			used[query] = true
		}
		return nil
	}
	require.NoError(t, db.write(ctx, func(tx *tx) error { return collect(tx.session) }))
	for range readerCount { // they take turns
		require.NoError(t, db.read(ctx, collect))
	}
	require.NoError(t, db.read(ctx, func(s *session) error {
		for query := range used {
			requireIndex(t, s, query)
		}
		return nil
	}))
}

func requireIndex(t *testing.T, s *session, query string) {
	t.Helper()
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	if !strings.Contains("SELECT INSERT UPDATE DELETE", verb) {
		return
	}
	require.NoError(t, s.each(`EXPLAIN QUERY PLAN `+query, make([]any, 16), func(rows *sql.Rows) error {
		var a, b, c int
		var step string
		err := rows.Scan(&a, &b, &c, &step)
		require.NotContains(t, step, "SCAN ", query)
		if !strings.Contains(query, "t.name >= ?") { // at most as many as a project has topics
			require.NotContains(t, step, "TEMP B-TREE", query)
		}
		return err
	}))
}
