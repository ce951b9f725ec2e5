package deliver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"tocsin/shared/wire"
)

// noPlaceAgain is when a delivery that a task alone carries comes back, if there was no
// place for it.
const noPlaceAgain = 2 * time.Second

// errNoPlace says that an attempt found no place and was not made.
var errNoPlace = errors.New("no place for the attempt")

// single makes one attempt at a delivery that a task alone carries, and says how it
// went. With Again and Later, next is when to try again; a delivery whose next attempt
// would come after it expires is Dead. Counted says that the delivery has counted to
// the quota of its recipient.
func (w *Worker) single(ctx context.Context, t turn, d Delivery, attempt int, counted bool, expires time.Time) (o Outcome, next time.Time, err error) {
	o, took, err := w.sendInTurn(ctx, t, d, counted)
	if err != nil {
		return Outcome{}, time.Time{}, err
	}
	if err := ctx.Err(); err != nil && o.Result != Delivered {
		return Outcome{}, time.Time{}, err // the attempt may have been cut short
	}
	if o.Result == Later {
		if next = w.later(o); next.After(expires) {
			o.Result, o.Reason = Dead, reasonExpiresFirst+" ("+o.Reason+")"
		}
		w.logLater(ctx, d, o)
		return o, next, nil
	}
	delay, retry := w.policy.Next(attempt, o)
	next = w.now().Add(delay)
	if o.Result == Again && (!retry || next.After(expires)) {
		o.Result = Dead
	}
	w.logAttempt(ctx, d, attempt, o, took)
	return o, next, nil
}

// sendInTurn hands a delivery to its sender once there is a place, and tells how
// long that took. errNoPlace when there is none, held when its recipient may get no
// more notifications yet.
func (w *Worker) sendInTurn(ctx context.Context, t turn, d Delivery, counted bool) (o Outcome, took time.Duration, err error) {
	made := w.inTurn(ctx, t, d, func() condition {
		if d.Type == wire.TypeNotification {
			var wait time.Duration
			if wait, err = w.allowed(ctx, d, counted); err == nil && wait > 0 {
				err = held(wait)
			}
			if err != nil {
				return untried
			}
		}
		began := time.Now()
		o = w.send(ctx, d)
		took = time.Since(began)
		return conditionOf(o)
	})
	switch {
	case made:
		return o, took, err
	case ctx.Err() != nil:
		return Outcome{}, 0, ctx.Err()
	}
	return Outcome{}, 0, errNoPlace
}

// turn is the task that is being done.
type turn struct {
	project, topic string
	begun          func() // called when others may begin: what is under way has its place
}

// inTurn makes one attempt once there is a place, and returns when it is made. It
// reports false when there is none.
func (w *Worker) inTurn(ctx context.Context, t turn, d Delivery, run func() condition) bool {
	o := &lonely{turn: t, do: run, done: make(chan bool, 1)}
	w.lanes.enter(&attempt{aim: aimOf(t.project, t.topic, d.Protocol, d.Endpoint), job: o, prepare: w.preparation(&d, &o.state)})
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for _, left := range []time.Duration{chunkPatience - patience, 0} {
		select {
		case made := <-o.done:
			return made
		case <-timer.C:
			t.begun() // nobody should wait any longer for it to begin
			timer.Reset(left)
			continue
		case <-ctx.Done():
		}
		break
	}
	if o.state.CompareAndSwap(waiting, over) {
		return false
	}
	return <-o.done
}

// lonely is the attempt of a task that has just one.
type lonely struct {
	turn
	do    func() condition
	done  chan bool // holds one: whether it was made
	state state
}

func (l *lonely) begun() { l.turn.begun() }

func (l *lonely) run() condition {
	if !l.state.CompareAndSwap(waiting, running) {
		return untried
	}
	how := l.do()
	l.done <- true
	return how
}

func (l *lonely) refuse() {
	if l.state.CompareAndSwap(waiting, over) {
		l.done <- false
	}
}

// state is what became of an attempt that waits: whoever changes it first has it.
type state struct{ atomic.Int32 }

const (
	waiting int32 = iota
	running
	over
)

// conditionOf tells from an outcome how the endpoint did.
func conditionOf(o Outcome) condition {
	switch o.Result {
	case Again:
		return failed
	case Later:
		return untried
	default:
		return answered
	}
}
