package deliver

import (
	"context"
	"encoding/binary"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// What finds no place in a chunk is put off. A few have a row and a task each, like
// other failures. Many are one task that names their places, for another round: where
// half of the endpoints hang, rows for each message and endpoint would cost the others
// more than the deliveries do.
const (
	few = 8

	// roundStep sets the rounds of a chunk apart in the keys of chunks, of which a topic
	// has fewer.
	roundStep = 1 << 20
)

// rest is a delivery of a chunk that was put off.
type rest struct {
	s      *store.Subscription
	until  time.Time // while its endpoint is parked; zero if it has just its hands full
	reason string    // why it is parked
}

func (r *rest) target() target { return targetOf(r.s.Protocol, r.s.Endpoint) }

func (c *chunk) putOff(r rest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest = append(c.rest, r)
}

// placesOf are the places that a task names; nil if it means all.
func placesOf(f queue.FanOut) *store.Places {
	if f.Round == 0 {
		return nil
	}
	var places store.Places
	_, _ = binary.Decode(f.Places, binary.LittleEndian, &places) // what is not there names none
	return &places
}

// nextRound keeps what was put off: few as failures, many as a task. What cannot wait
// that long is dead.
func (c *chunk) nextRound() []queue.Task {
	m := c.message
	due := c.w.now().Add(postponement(c.task.Round))
	if len(c.rest) <= few || m.expired(due) {
		for _, r := range c.rest {
			if r.until.IsZero() {
				c.fail(c.w.postpone(m, c.first(r.s), c.w.lanes.toAwait(r.target())))
			} else {
				c.fail(c.w.park(m, c.first(r.s), r.s, r.until, r.reason))
			}
		}
		return nil
	}
	var places store.Places
	var targets []target
	parked, earliest := 0, due
	for _, r := range c.rest {
		places.Add(r.s.Seq)
		if r.until.IsZero() {
			targets = append(targets, r.target())
			continue
		}
		parked++
		if parked == 1 || r.until.Before(earliest) {
			earliest = r.until
		}
	}
	if parked < len(c.rest) {
		c.awaited = c.w.lanes.toAwait(targets...) // stands for all
	} else {
		c.awaited = awaited{c.rest[0].target(), true}
		if earliest.After(due) && !m.expired(earliest) {
			due = earliest
		}
	}
	c.tally.Waiting = len(c.rest)
	next := queue.FanOut{MessageID: m.ID, Chunk: c.task.Chunk, Round: c.task.Round + 1}
	next.Places, _ = binary.Append(nil, binary.LittleEndian, places) // of fixed size: it cannot fail
	task := queue.NewRound(m.Project, m.TopicID, next, due)
	task.WaitsFor = c.awaited.key()
	return []queue.Task{task}
}

// stillMeant says whether a subscription is one of those that were put off, and still
// is to get the message. What has changed since then ends its delivery.
func (c *chunk) stillMeant(ctx context.Context, s *store.Subscription, first queue.Retry) bool {
	if !c.only.Has(s.Seq) {
		return false
	}
	c.found++
	switch {
	case !s.Status.Receives():
		c.fail(c.w.drop(ctx, c.message, first, reasonUnsubscribed))
	case !s.Wants(&c.message.Message):
		c.fail(c.w.drop(ctx, c.message, first, reasonFiltered))
	default:
		return true
	}
	return false
}

// settleRound makes the tally of a later round what it changes in the first one's: they
// were counted there. What is gone by now was to receive the message no more.
func (c *chunk) settleRound() {
	if c.only == nil {
		return
	}
	c.tally.Matched = c.found - c.only.Len()
	c.tally.Waiting -= c.only.Len()
}
