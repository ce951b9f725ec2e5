package embedded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"tocsin/shared/store"
)

const (
	maxGroup  = 512                   // operations of one transaction
	maxAcks   = 1024                  // acknowledgements that ride along
	rideDelay = 20 * time.Millisecond // how long they, and writes that nobody hurries, wait for a ride
)

// tx is the transaction that an operation runs in. Only the committer's
// goroutine touches it.
type tx struct {
	*session
	now   int64 // microseconds; when the transaction began, and never before an earlier one
	ready bool  // a task written here is due now and is not among the fresh
	later int64 // when the first of those is due that are not; 0 for none
	fresh []fresh
	tasks int // written less removed

	touched  []string        // ids of topics that this transaction has changed, with their subscriptions
	messages []store.Message // published, with tasks among the fresh
	gone     []string        // ids of messages that were purged

	moments map[topicMoment]struct{} // that are written

	turn struct{ project, topic string } // the topic whose tasks were claimed last, by turns
}

// wakeAt remembers that a task written in this transaction is due then.
func (tx *tx) wakeAt(due int64) {
	switch {
	case due <= tx.now:
		tx.ready = true
	case tx.later == 0 || due < tx.later:
		tx.later = due
	}
}

// operation is a piece of a transaction and who waits for it.
type operation struct {
	ctx  context.Context
	run  func(*tx) error
	err  error
	done chan struct{} // holds one
	lone bool          // nobody waits for it
}

var operations = sync.Pool{New: func() any { return &operation{done: make(chan struct{}, 1)} }}

// committer owns the one writing connection. Its goroutine takes the operations
// that are waiting into one transaction. It never waits for more of them: the
// fsync is the time in which the next group gathers.
type committer struct {
	tx    tx
	clock func() time.Time
	after func(*tx) // called after each commit, before it is answered

	mu        sync.Mutex
	waiting   []*operation
	acks      []receipt
	closed    bool
	rides     bool // rideTimer is set
	rideTimer *time.Timer

	wake    chan struct{} // holds one
	stopped chan struct{}

	group  []*operation // the goroutine's own
	riding []receipt
}

func startCommitter(s *session, clock func() time.Time, after func(*tx)) *committer {
	c := &committer{
		tx:      tx{session: s, moments: make(map[topicMoment]struct{})},
		clock:   clock,
		after:   after,
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	c.rideTimer = time.AfterFunc(time.Hour, c.signal)
	c.rideTimer.Stop()
	go c.loop()
	return c
}

// write runs an operation in a transaction and returns when it is durable.
//
// The operation may run twice, so it sets its results afresh each time. It
// returns an error of the store's port before it writes anything; with any other
// error nothing of it is kept. When ctx ends before the operation has begun, it
// is dropped; later its result counts.
func (db *DB) write(ctx context.Context, run func(*tx) error) error {
	return db.written(db.committer.do(ctx, run, false))
}

// writeUnhurried does the same for what nobody waits for but a worker: it goes with
// the next group, or in a group of its own after rideDelay.
func (db *DB) writeUnhurried(ctx context.Context, run func(*tx) error) error {
	return db.written(db.committer.do(ctx, run, true))
}

// writeLater does the same without waiting. If the write fails nobody is told.
func (db *DB) writeLater(run func(*tx) error) error {
	return db.committer.add(&operation{ctx: context.Background(), run: run, lone: true}, true)
}

func (c *committer) do(ctx context.Context, run func(*tx) error, unhurried bool) error {
	op := operations.Get().(*operation)
	op.ctx, op.run, op.err = ctx, run, nil
	err := c.add(op, unhurried)
	if err == nil {
		<-op.done
		err = op.err
	}
	op.ctx, op.run, op.err = nil, nil, nil
	operations.Put(op)
	return err
}

func (c *committer) add(op *operation, unhurried bool) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	c.waiting = append(c.waiting, op)
	if unhurried && len(c.waiting) < maxGroup {
		c.ride()
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()
	c.signal()
	return nil
}

// ack removes tasks without anybody waiting for it: with the next group, or in a
// group of its own after rideDelay. Every later operation sees them removed.
func (c *committer) ack(done ...receipt) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.ride()
	if c.acks = append(c.acks, done...); len(c.acks) >= maxAcks {
		c.signal()
	}
	return nil
}

// ride makes sure that what waits is not left behind when no group comes by. The
// caller holds mu.
func (c *committer) ride() {
	if !c.rides {
		c.rides = true
		c.rideTimer.Reset(rideDelay)
	}
}

// stop runs all that is waiting and ends the goroutine.
func (c *committer) stop() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.signal()
	<-c.stopped
	c.rideTimer.Stop()
}

func (c *committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *committer) loop() {
	defer close(c.stopped)
	for range c.wake {
		for {
			c.gather()
			more, closed := c.take()
			c.commit()
			if more {
				continue
			}
			if closed {
				return
			}
			break
		}
	}
}

// gather lets whoever is ready to write join the group, as long as more come.
func (c *committer) gather() {
	for last, still := -1, 0; still < 4; still++ {
		runtime.Gosched()
		if n := c.size(); n != last {
			last, still = n, 0
		}
	}
}

func (c *committer) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// take moves what is waiting into the next group. It tells whether some had to
// stay behind and whether no more will come.
func (c *committer) take() (more, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.group, c.waiting = fill(c.group, c.waiting, maxGroup)
	c.riding, c.acks = fill(c.riding, c.acks, maxAcks)
	c.rides = false
	return len(c.waiting) > 0 || len(c.acks) > 0, c.closed
}

// fill moves up to limit items from one slice to the emptied other.
func fill[T any](to, from []T, limit int) (filled, rest []T) {
	n := min(len(from), limit)
	to = append(to[:0], from[:n]...)
	rest = from[:copy(from, from[n:])]
	clear(from[len(rest):])
	return to, rest
}

// commit runs the group in one transaction and answers it. A group that fails is
// undone and its members run alone, so that the one that is to blame fails alone.
func (c *committer) commit() {
	live := c.group[:0]
	for _, op := range c.group {
		if op.err = op.ctx.Err(); op.err != nil {
			op.answer()
			continue
		}
		live = append(live, op)
	}
	c.group = live

	switch err := c.transaction(c.group, c.riding); {
	case err == nil:
	case len(c.group) == 1 && len(c.riding) == 0:
		c.group[0].err = err
	default:
		// What cannot be acknowledged is done again after its lease: that is allowed.
		_ = c.transaction(nil, c.riding)
		for i, op := range c.group {
			if err := c.transaction(c.group[i:i+1], nil); err != nil {
				op.err = err
			}
		}
	}
	for _, op := range c.group {
		op.answer()
	}
	clear(c.group)
}

func (op *operation) answer() {
	if !op.lone {
		op.done <- struct{}{}
	}
}

// transaction runs operations and acknowledgements as one. Operations that end
// with an error of the port have written nothing and do not count as failures.
func (c *committer) transaction(group []*operation, acks []receipt) (err error) {
	if len(group) == 0 && len(acks) == 0 {
		return nil
	}
	c.tx.now, c.tx.ready, c.tx.later = max(c.tx.now, micros(c.clock())), false, 0
	clear(c.tx.fresh)
	clear(c.tx.messages)
	c.tx.fresh, c.tx.tasks, c.tx.touched, c.tx.messages, c.tx.gone = c.tx.fresh[:0], 0, c.tx.touched[:0], c.tx.messages[:0], nil
	if _, err := c.tx.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// SQLite has rolled back by itself after some errors; then this one fails.
			_, _ = c.tx.exec(`ROLLBACK`)
			clear(c.tx.moments)
		}
	}()
	for _, a := range acks {
		if err := c.tx.removeTask(a); err != nil {
			return err
		}
	}
	for _, op := range group {
		if op.err = protect(op.run, &c.tx); op.err != nil && !fromPort(op.err) {
			return op.err
		}
	}
	if _, err := c.tx.exec(`COMMIT`); err != nil {
		return err
	}
	c.after(&c.tx)
	return nil
}

// protect keeps an operation that panics from ending all others.
func protect(run func(*tx) error, tx *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of %T in a write\n%s", p, debug.Stack()) // its text may hold anything
		}
	}()
	return run(tx)
}

func fromPort(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrLimit) || errors.Is(err, store.ErrConflict)
}
