package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func TestStats(t *testing.T) {
	ctx := t.Context()
	now := moment
	at := setTo(now)
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: at.time})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	stats, err := db.Stats(ctx)
	require.NoError(t, err)
	require.Positive(t, stats.Bytes)
	require.NotZero(t, stats.Free)
	stats.Bytes, stats.Free = 0, 0
	require.Equal(t, Stats{}, stats)

	hear(t, db)
	m := newMessage()
	require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
	dead := store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID(), Dead: true, At: now}
	require.NoError(t, db.PutFailure(ctx, store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID(), Dead: true, At: now.Add(-25 * time.Hour)}))
	require.NoError(t, db.PutFailure(ctx, dead))
	again := store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID()}
	require.NoError(t, db.PutFailure(ctx, again, queue.NewRetry(m.Project, m.TopicID, queue.Retry{
		MessageID: m.ID, SubscriptionID: again.SubscriptionID, Attempt: 2,
	}, now.Add(time.Minute))))
	now = now.Add(5 * time.Second)
	at.set(now)
	stats, err = db.Stats(ctx)
	require.NoError(t, err)
	require.WithinDuration(t, moment, stats.Due, 4*time.Second) // by a clock that goes on
	require.Equal(t, Stats{Waiting: 2, Due: stats.Due, Dead: 1, Bytes: stats.Bytes, Free: stats.Free}, stats)

	leases, err := db.Receive(ctx, 10, time.Hour)
	require.NoError(t, err)
	require.Len(t, leases, 1)
	stats, err = db.Stats(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, stats.Waiting, "what is in hand is not done")
	require.Zero(t, stats.Due, "and not late")
	now = now.Add(2 * time.Minute)
	at.set(now)
	stats, err = db.Stats(ctx)
	require.NoError(t, err)
	require.WithinDuration(t, moment.Add(time.Minute), stats.Due, 4*time.Second)

	require.NoError(t, db.Close())
	_, err = db.Stats(ctx)
	require.ErrorIs(t, err, ErrClosed)
}

// BenchmarkStats counts beside a large backlog.
func BenchmarkStats(b *testing.B) {
	const tasks = 1_000_000
	db := open(b, b.TempDir())
	require.NoError(b, db.write(b.Context(), func(tx *tx) error {
		_, err := tx.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO task (id, visible_at, body) SELECT i, ?2 + i, '{}' FROM n`, tasks, micros(moment))
		if err == nil {
			_, err = tx.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
				INSERT INTO failure (message, subscription, attempts, dead, next_at, status, reason, at) SELECT i, i, 1, 1, 0, 0, '', ?2 FROM n`, tasks, micros(time.Now()))
		}
		return err
	}))
	for b.Loop() {
		stats, err := db.Stats(context.Background())
		require.NoError(b, err)
		require.Equal(b, MaxDead, stats.Dead)
	}
}
