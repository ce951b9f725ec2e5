package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tocsin/shared/queue"
)

const (
	receiveBatch = 16 // tasks asked for at once
	ackBatch     = 256

	firstPause = 100 * time.Millisecond // after a failure of the queue, doubled by each further one
	lastPause  = 5 * time.Second

	ackTries   = 3
	ackTimeout = 10 * time.Second
)

// tasksAtOnce is how many tasks are being begun at once: enough to keep the lanes
// full, few enough that a task of another topic does not wait behind many of one.
// Tasks that only wait for endpoints do not count.
const tasksAtOnce = 32

// Run does the tasks of q until ctx ends, many at once.
// Then it takes no more, finishes those in hand, acknowledges them and returns
// nil; attempts are bounded, so that takes seconds. No attempt begins after ctx's
// deadline, if it has one: what is in hand then is put off. A failing queue is asked again
// after a pause that grows to five seconds. A worker has one Run at a time.
func (w *Worker) Run(ctx context.Context, q queue.Queue) error {
	// Tasks in hand, and the acknowledging of what is done, outlive ctx.
	work := context.WithoutCancel(ctx)
	done := make(chan queue.Lease, ackBatch)
	var tasks, acks sync.WaitGroup
	acks.Go(func() { w.acknowledge(work, q, done) })

	places := make(chan struct{}, tasksAtOnce)
	var pause time.Duration
	for ctx.Err() == nil {
		free := takePlaces(ctx, places)
		if free == 0 {
			break
		}
		leases, err := q.Receive(ctx, free, Lease)
		for range free - len(leases) {
			<-places
		}
		for _, lease := range leases {
			tasks.Go(func() {
				begun := sync.OnceFunc(func() { <-places })
				if w.do(work, q, lease, begun) {
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
	_, atOnce := ctx.Deadline()
	w.lanes.close(atOnce)
	tasks.Wait()
	w.lanes.wakers.Wait()
	w.lanes.open()
	close(done)
	acks.Wait()
	return nil
}

// takePlaces waits for a free place and takes up to receiveBatch of them. It
// takes none when ctx ends.
func takePlaces(ctx context.Context, places chan<- struct{}) int {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; n < receiveBatch; n++ {
		select {
		case places <- struct{}{}:
		default:
			return n
		}
	}
	return receiveBatch
}

// do does one task and reports whether to acknowledge it; if not, it has given it
// back.
//
// A task needs no deadline: attempts have their own, and are over well before Lease.
func (w *Worker) do(ctx context.Context, q queue.Queue, lease queue.Lease, begun func()) bool {
	again, err := w.handle(ctx, lease.Task, begun)
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
	if err := q.Release(ctx, lease, again); err != nil {
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
