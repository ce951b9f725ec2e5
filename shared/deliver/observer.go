package deliver

import (
	"time"

	"tocsin/shared/smn"
)

// Observer is told of what a worker does, to count and to measure it. It is called
// from many goroutines at once, on the way of each delivery, so it must be quick.
type Observer interface {
	// Attempted tells of an attempt that was made.
	Attempted(a Attempt)
	// FannedOut tells how many subscriptions of a chunk a message was meant for,
	// when the chunk is finished.
	FannedOut(subscriptions int)
	// GivenUp tells that a delivery is dead, when that is kept: after an attempt or
	// without one, of a message, a confirmation or a direct message. It does not tell
	// of those that nobody wants any more, whose subscription was removed, ended or
	// does not select the message.
	GivenUp()
}

// Attempt is an attempt as an Observer sees it.
type Attempt struct {
	Type          string // wire.TypeNotification, …
	Protocol      smn.Protocol
	Number        int           // 1 is the first attempt at a delivery
	Result        Result        // Dead if a later attempt would not come in time, too
	Took          time.Duration // the attempt alone
	SinceAccepted time.Duration // from the acceptance of the message to the end of the attempt
}

// gaveUp tells of a delivery that is dead.
func (w *Worker) gaveUp() {
	if w.observer != nil {
		w.observer.GivenUp()
	}
}

func (w *Worker) observe(d Delivery, attempt int, o Outcome, took time.Duration) {
	if w.observer == nil {
		return
	}
	w.observer.Attempted(Attempt{
		Type:          d.Type,
		Protocol:      d.Protocol,
		Number:        attempt,
		Result:        o.Result,
		Took:          took,
		SinceAccepted: w.now().Sub(d.Timestamp),
	})
}
