package carrier

import (
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// maxWait is how long anything waits at most before it asks again, so that what was
	// put off by one instance comes to another in time.
	maxWait = 10 * time.Minute

	// firstPause follows when the service throttles, and doubles up to lastPause as long
	// as it goes on doing so.
	firstPause = time.Second
	lastPause  = maxWait
)

// pace says when a message may be handed over: as many a second as there may be, of
// which those of one second may be at once. Whoever has to wait is told when to ask
// again, each a little later than the one before; nobody waits here. A turn is not
// kept for anyone, since it may be another instance that is asked.
type pace struct {
	every time.Duration // between two messages; 0 for no bound
	burst time.Duration // by how much a message may be too early

	mu     sync.Mutex
	ready  time.Time     // when the next is not too early
	last   time.Time     // when the last of those who wait is to ask again
	paused time.Time     // nothing goes before
	pause  time.Duration // the last one; 0 once the service takes messages again
}

func newPace(rate float64) pace {
	if rate == 0 {
		return pace{}
	}
	every := time.Duration(min(float64(time.Second)/rate, float64(maxWait)))
	return pace{every: every, burst: max(time.Second-every, 0)}
}

// take takes a turn and answers 0, or takes none and answers how long to wait before
// asking again.
func (p *pace) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.paused) || p.ready.Sub(now) > p.burst {
		return p.wait(now)
	}
	p.ready = later(p.ready, now).Add(p.every)
	return 0
}

// wait tells somebody when to ask again. The caller holds mu.
func (p *pace) wait(now time.Time) time.Duration {
	at := later(later(p.last, now), p.paused).Add(p.every)
	if p.every == 0 {
		at = at.Add(rand.N(p.pause + 1)) // so that not all that waits returns at once
	} else if at.Sub(now) <= maxWait {
		p.last = at
	}
	if wait := at.Sub(now); wait <= maxWait {
		return wait
	}
	return maxWait/2 + rand.N(maxWait/2)
}

// throttled says that the service has taken no message, for which somebody asked at
// began, and answers how long that one is to wait. Nothing is handed over for a while.
func (p *pace) throttled(began, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !began.Before(p.paused) { // or it was under way when others were throttled
		p.pause = min(max(2*p.pause, firstPause), lastPause)
		p.paused = now.Add(p.pause)
		p.ready = later(p.ready, p.paused.Add(p.burst)) // then one by one
	}
	return p.wait(now)
}

// taken says that the service has taken a message for which somebody asked at began.
func (p *pace) taken(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !began.Before(p.paused) {
		p.pause = 0
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
