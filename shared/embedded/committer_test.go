package embedded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// holdUp keeps the committer busy until the answer is called, so that what is
// written meanwhile becomes one group.
func holdUp(t *testing.T, db *DB) (release func()) {
	t.Helper()
	busy, free, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.write(context.Background(), func(*tx) error {
			close(busy)
			<-free
			return nil
		})
	}()
	<-busy
	return func() {
		close(free)
		require.NoError(t, <-done)
	}
}

// waitFor waits until n operations are queued behind the busy committer.
func waitFor(db *DB, n int) {
	for {
		db.committer.mu.Lock()
		waiting := len(db.committer.waiting)
		db.committer.mu.Unlock()
		if waiting >= n {
			return
		}
		runtime.Gosched()
	}
}

func TestFailingOperationDoesNotFailItsNeighbours(t *testing.T) {
	db := openHeard(t, t.TempDir())
	task := queue.NewFanOut("project", "topic", "acked", 0)
	require.NoError(t, db.Put(t.Context(), task))
	leases, err := db.Receive(t.Context(), 1, time.Hour)
	require.NoError(t, err)

	boom := errors.New("boom")
	bad := []func(*tx) error{
		func(tx *tx) error {
			_, err := tx.exec(`INSERT INTO mail (id) VALUES ('half')`) // NOT NULL
			return err
		},
		func(tx *tx) error {
			if err := db.putTasks(tx, []taskRow{{Task: queue.Task{ID: "half"}, body: "{}"}}); err != nil {
				return err
			}
			return boom
		},
		func(tx *tx) error {
			if err := db.putTasks(tx, []taskRow{{Task: queue.Task{ID: "half"}, body: "{}"}}); err != nil {
				return err
			}
			panic("ouch")
		},
		func(*tx) error { return fmt.Errorf("wrapped: %w", store.ErrConflict) },
	}
	release := holdUp(t, db)
	require.NoError(t, db.Ack(t.Context(), leases...))
	const good = 30
	errs, badErrs := make(chan error, good), make([]error, len(bad))
	var wait sync.WaitGroup
	for i := range good {
		m := newMessage()
		go func() { errs <- db.PutMessage(context.Background(), m, fanOut(m)) }()
		if i < len(bad) {
			wait.Go(func() { badErrs[i] = db.write(context.Background(), bad[i]) })
		}
	}
	waitFor(db, good+len(bad))
	release()
	for range good {
		require.NoError(t, <-errs)
	}
	wait.Wait()
	require.ErrorContains(t, badErrs[0], "NOT NULL")
	require.ErrorIs(t, badErrs[1], boom)
	require.ErrorContains(t, badErrs[2], "panic of string")
	require.NotContains(t, badErrs[2].Error(), "ouch", "what was panicked with may hold anything")
	require.ErrorIs(t, badErrs[3], store.ErrConflict)

	require.NoError(t, db.read(t.Context(), func(s *session) error {
		var messages, tasks, half int
		_, err := s.get(`SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM task), (SELECT count(*) FROM task WHERE id = 'half')`,
			nil, &messages, &tasks, &half)
		require.Equal(t, good, messages)
		require.Equal(t, good, tasks, "of the messages; the acknowledged one is gone")
		require.Zero(t, half)
		return err
	}))
}

func TestCancelledBeforeItBeginsIsDropped(t *testing.T) {
	db := openHeard(t, t.TempDir())
	release := holdUp(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	m := newMessage()
	done := make(chan error)
	go func() { done <- db.PutMessage(ctx, m, fanOut(m)) }()
	waitFor(db, 1)
	cancel()
	release()
	require.ErrorIs(t, <-done, context.Canceled)
	_, err := db.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestCancelledAfterItBeganCounts(t *testing.T) {
	db := openHeard(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, db.write(ctx, func(tx *tx) error {
		cancel()
		return db.putTasks(tx, []taskRow{{Task: queue.Task{ID: "kept"}, body: "{}"}})
	}))
	leases, err := db.Receive(t.Context(), 1, time.Hour)
	require.NoError(t, err)
	require.Len(t, leases, 1)
}

func TestMoreThanAGroup(t *testing.T) {
	db := openHeard(t, t.TempDir())
	release := holdUp(t, db)
	const n = 2*maxGroup + 1
	errs := make(chan error, n)
	for range n {
		go func() { errs <- db.Put(context.Background(), queue.NewFanOut("project", "topic", smn.NewID(), 0)) }()
	}
	waitFor(db, n)
	release()
	for range n {
		require.NoError(t, <-errs)
	}
	var leases []queue.Lease
	for len(leases) < n { // more than wait in memory
		more, err := db.Receive(t.Context(), n+1, time.Hour)
		require.NoError(t, err)
		leases = append(leases, more...)
	}
	require.Len(t, leases, n)
	require.NoError(t, db.Ack(t.Context(), leases...)) // more than ride along at once
	require.NoError(t, db.Close())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := openHeard(t, db.dir).Receive(ctx, 1, time.Hour)
	require.ErrorIs(t, err, context.Canceled)
}

func TestClockSetBackHidesNoTask(t *testing.T) {
	var back atomic.Int64
	db, err := Open(t.Context(), Config{Dir: t.TempDir(), Now: func() time.Time {
		return time.Now().Add(-time.Duration(back.Load()))
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Put(t.Context(), queue.NewFanOut("project", "topic", "message", 0)))
	back.Store(int64(time.Hour))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	leases, err := db.Receive(ctx, 1, time.Minute)
	require.NoError(t, err)
	require.NoError(t, db.Release(ctx, leases[0], 0))
	_, err = db.Receive(ctx, 1, time.Minute)
	require.NoError(t, err)
}

func TestAcksReachTheDiskByThemselves(t *testing.T) {
	db := openHeard(t, t.TempDir())
	require.NoError(t, db.Put(t.Context(), queue.NewFanOut("project", "topic", "message", 0)))
	leases, err := db.Receive(t.Context(), 1, time.Hour)
	require.NoError(t, err)
	require.NoError(t, db.Ack(t.Context(), leases...))
	require.Eventually(t, func() bool {
		tasks := -1
		err := db.read(t.Context(), func(s *session) error {
			_, err := s.get(`SELECT count(*) FROM task`, nil, &tasks)
			return err
		})
		return err == nil && tasks == 0
	}, 10*time.Second, time.Millisecond)
}

func TestCloseWaitsForWhatIsQueued(t *testing.T) {
	db := openHeard(t, t.TempDir())
	require.NoError(t, db.Put(t.Context(), queue.NewFanOut("project", "topic", "acked", 0)))
	leases, err := db.Receive(t.Context(), 1, time.Hour)
	require.NoError(t, err)

	release := holdUp(t, db)
	m := newMessage()
	queued, closed := make(chan error), make(chan error)
	go func() { queued <- db.PutMessage(context.Background(), m, fanOut(m)) }()
	waitFor(db, 1)
	receiving := make(chan error)
	go func() {
		_, err := db.Receive(context.Background(), 1, time.Hour)
		receiving <- err
	}()
	require.NoError(t, db.Ack(t.Context(), leases...))
	go func() { closed <- db.Close() }()
	<-db.closing
	release()
	require.NoError(t, <-queued)
	require.NoError(t, <-closed)

	if err := <-receiving; err != nil { // else it got the message's task before the end
		require.ErrorIs(t, err, ErrClosed)
	}
	require.ErrorIs(t, db.PutMessage(t.Context(), m, fanOut(m)), ErrClosed)
	require.ErrorIs(t, db.Ping(t.Context()), ErrClosed)
	_, err = db.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, ErrClosed)
	_, err = db.Receive(t.Context(), 1, time.Hour)
	require.ErrorIs(t, err, ErrClosed)

	db = openHeard(t, db.dir)
	left, err := db.Receive(t.Context(), 10, time.Hour)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, fanOut(m).ID, left[0].ID)
}
