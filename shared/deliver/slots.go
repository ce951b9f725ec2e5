package deliver

import (
	"context"
	"time"
)

// slots bounds the attempts that are under way at once. Those who wait are served
// in the order in which they came.
type slots chan struct{}

func newSlots(n int) slots { return make(slots, n) }

// acquire takes a slot, waiting for one at most so long; with no patience it
// takes only what is free. It reports whether the caller now has one.
func (s slots) acquire(ctx context.Context, patience time.Duration) bool {
	select {
	case s <- struct{}{}:
		return true
	default:
	}
	if patience <= 0 {
		return false
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s <- struct{}{}:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return false
	}
}

func (s slots) release() { <-s }
