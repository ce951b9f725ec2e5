package embedded

import (
	"sync"
	"time"
)

// alarm tells receivers that there may be tasks for them. It wakes one of them; if
// that one finds more than it can carry it wakes the next.
//
// For every task in the store that is not due yet, and for every lease, the alarm is
// set to its time or to an earlier one: whoever looks into the store and finds
// nothing more sets it for the next.
type alarm struct {
	wakes chan struct{} // holds one
	now   func() time.Time

	mu    sync.Mutex
	timer *time.Timer
	at    int64 // when it is set to ring, in microseconds
	isSet bool
	due   bool // it has rung: there may be tasks due in the store
	off   bool
}

// Timers run by another clock than tasks: it stands still while a laptop sleeps,
// and nobody sets it. So the alarm looks again after a while.
const longestWait = time.Minute

func newAlarm(now func() time.Time) *alarm {
	a := &alarm{wakes: make(chan struct{}, 1), now: now, due: true}
	a.timer = time.AfterFunc(time.Hour, a.expired)
	a.timer.Stop()
	return a
}

// wake wakes a receiver.
func (a *alarm) wake() {
	select {
	case a.wakes <- struct{}{}:
	default:
	}
}

// ring says that there may be tasks due in the store.
func (a *alarm) ring() {
	a.mu.Lock()
	a.due = true
	a.mu.Unlock()
	a.wake()
}

// take tells whether it has rung since it was last asked.
func (a *alarm) take() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := a.due
	a.due = false
	return due
}

// set makes it ring at that time, or now if that is past.
func (a *alarm) set(at int64) {
	wait := at - micros(a.now())
	if wait <= 0 {
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
	a.isSet = false
	a.mu.Unlock()
	a.ring()
}

func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.off = true
	a.timer.Stop()
}
