package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// direct sends a message to one phone or device. It is built from the task alone;
// if it fails, the next attempt is a task that says all again. How an SMS ended is
// kept for its report.
func (w *Worker) direct(ctx context.Context, m queue.Direct, begun func()) (again time.Duration, err error) {
	if w.now().After(m.ExpiresAt) {
		w.log.LogAttrs(ctx, slog.LevelWarn, "delivery given up",
			slog.String("message_id", m.MessageID), slog.String("protocol", string(m.Protocol)),
			slog.Int("attempts", m.Attempt-1), slog.String("reason", reasonExpired))
		return 0, w.finishDirect(ctx, m, Outcome{Result: Dead, Reason: reasonExpired})
	}
	o, next, err := w.single(ctx, turn{m.Project, "", begun}, Delivery{
		Type:            wire.TypeNotification,
		MessageID:       m.MessageID,
		SubscriptionURN: m.Source,
		Protocol:        m.Protocol,
		Endpoint:        m.Endpoint,
		Text:            m.Text,
		Timestamp:       m.IssuedAt,
	}, m.Attempt, m.Attempt > 1 || m.Deferred > 0, m.ExpiresAt)
	if held, is := errors.AsType[held](err); is {
		wait := time.Duration(held)
		if w.now().Add(wait).After(m.ExpiresAt) {
			return 0, w.finishDirect(ctx, m, Outcome{Result: Dead, Reason: reasonExpiresFirst + " (" + reasonQuota + ")"})
		}
		return wait, nil
	}
	switch {
	case errors.Is(err, errNoPlace):
		return vary(noPlaceAgain), nil
	case err != nil:
		return 0, err
	case o.Result == Again:
		m.Attempt, m.Deferred = m.Attempt+1, 0
	case o.Result == Later:
		m.Deferred++
	default:
		return 0, w.finishDirect(ctx, m, o)
	}
	if err := w.tasks.Put(ctx, queue.NewDirect(m, next)); err != nil {
		return 0, fmt.Errorf("put attempt %d at message %s: %w", m.Attempt, m.MessageID, err)
	}
	return 0, nil
}

// finishDirect keeps how the sending of an SMS ended.
func (w *Worker) finishDirect(ctx context.Context, m queue.Direct, o Outcome) error {
	if m.Protocol == smn.SMS {
		status := smn.SMSDelivered
		if o.Result == Dead {
			status = smn.SMSFailed
		}
		if err := w.store.FinishSMS(ctx, m.MessageID, status, o.Reason, w.now()); err != nil {
			return fmt.Errorf("finish SMS %s: %w", m.MessageID, err)
		}
	}
	if o.Result == Dead {
		w.gaveUp()
	}
	return nil
}
