package embedded

import (
	"sync"
	"time"

	"tocsin/shared/queue"
)

// How many tasks wait in memory. What comes beyond is read back from the store.
const (
	maxReady      = 4096 // in all
	maxReadyTopic = 1024 // of one topic, so that a burst there leaves room for others
)

// fresh is a task that was written a moment ago and is due: it goes to receivers
// from memory. Its row is leased from the beginning, so that nobody claims it.
type fresh struct {
	receipt
	queue.Task
	put int64 // when, in microseconds
}

// ready holds the tasks that were written a moment ago, and the leases of all that
// are in someone's hands. Rows tell only that a task is leased, not until when:
// nobody has one in hand when the program starts.
type ready struct {
	handouts int64 // number of the last hand-out; the committer's own

	mu      sync.Mutex
	turns   queue.Turns[fresh]
	held    map[int64]hold // by seq
	oldest  int64          // no lease in held ends before, in microseconds
	longest int64          // since when the task has waited that was handed out last, or the first one that waits
}

type hold struct{ handout, until int64 } // until when in clock.passed

// room says whether one more task of a topic may wait. Only the committer adds, so
// what it is told stays true until then.
func (r *ready) room(project, topic string, more int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turns.Len()+more < maxReady && r.turns.LenOf(project, topic)+more < maxReadyTopic
}

func (r *ready) put(tasks []fresh) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turns.Len() == 0 && len(tasks) > 0 {
		r.longest = tasks[0].put
	}
	for _, t := range tasks {
		r.turns.Push(t.Project, t.Group, t)
	}
}

// since is about since when tasks wait in memory; 0 when none does.
func (r *ready) since() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turns.Len() == 0 {
		return 0
	}
	return r.longest
}

// take hands out up to limit tasks for a lease. It tells whether some are left.
func (r *ready) take(leases []queue.Lease, limit int, until int64) (_ []queue.Lease, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(leases) < limit {
		t, ok := r.turns.Pop()
		if !ok {
			break
		}
		r.longest = t.put
		r.hold(t.receipt, until)
		leases = append(leases, queue.Lease{Task: t.Task, Receipt: t.receipt.String(), Received: 1})
	}
	return leases, r.turns.Len() > 0
}

// hold notes a hand-out. The caller holds mu.
func (r *ready) hold(t receipt, until int64) {
	if r.held == nil {
		r.held = make(map[int64]hold)
	}
	r.held[t.seq] = hold{t.handout, until}
	if len(r.held) == 1 || until < r.oldest {
		r.oldest = until
	}
}

func (r *ready) holdAll(claims []claimed, until int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range claims {
		r.hold(c.receipt, until)
	}
}

// drop ends a hand-out. It tells whether it was still one.
func (r *ready) drop(t receipt) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[t.seq].handout != t.handout {
		return false
	}
	delete(r.held, t.seq)
	return true
}

// ended takes out the hand-outs whose lease has ended. next is when to ask again,
// in microseconds; 0 when nothing is handed out.
func (r *ready) ended(now int64) (over []receipt, next int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) == 0 {
		return nil, 0
	}
	if r.oldest > now {
		return nil, r.oldest
	}
	for seq, h := range r.held {
		switch {
		case h.until <= now:
			over = append(over, receipt{seq, h.handout})
			delete(r.held, seq)
		case next == 0 || h.until < next:
			next = h.until
		}
	}
	r.oldest = next
	return over, next
}

// until is when a lease ends that begins now, in microseconds of the time that
// passes: setting the clock neither shortens nor lengthens it.
func (db *DB) until(lease time.Duration) int64 { return db.clock.passed() + lease.Microseconds() }

// again gives back hand-outs that could not be ended, to be looked at soon.
func (r *ready) again(over []receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range over {
		r.hold(t, 0)
	}
}
