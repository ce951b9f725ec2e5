package main

import (
	"context"
	"log/slog"
	"time"
)

// How often rounds of purging begin: soon again while there is something to remove,
// and ever later while there is nothing. The first waits until the clock of a
// machine that has just started has been set.
const (
	purgeSoon   = 10 * time.Second
	purgeFirst  = time.Minute
	purgeSeldom = 10 * time.Minute
)

// A clock that runs away from the time that passes by more than clockJump, in
// either direction, is not believed for as long as clockDoubt, unless it comes back.
const (
	clockJump  = 24 * time.Hour
	clockDoubt = 24 * time.Hour
)

// purger removes what is old.
type purger struct {
	store     purgeable
	retention time.Duration
	now       func() time.Time // the clock on the wall
	log       *slog.Logger
}

type purgeable interface {
	Purge(ctx context.Context, before time.Time) (removed int, err error)
}

// run begins rounds until ctx ends. A round works in small steps and does not
// harm those who publish.
func (p *purger) run(ctx context.Context) {
	clock := newClockWatch(p.now)
	for wait := purgeFirst; sleep(ctx, wait); {
		jump, believed := clock.look()
		if jump != 0 {
			p.log.LogAttrs(ctx, slog.LevelWarn, "the clock has jumped: unless it comes back, nothing is purged for a day",
				slog.String("by", jump.String()))
		}
		if believed && p.round(ctx) > 0 {
			wait = purgeSoon
		} else {
			wait = min(2*wait, purgeSeldom)
		}
	}
}

// round removes what is old now and tells how much that was.
func (p *purger) round(ctx context.Context) int {
	removed, err := p.store.Purge(ctx, p.now().Add(-p.retention))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.log.LogAttrs(ctx, slog.LevelError, "purge", slog.String("error", err.Error()))
	case removed > 0:
		p.log.LogAttrs(ctx, slog.LevelInfo, "purge", slog.Int("removed", removed))
	}
	return removed
}

// sleep waits, and tells whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// clockWatch compares the clock on the wall with the time that passes.
type clockWatch struct {
	now     func() time.Time
	wall    time.Time // both clocks at the beginning
	passing time.Time
	trusted time.Duration // how far the wall was ahead when it was believed last
	doubted time.Duration // the same, for the one that is not believed
	since   time.Time     // when the doubt began; zero for none
}

func newClockWatch(now func() time.Time) *clockWatch {
	return &clockWatch{now: now, wall: now().Round(0), passing: time.Now()}
}

// look tells whether the clock is believed, and by how much it has jumped since
// the last look; 0 for not at all.
func (c *clockWatch) look() (jump time.Duration, believed bool) {
	ahead := c.now().Round(0).Sub(c.wall) - time.Since(c.passing)
	switch jump = ahead - c.trusted; {
	case jump.Abs() <= clockJump:
	case c.since.IsZero() || (ahead-c.doubted).Abs() > clockJump:
		c.doubted, c.since = ahead, time.Now()
		return jump, false
	case time.Since(c.since) < clockDoubt:
		return 0, false
	}
	c.trusted, c.since = ahead, time.Time{}
	return 0, true
}
