package embedded

import (
	"sync/atomic"
	"time"
)

// clock is what tasks go by. It follows the clock on the wall, but never goes back
// and never stands still: when somebody sets that one back, it goes on by the time
// that passes.
type clock struct {
	wall  func() time.Time
	began time.Time    // tells the time that has passed, whatever becomes of the wall's
	base  atomic.Int64 // this clock when it began, in microseconds
}

func newClock(wall func() time.Time) *clock {
	c := &clock{wall: wall, began: time.Now()}
	c.base.Store(micros(wall()))
	return c
}

// passed is the time since the beginning, in microseconds. Leases go by it.
func (c *clock) passed() int64 { return time.Since(c.began).Microseconds() }

// now is the time for tasks.
func (c *clock) now() time.Time {
	now, _ := c.read()
	return timeOf(now)
}

// read gives the time for tasks and how far it is ahead of the wall, in
// microseconds: by so much is put off what shall be due by the wall.
func (c *clock) read() (now, ahead int64) {
	passed, wall := c.passed(), micros(c.wall())
	base := c.base.Load()
	for base < wall-passed && !c.base.CompareAndSwap(base, wall-passed) {
		base = c.base.Load()
	}
	now = max(base, wall-passed) + passed
	return now, now - wall
}
