package dynamostore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/embedded"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/store/storetest"
)

// moment is the time of the suite: what it stores has not expired then.
var moment = time.Date(2026, 11, 3, 4, 5, 6, 789_000_000, time.UTC)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, queue.Queue) {
		db, q := open(t)
		db.now = func() time.Time { return moment }
		return db, q
	})
}

// open gives an empty table, whose calls are counted, with a queue.
func open(t testing.TB) (*DB, queue.Queue) {
	t.Helper()
	client := NewClient(emulators.DynamoDB(t))
	name := "test-" + smn.NewID()
	require.NoError(t, CreateTable(t.Context(), client, name))
	// The emulator removes at once what has expired by the clock on the wall, which is
	// not that of the tests. They look at rows that have expired and are still there.
	require.NoError(t, client.Call(t.Context(), "UpdateTimeToLive", map[string]any{
		"TableName":               name,
		"TimeToLiveSpecification": map[string]any{"AttributeName": "ttl", "Enabled": false},
	}, nil))
	q, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	db, err := New(Config{Client: &meter{API: client}, Table: name, Queue: q})
	require.NoError(t, err)
	return db, q
}
