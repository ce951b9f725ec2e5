package deliver

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// Preparer is a Sender of a form that has something to do for each delivery which takes
// the processor's time and none of the endpoint's, such as a signature. The worker has
// it done first, for as many deliveries at once as there are cores and by turns like
// attempts: what waits for it holds no place in a lane, and no endpoint is thought slow
// for it.
type Preparer interface {
	Sender
	// Prepare gives what then makes the attempt, as Send would. Many may wait like that:
	// it should be small.
	Prepare(d Delivery) (send func(context.Context) Outcome)
}

// preparation is what there is to do before an attempt at a delivery; nil for nothing.
// It does nothing if the attempt is no longer wanted.
func (w *Worker) preparation(d *Delivery, wanted *state) func() {
	if d.Named == nil {
		return nil
	}
	sender, is := w.forms[d.Named.Form].(Preparer)
	if !is {
		return nil
	}
	of := *d
	return func() {
		if wanted.Load() != waiting {
			return
		}
		defer func() {
			if p := recover(); p != nil {
				w.logPanic(context.Background(), &of, debug.Stack())
				of.Named.send = func(context.Context) Outcome { return senderFailed }
			}
		}()
		of.Named.send = sender.Prepare(of)
	}
}

// senderFailed is the outcome of an attempt whose sender panicked.
var senderFailed = Outcome{Result: Again, Reason: "the sender failed"}

// logPanic notes a sender that panicked. What was panicked with may hold anything, so
// the log gets the stack only.
func (w *Worker) logPanic(ctx context.Context, d *Delivery, stack []byte) {
	w.log.LogAttrs(ctx, slog.LevelError, "sender panicked",
		slog.String("message_id", d.MessageID),
		slog.String("subscription_urn", d.SubscriptionURN),
		slog.String("protocol", string(d.Protocol)),
		slog.String("stack", string(stack)))
}

// toPrepare lets an attempt wait until it is prepared, for which nobody else should have
// to wait. The caller holds mu, which toPrepare gives back.
func (l *lanes) toPrepare(p *place) {
	l.unprepared.Push(p.project, p.topic, p)
	more := l.preparing < runtime.GOMAXPROCS(0)
	if more {
		l.preparing++
	}
	l.mu.Unlock()
	p.begun()
	if more {
		go l.prepareAll()
	}
}

// prepareAll prepares attempts, and begins them, until none waits for it.
func (l *lanes) prepareAll() {
	for {
		l.mu.Lock()
		p, ok := l.unprepared.Pop()
		if !ok {
			l.preparing--
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		p.prepare()
		p.prepare = nil
		l.mu.Lock()
		l.begin(p)
		runtime.Gosched() // others have waited for the processor meanwhile
	}
}
