package embedded

import (
	"sync"
	"time"
)

// alarm tells receivers that there may be tasks for them. A ring wakes one of
// them; if it finds more than it can carry it rings again for the next.
//
// For every task that is not due yet the alarm is set to its time or to an
// earlier one, unless it is blind: then a receiver that finds nothing more looks
// for the next task and sets it. So receivers need not look otherwise.
type alarm struct {
	rings chan struct{} // holds one
	now   func() time.Time

	mu    sync.Mutex
	timer *time.Timer
	at    int64 // when it is set to ring, in microseconds
	isSet bool
	blind bool // it has rung since someone looked
	off   bool
}

// Timers run by another clock than tasks: it stands still while a laptop sleeps,
// and nobody sets it. So the alarm looks again after a while.
const longestWait = time.Minute

func newAlarm(now func() time.Time) *alarm {
	a := &alarm{rings: make(chan struct{}, 1), now: now, blind: true}
	a.timer = time.AfterFunc(time.Hour, a.expired)
	a.timer.Stop()
	return a
}

func (a *alarm) ring() {
	select {
	case a.rings <- struct{}{}:
	default:
	}
}

// set makes it ring at that time. If that is past it rings now and is blind: the
// one who is told of this task knows nothing of those behind it.
func (a *alarm) set(at int64) {
	wait := at - micros(a.now())
	if wait <= 0 {
		a.lookAgain()
		a.ring()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.off || a.isSet && a.at <= at {
		return
	}
	a.at, a.isSet = at, true
	a.timer.Reset(time.Duration(min(wait, longestWait.Microseconds())) * time.Microsecond)
}

func (a *alarm) expired() {
	a.mu.Lock()
	a.isSet, a.blind = false, true
	a.mu.Unlock()
	a.ring()
}

// look tells whether it is blind. The caller then looks and sets it, or gives
// the task back with lookAgain.
func (a *alarm) look() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	blind := a.blind
	a.blind = false
	return blind
}

func (a *alarm) lookAgain() {
	a.mu.Lock()
	a.blind = true
	a.mu.Unlock()
}

func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.off = true
	a.timer.Stop()
}
