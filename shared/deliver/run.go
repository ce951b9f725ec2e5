package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tocsin/shared/queue"
)

const (
	receiveBatch = 32 // tasks asked for at once
	ackBatch     = 256

	firstPause = 100 * time.Millisecond // after a failure of the queue, doubled by each further one
	lastPause  = 5 * time.Second

	ackTries   = 3
	ackTimeout = 10 * time.Second
)

// Run does the tasks of q until ctx ends, as many at once as there are slots.
// Then it takes no more, finishes those in hand, acknowledges them and returns
// nil; attempts are bounded, so that takes seconds. A failing queue is asked again
// after a pause that grows to five seconds.
func (w *Worker) Run(ctx context.Context, q queue.Queue) error {
	// Tasks in hand, and the acknowledging of what is done, outlive ctx.
	work := context.WithoutCancel(ctx)
	done := make(chan queue.Lease, ackBatch)
	var tasks, acks sync.WaitGroup
	acks.Go(func() { w.acknowledge(work, q, done) })

	places := newSlots(cap(w.slots)) // a task that hangs should not cost more than its slot
	var pause time.Duration
	for ctx.Err() == nil {
		free := takePlaces(ctx, places)
		if free == 0 {
			break
		}
		leases, err := q.Receive(ctx, free, Lease)
		for range free - len(leases) {
			places.release()
		}
		for _, lease := range leases {
			tasks.Go(func() {
				defer places.release()
				if w.do(work, q, lease) {
					done <- lease
				}
			})
		}
		if len(leases) > 0 {
			pause = 0
			continue
		}
		if ctx.Err() != nil {
			break
		}
		pause = min(max(2*pause, firstPause), lastPause)
		if err != nil {
			w.log.LogAttrs(ctx, slog.LevelError, "receive tasks",
				slog.String("error", err.Error()), slog.Duration("pause", pause))
		}
		sleep(ctx, pause)
	}
	tasks.Wait()
	close(done)
	acks.Wait()
	return nil
}

// takePlaces waits for a free place and takes up to receiveBatch of them. It
// takes none when ctx ends.
func takePlaces(ctx context.Context, places slots) int {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	n := 1
	for n < receiveBatch && places.acquire(ctx, 0) {
		n++
	}
	return n
}

// do does one task and reports whether to acknowledge it; if not, it has given it
// back.
func (w *Worker) do(ctx context.Context, q queue.Queue, lease queue.Lease) bool {
	ctx, cancel := context.WithTimeout(ctx, Lease) // after that it is someone else's
	defer cancel()
	again, err := w.Handle(ctx, lease.Task)
	if err == nil && again <= 0 {
		return true
	}
	if err != nil {
		again = min(time.Second<<min(max(lease.Received-1, 0), 5), 30*time.Second)
		w.log.LogAttrs(ctx, slog.LevelError, "task failed",
			slog.String("task_id", lease.ID), slog.Int("received", lease.Received),
			slog.String("error", err.Error()), slog.Duration("again_after", again))
	}
	// Releasing is a courtesy: if it fails, the lease ends by itself.
	if err := q.Release(context.WithoutCancel(ctx), lease, again); err != nil {
		w.log.LogAttrs(ctx, slog.LevelWarn, "release task",
			slog.String("task_id", lease.ID), slog.String("error", err.Error()))
	}
	return false
}

// acknowledge removes done tasks, as many at once as have gathered while it was
// busy, until the channel is closed.
func (w *Worker) acknowledge(ctx context.Context, q queue.Queue, done <-chan queue.Lease) {
	batch := make([]queue.Lease, 0, ackBatch)
	for lease := range done {
		batch = append(batch[:0], lease)
		for len(batch) < ackBatch && len(done) > 0 { // the only receiver: what is there stays there
			batch = append(batch, <-done)
		}
		w.ack(ctx, q, batch)
	}
}

// ack tries a few times, because a task that stays in the queue repeats its
// deliveries.
func (w *Worker) ack(ctx context.Context, q queue.Queue, leases []queue.Lease) {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	pause := firstPause
	for try := 1; ; try++ {
		err := q.Ack(ctx, leases...)
		if err == nil {
			return
		}
		if try == ackTries {
			w.log.LogAttrs(ctx, slog.LevelError, "acknowledge tasks: they will be repeated",
				slog.Int("tasks", len(leases)), slog.String("error", err.Error()))
			return
		}
		sleep(ctx, pause)
		pause *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
