package embedded

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// newcomers are the calls that bring new messages.
func newcomers(db *DB) map[string]func(ctx context.Context) (id string, err error) {
	direct := func() queue.Task {
		return queue.NewDirect(queue.Direct{MessageID: smn.NewID(), Project: "p", Attempt: 1}, time.Time{})
	}
	return map[string]func(ctx context.Context) (string, error){
		"message": func(ctx context.Context) (string, error) {
			m := newMessage()
			return m.ID, db.PutMessage(ctx, m, fanOut(m))
		},
		"SMS": func(ctx context.Context) (string, error) {
			sms := store.SMS{ID: smn.NewID(), Project: "p", AcceptedAt: moment}
			return sms.ID, db.PutSMS(ctx, []store.SMS{sms}, direct())
		},
		"push": func(ctx context.Context) (string, error) {
			task := direct()
			return task.ID, db.PutPush(ctx, task)
		},
	}
}

func requireFull(t *testing.T, err error, why string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrFull)
	require.Equal(t, smn.Overloaded, smn.CodeOf(err))
	require.ErrorContains(t, err, why)
}

// everything counts what is stored of messages, SMS and tasks.
func everything(t *testing.T, db *DB) (n int) {
	t.Helper()
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		_, err := s.get(`SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM sms) + (SELECT count(*) FROM task)`, nil, &n)
		return err
	}))
	return n
}

func TestBacklogIsBounded(t *testing.T) {
	ctx := t.Context()
	const limit = 3
	dir := t.TempDir()
	openBounded := func() *DB {
		db, err := Open(ctx, Config{Dir: dir, MaxBacklog: limit})
		require.NoError(t, err)
		return db
	}
	db := openBounded()
	hear(t, db)
	for range limit {
		_, err := newcomers(db)["message"](ctx)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	db = openBounded() // those that were there before count
	defer func() { require.NoError(t, db.Close()) }()
	before := everything(t, db)
	for name, put := range newcomers(db) {
		_, err := put(ctx)
		requireFull(t, err, "too many deliveries are waiting")
		require.Equal(t, before, everything(t, db), name)
	}

	// What follows from those that were taken goes on.
	require.NoError(t, db.Put(ctx, queue.NewRetry("p", "t", queue.Retry{MessageID: "m", SubscriptionID: "s", Attempt: 2}, moment)))
	m := newMessage()
	require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{}, nil, fanOut(m)))
	for range 3 {
		leases, err := db.Receive(ctx, 1, time.Hour)
		require.NoError(t, err)
		require.NoError(t, db.Ack(ctx, leases...))
		require.NoError(t, db.Ping(ctx)) // carries the acknowledgement
	}
	_, err := newcomers(db)["message"](ctx)
	require.NoError(t, err, "there is room for one")
	_, err = newcomers(db)["push"](ctx)
	requireFull(t, err, "too many deliveries are waiting")
}

func TestDiskThatIsNearlyFull(t *testing.T) {
	ctx := t.Context()
	var log bytes.Buffer
	db, err := Open(ctx, Config{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	free, known, asked, began := uint64(minFree-1), true, 0, time.Now()
	requireAsked := func(n int) { // and once more whenever it was time again by itself
		t.Helper()
		require.GreaterOrEqual(t, asked, n)
		require.LessOrEqual(t, asked, n+int(time.Since(began)/lookAgain))
	}
	db.bounds.free = func(dir string) (uint64, bool) {
		require.Equal(t, db.dir, dir)
		asked++
		return free, known
	}
	later := func() { db.bounds.began = db.bounds.began.Add(-lookAgain) }
	for range 3 {
		for _, put := range newcomers(db) {
			_, err := put(ctx)
			requireFull(t, err, "nearly full")
		}
	}
	requireAsked(1)
	require.Zero(t, everything(t, db))
	m := newMessage()
	require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{}, nil, fanOut(m)))

	later()
	free = minFree
	for _, put := range newcomers(db) {
		_, err := put(ctx)
		require.NoError(t, err)
	}
	later()
	free, known = 0, false
	_, err = newcomers(db)["message"](ctx)
	require.NoError(t, err, "what is not known does not count")
	requireAsked(3)
	require.Equal(t, 1, strings.Count(log.String(), `level=ERROR msg="no room on the disk"`))
	require.Equal(t, 1, strings.Count(log.String(), `level=INFO msg="room on the disk again"`))
}

func TestFreeBytes(t *testing.T) {
	free, ok := freeBytes(t.TempDir())
	require.True(t, ok)
	require.Positive(t, free)
	_, ok = freeBytes("/there/is/no/such/folder")
	require.False(t, ok)
}

// TestDiskFull: what was acknowledged stays, what is not is told so, and all goes
// on when there is room again, in this run and in the next.
func TestDiskFull(t *testing.T) {
	ctx := t.Context()
	var log bytes.Buffer
	db, err := Open(ctx, Config{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	hear(t, db)
	topic, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: "p", Name: "alerts"}, 1)
	require.NoError(t, err)
	maxPages := func(n int) {
		require.NoError(t, db.write(ctx, func(tx *tx) error {
			var pages int
			if _, err := tx.get(`PRAGMA page_count`, nil, &pages); err != nil {
				return err
			}
			_, err := tx.get(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+n), nil, &pages)
			return err
		}))
	}
	var kept, refused []string
	put := func() error {
		m := newMessage()
		m.Body = strings.Repeat("x", 100_000)
		err := db.PutMessage(ctx, m, fanOut(m))
		if err == nil {
			kept = append(kept, m.ID)
		} else {
			refused = append(refused, m.ID)
		}
		return err
	}
	check := func() {
		for _, id := range kept {
			_, err := db.GetMessage(ctx, id)
			require.NoError(t, err)
		}
		for _, id := range refused {
			_, err := db.GetMessage(ctx, id)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		require.Equal(t, 2*len(kept), everything(t, db))
	}
	maxPages(100)
	for {
		if err = put(); err != nil {
			break
		}
	}
	requireFull(t, err, "the disk of the service is full")
	var answer *smn.Error
	require.ErrorAs(t, err, &answer)
	require.NotContains(t, answer.Detail, "13", "the cause is for the log")
	require.NotEmpty(t, kept)
	for range 3 {
		requireFull(t, put(), "full")
	}
	_, err = db.GetTopic(ctx, "p", topic.Name)
	require.NoError(t, err, "reading works")
	check()

	maxPages(1000)
	require.NoError(t, put())
	check()
	require.Equal(t, 1, strings.Count(log.String(), `level=ERROR msg="no room on the disk"`), log)
	require.Equal(t, 1, strings.Count(log.String(), `level=INFO msg="room on the disk again"`), log)
	require.NoError(t, db.Close())
	db = open(t, db.dir)
	require.NoError(t, put())
	check()
}
