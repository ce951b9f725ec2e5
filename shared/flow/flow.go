// Package flow bounds how many messages a recipient gets. It is a guard against
// abuse, so it counts by the person behind an endpoint, whatever topics and
// projects the messages come from. Here is the arithmetic and who counts as whom;
// a store keeps what was counted.
package flow

import (
	"slices"
	"time"
)

// Window bounds the messages of a while. It is fixed, not sliding: it opens with
// the first message that it counts, ends a Length later, and the next message
// opens another. So never more than two times Limit go in any Length.
type Window struct {
	Limit  int           // messages; at least 1
	Length time.Duration // of the while
	Block  time.Duration // once Limit is reached nothing more goes for so long, and at least until the window ends
}

// Count is what one window has counted. The zero value is nothing.
type Count struct {
	N     int
	Until time.Time // when it ends and counts from nothing again
}

// Limit is what bounds the messages to one recipient. The zero value bounds
// nothing, and nothing is counted for it.
type Limit struct {
	Key     string // of the recipient and of what is counted: 32 hex characters
	Windows []Window
}

// Take counts a message in each window, unless one of them is full: then it counts
// it in none and says when none of them will be full any more. What was counted so
// far stands in counts, in the order of the windows; what is missing there is
// nothing. A clock that is set back opens nothing early: until is never before the
// time that was told first.
func Take(windows []Window, counts []Count, now time.Time) (after []Count, until time.Time) {
	after = make([]Count, len(windows))
	for i, w := range windows {
		if i < len(counts) && now.Before(counts[i].Until) {
			after[i] = counts[i]
		} else {
			after[i] = Count{Until: now.Add(w.Length)}
		}
		if after[i].N >= w.Limit && after[i].Until.After(until) {
			until = after[i].Until
		}
	}
	if !until.IsZero() {
		return nil, until
	}
	for i, w := range windows {
		c := &after[i]
		if c.N++; c.N >= w.Limit {
			if blocked := now.Add(w.Block); blocked.After(c.Until) {
				c.Until = blocked
			}
		}
	}
	return after, time.Time{}
}

// GiveBack takes a message out of what was counted so far, because it was not sent
// after all. What a full window has closed stays closed for others as long as it was
// told.
func GiveBack(counts []Count, now time.Time) (after []Count) {
	after = slices.Clone(counts)
	for i := range after {
		if c := &after[i]; c.N > 0 && now.Before(c.Until) {
			c.N--
		}
	}
	return after
}
