package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// chunkPatience is how long the attempts of a chunk wait to begin, all in all. With
// their own few seconds it must stay well below Lease.
const chunkPatience = 15 * time.Second

// chunk is a chunk of a message that is being delivered.
type chunk struct {
	ctx     context.Context // of its attempts
	w       *Worker
	message *message
	task    queue.FanOut
	key     store.ChunkKey
	only    *store.Places // those that were put off; nil in the first round, when all are meant
	found   int           // subscriptions of only that are there
	tally   store.Tally

	unbegun atomic.Int32  // attempts that may begin soon, and one until all are made
	allSet  chan struct{} // closed when there are none any more
	left    atomic.Int32  // attempts that are not over, and one until all are made
	done    chan struct{} // closed when there are none any more

	before   store.Places // delivered by whoever had the chunk before
	attempts []*firstAttempt

	mu     sync.Mutex
	sent   store.Places
	saved  int // places of sent that the store knows of
	failed []setback
	rest   []rest

	awaited awaited // by another round

	began time.Time
	until time.Time // end of the lease
	saves int       // by progress, which alone counts them
}

func newChunk(w *Worker, m *message, task queue.FanOut, key store.ChunkKey, claim store.Claim) *chunk {
	return &chunk{
		w: w, message: m, task: task, key: key, only: placesOf(task), before: claim.Sent, sent: claim.Sent, saved: claim.Sent.Len(),
		began: time.Now(), until: claim.Until, allSet: make(chan struct{}), done: make(chan struct{}),
	}
}

// errLate says that a chunk took longer than its lease.
var errLate = errors.New("the lease is over")

// deliver sends to the subscriptions of a chunk and keeps what came of it. Once the
// lease is over that is somebody else's, who may have got on further: then it is done
// again, but for what was delivered.
func (c *chunk) deliver(ctx context.Context, subs []store.Subscription, begun func()) error {
	c.w.progress.add(c)
	defer c.w.progress.remove(c)
	if err := c.send(ctx, subs, begun); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if c.w.now().After(c.until) {
		return errLate
	}
	failures, retries := c.setbacks()
	c.settleRound()
	if err := c.w.store.FinishChunk(ctx, c.key, c.tally, failures, retries...); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	c.w.lanes.putOff(c.awaited)
	for i := range c.failed {
		c.w.written(&c.failed[i])
	}
	return nil
}

// send makes the first attempt at each subscription that receives and that the
// message's attributes select, side by side, unless it has succeeded before. It
// returns when all are over; begun is called when all that can begin soon has begun.
func (c *chunk) send(ctx context.Context, subs []store.Subscription, begun func()) error {
	c.ctx = ctx
	c.unbegun.Store(1)
	c.left.Store(1)
	err := c.w.ward.admit(ctx, c.message.Project, c.message.TopicID, c.task.Chunk)
	for i := range subs {
		if err != nil || ctx.Err() != nil {
			break
		}
		err = c.enter(ctx, &subs[i])
	}
	c.oneBegun()
	c.oneOver()
	c.await(ctx, begun)
	if err == nil {
		err = ctx.Err()
	}
	if len(c.rest) > 0 {
		c.w.log.LogAttrs(ctx, slog.LevelWarn, "attempts put off, no place for them",
			slog.String("message_id", c.message.ID), slog.Int("attempts", len(c.rest)))
	}
	return err
}

// enter sees to one subscription.
func (c *chunk) enter(ctx context.Context, s *store.Subscription) error {
	m := c.message
	first := c.first(s)
	if c.only != nil && !c.stillMeant(ctx, s, first) {
		return nil
	}
	switch {
	case !s.Status.Receives():
		return nil
	case !s.Wants(&m.Message):
		c.tally.Filtered++
		return nil
	}
	c.tally.Matched++
	switch {
	case c.before.Has(s.Seq):
		return nil
	case m.expired(c.w.now()):
		c.fail(c.w.ended(m, first, reasonExpired))
		return nil
	case isPersonal(s.Protocol):
		c.fail(c.w.pending(m, first))
		return nil
	}
	if until, reason := c.w.ward.parked(s.SubscriptionKey); !until.IsZero() {
		c.putOff(rest{s, until, reason})
		return nil
	}
	common, err := c.w.common(m, s)
	if err != nil {
		return err
	}
	c.unbegun.Add(1)
	c.left.Add(1)
	f := &firstAttempt{chunk: c, s: s, common: common, named: c.w.named(m, s)}
	f.attempt = attempt{aim: aimOf(m.Project, m.TopicID, s.Protocol, s.Endpoint), job: f}
	if f.named != nil {
		d := f.delivery()
		f.prepare = c.w.preparation(&d, &f.state)
	}
	c.attempts = append(c.attempts, f)
	c.w.lanes.enter(&f.attempt)
	return nil
}

// await waits until all attempts are over. Those that have not begun within the
// patience of a chunk are given up.
func (c *chunk) await(ctx context.Context, begun func()) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.allSet:
	case <-timer.C:
	case <-ctx.Done():
	}
	begun()
	timer.Reset(max(chunkPatience-time.Since(c.began), 0))
	select {
	case <-c.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	for _, f := range c.attempts {
		f.refuse() // those that wait
	}
	<-c.done
}

// firstAttempt is the first attempt at one subscription of a chunk. Many of them wait:
// the delivery is made when its turn has come.
type firstAttempt struct {
	attempt
	chunk    *chunk
	s        *store.Subscription
	common   *Delivery
	named    *Named
	state    state
	hasBegun atomic.Bool
}

func (f *firstAttempt) delivery() Delivery { return f.chunk.w.notification(f.common, f.s, f.named) }

func (f *firstAttempt) begun() {
	if f.hasBegun.CompareAndSwap(false, true) {
		f.chunk.oneBegun()
	}
}

func (f *firstAttempt) run() condition {
	if !f.state.CompareAndSwap(waiting, running) {
		return untried
	}
	c := f.chunk
	defer c.oneOver()
	result, how := c.w.try(c.ctx, c.message, f.s, f.delivery(), c.first(f.s))
	if result != nil {
		c.fail(result)
		return how
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent.Add(f.s.Seq)
	return how
}

func (f *firstAttempt) refuse() {
	if !f.state.CompareAndSwap(waiting, over) {
		return
	}
	defer f.chunk.oneOver()
	f.chunk.putOff(rest{s: f.s})
}

// first names the first attempt at a subscription.
func (c *chunk) first(s *store.Subscription) queue.Retry {
	return queue.Retry{MessageID: c.message.ID, SubscriptionID: s.ID, Attempt: 1}
}

// fail keeps a delivery that has not succeeded.
func (c *chunk) fail(s *setback) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = append(c.failed, *s)
}

// setbacks are the failures and the tasks of what follows from them.
func (c *chunk) setbacks() (failures []store.Failure, retries []queue.Task) {
	retries = c.nextRound()
	for _, s := range c.failed {
		failures = append(failures, s.failure)
		retries = append(retries, s.retry...)
	}
	return failures, retries
}

func (c *chunk) oneBegun() {
	if c.unbegun.Add(-1) == 0 {
		close(c.allSet)
	}
}

func (c *chunk) oneOver() {
	if c.left.Add(-1) == 0 {
		close(c.done)
	}
}

// save lets the store know of the places that were delivered since it was told last,
// and says whether it knows of more now.
func (c *chunk) save(ctx context.Context) bool {
	c.mu.Lock()
	sent, n := c.sent, c.sent.Len()
	more := n > c.saved
	c.saved = n
	c.mu.Unlock()
	if !more {
		return false
	}
	if err := c.w.store.SaveChunk(ctx, c.key, sent); err != nil {
		c.mu.Lock()
		c.saved = 0 // nobody knows
		c.mu.Unlock()
		c.w.log.LogAttrs(ctx, slog.LevelError, "save progress of a chunk",
			slog.String("message_id", c.key.MessageID), slog.String("error", err.Error()))
		return false
	}
	return true
}
