package deliver

import (
	"context"
	"errors"
	"time"

	"tocsin/shared/wire"
)

// errNoSlot says that an attempt found no place and was not made.
var errNoSlot = errors.New("no free slot")

// single makes one attempt at a delivery that a task alone carries, and says how it
// went. With Again, next is when to try again; a delivery whose next attempt would
// come after it expires is Dead.
func (w *Worker) single(ctx context.Context, d Delivery, attempt int, expires time.Time) (o Outcome, next time.Time, err error) {
	o, took, err := w.sendInSlot(ctx, d, attempt)
	if err != nil {
		return Outcome{}, time.Time{}, err
	}
	if err := ctx.Err(); err != nil && o.Result != Delivered {
		return Outcome{}, time.Time{}, err // the attempt may have been cut short
	}
	delay, retry := w.policy.Next(attempt, o)
	next = w.now().Add(delay)
	if o.Result == Again && (!retry || next.After(expires)) {
		o.Result = Dead
	}
	w.logAttempt(ctx, d, attempt, o, took)
	return o, next, nil
}

// sendInSlot hands a delivery to its sender once there is a place, and tells how
// long that took. errNoSlot when none comes free, held when its recipient may get no
// more notifications yet.
func (w *Worker) sendInSlot(ctx context.Context, d Delivery, attempt int) (o Outcome, took time.Duration, err error) {
	if !w.slots.acquire(ctx, slotPatience) {
		if err := ctx.Err(); err != nil {
			return Outcome{}, 0, err
		}
		return Outcome{}, 0, errNoSlot
	}
	defer w.slots.release()
	if d.Type == wire.TypeNotification {
		switch wait, err := w.allowed(ctx, d, attempt); {
		case err != nil:
			return Outcome{}, 0, err
		case wait > 0:
			return Outcome{}, 0, held(wait)
		}
	}
	began := time.Now()
	o = w.send(ctx, d)
	return o, time.Since(began), nil
}
