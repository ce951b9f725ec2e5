package deliver

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// send hands a delivery to the sender of its protocol, or of its form. A sender that panics costs
// its own attempt and nothing else.
func (w *Worker) send(ctx context.Context, d Delivery) (o Outcome) {
	sender, missing := w.senders[d.Protocol], "no sender for this protocol"
	var prepared func(context.Context) Outcome
	if d.Named != nil {
		sender, missing = w.forms[d.Named.Form], "no sender for notifications in this form"
		prepared = d.Named.send
	}
	if sender == nil {
		return Outcome{Result: Dead, Reason: missing}
	}
	defer func() {
		if p := recover(); p != nil {
			w.logPanic(ctx, &d, debug.Stack())
			o = senderFailed
		}
	}()
	if prepared != nil {
		return prepared(ctx)
	}
	return sender.Send(ctx, d)
}

// logAttempt writes the one line that an attempt leaves. It does what LogAttrs does,
// but for finding its place in the code, which nobody wants to know and which takes
// nearly as long as all the rest of it.
func (w *Worker) logAttempt(ctx context.Context, d Delivery, attempt int, o Outcome, took time.Duration) {
	w.observe(d, attempt, o, took)
	log, level := w.log.Handler(), slog.LevelInfo
	if o.Result == Dead {
		level = slog.LevelWarn
	}
	if !log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, "attempt", 0)
	line.AddAttrs(
		slog.String("message_id", d.MessageID),
		slog.String("type", d.Type),
		slog.String("subscription_urn", d.SubscriptionURN),
		slog.String("protocol", string(d.Protocol)),
		slog.String("host", shownHost(d)),
		slog.Int("attempt", attempt),
		slog.String("result", o.Result.String()),
		slog.Int("status", o.Status),
		slog.Int64("us", took.Microseconds()))
	if o.Result != Delivered {
		line.AddAttrs(slog.String("reason", o.Reason))
	}
	_ = log.Handle(ctx, line) // there is nowhere to complain
}

// logLater writes the line of an attempt that the sender has put off.
func (w *Worker) logLater(ctx context.Context, d Delivery, o Outcome) {
	w.log.LogAttrs(ctx, slog.LevelInfo, "attempt put off",
		slog.String("message_id", d.MessageID), slog.String("subscription_urn", d.SubscriptionURN),
		slog.String("protocol", string(d.Protocol)), slog.String("result", o.Result.String()),
		slog.Int("status", o.Status), slog.String("reason", o.Reason))
}

// shownHost is as much of an endpoint as a log may hold: no user, no path, no query,
// nothing of a phone number; of a function all, as it is a name.
func shownHost(d Delivery) string {
	switch {
	case isHTTP(d.Protocol), d.Protocol.IsChat():
		return hostOf(d.Endpoint)
	case d.Protocol == smn.Email:
		return d.Endpoint[strings.LastIndexByte(d.Endpoint, '@')+1:]
	case d.Protocol.IsFunction():
		return d.Endpoint
	}
	return ""
}
