package embedded

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead time.Duration
		c := newClock(func() time.Time { return time.Now().Add(ahead) })
		began := time.Now()
		expect := func(now, skew time.Duration) {
			t.Helper()
			got, by := c.read()
			require.Equal(t, now, timeOf(got).Sub(began))
			require.Equal(t, skew.Microseconds(), by)
		}
		expect(0, 0)
		time.Sleep(time.Minute)
		expect(time.Minute, 0)
		ahead = -time.Hour // set back: it goes on all the same
		expect(time.Minute, time.Hour)
		time.Sleep(time.Minute)
		expect(2*time.Minute, time.Hour)
		ahead = time.Hour // set forward: it follows
		expect(62*time.Minute, 0)
		ahead = 0
		time.Sleep(time.Minute)
		expect(63*time.Minute, time.Hour)
		require.Equal(t, (3 * time.Minute).Microseconds(), c.passed())
	})
}

// openShifted opens a store whose clock on the wall can be set.
func openShifted(t *testing.T) (db *DB, set func(ahead time.Duration)) {
	t.Helper()
	var ahead atomic.Int64
	db, err := Open(t.Context(), Config{Dir: t.TempDir(), Now: func() time.Time {
		return time.Now().Add(time.Duration(ahead.Load()))
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, func(d time.Duration) { ahead.Store(int64(d)) }
}

// TestClockSetBackLengthensNothing: neither a lease nor the wait for a retry.
func TestClockSetBackLengthensNothing(t *testing.T) {
	const soon = 50 * time.Millisecond
	db, set := openShifted(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, db.Put(ctx, queue.NewFanOut("project", "topic", "message", 0)))
	first, err := db.Receive(ctx, 1, soon)
	require.NoError(t, err)
	set(-time.Hour)
	again, err := db.Receive(ctx, 1, time.Hour)
	require.NoError(t, err)
	require.Equal(t, first[0].ID, again[0].ID)
	require.Equal(t, 2, again[0].Received)

	began := time.Now()
	due := db.now().Add(soon)
	retry := queue.NewRetry("project", "topic", queue.Retry{MessageID: "message", SubscriptionID: "s", Attempt: 2}, due)
	require.NoError(t, db.Put(ctx, retry))
	leases, err := db.Receive(ctx, 1, time.Hour)
	require.NoError(t, err)
	require.Equal(t, retry.ID, leases[0].ID)
	require.GreaterOrEqual(t, time.Since(began), soon-time.Millisecond, "nor shortens it")
}

// TestClockSetForwardEndsNoLease: what someone has in hand stays there.
func TestClockSetForwardEndsNoLease(t *testing.T) {
	db, set := openShifted(t)
	require.NoError(t, db.Put(t.Context(), queue.NewFanOut("project", "topic", "message", 0)))
	_, err := db.Receive(t.Context(), 1, time.Hour)
	require.NoError(t, err)
	set(365 * 24 * time.Hour)
	db.alarm.ring()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = db.Receive(ctx, 1, time.Hour)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// setClock is a clock that a test sets, also while the committer looks at it.
type setClock struct{ micros atomic.Int64 }

func setTo(now time.Time) *setClock {
	c := &setClock{}
	c.set(now)
	return c
}

func (c *setClock) set(now time.Time) { c.micros.Store(micros(now)) }
func (c *setClock) time() time.Time   { return timeOf(c.micros.Load()) }
