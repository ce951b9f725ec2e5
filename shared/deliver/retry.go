package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Why a delivery is dead, where no answer of the endpoint is the reason.
const (
	reasonNoSlot       = "no free slot"
	reasonExpired      = "time to live has passed"
	reasonExpiresFirst = "time to live ends first"
	reasonUnsubscribed = "no longer subscribed"
	reasonFiltered     = "no longer selected by its filters"
	reasonRemoved      = "subscription or topic deleted"
)

// setback is a delivery that has not succeeded: the row that says so, and the
// task of the next attempt unless it is dead.
type setback struct {
	failure store.Failure
	retry   []queue.Task
}

// retry makes a later attempt at one subscription.
func (w *Worker) retry(ctx context.Context, r queue.Retry) error {
	m, err := w.messages.get(ctx, r.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		w.unknownMessage(ctx, r.MessageID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("get message %s: %w", r.MessageID, err)
	}
	key := store.SubscriptionKey{Project: m.Project, TopicID: m.TopicID, ID: r.SubscriptionID}
	s, err := w.store.GetSubscription(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return w.record(ctx, m, r, w.giveUp(ctx, m, r, reasonRemoved))
	case err != nil:
		return fmt.Errorf("get subscription %s: %w", r.SubscriptionID, err)
	case !s.Status.Receives():
		return w.record(ctx, m, r, w.giveUp(ctx, m, r, reasonUnsubscribed))
	case !smn.Selects(m.Attributes, s.Protocol, s.Filters):
		return w.record(ctx, m, r, w.giveUp(ctx, m, r, reasonFiltered))
	case m.over(r, w.now()):
		return w.record(ctx, m, r, w.giveUp(ctx, m, r, reasonExpired))
	}
	d, err := w.notification(m, s)
	if err != nil {
		return err
	}
	if !w.slots.acquire(ctx, slotPatience) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.record(ctx, m, r, w.postpone(m, r))
	}
	result := func() *setback {
		defer w.slots.release()
		return w.try(ctx, m, d, r)
	}()
	if result == nil {
		return w.resolve(ctx, r, s.Protocol)
	}
	return w.record(ctx, m, r, result)
}

// resolve keeps that a later attempt has delivered.
func (w *Worker) resolve(ctx context.Context, r queue.Retry, protocol smn.Protocol) error {
	if err := w.store.ResolveFailure(ctx, r.MessageID, r.SubscriptionID, protocol); err != nil {
		return fmt.Errorf("resolve failure of message %s at %s: %w", r.MessageID, r.SubscriptionID, err)
	}
	return nil
}

// record keeps how a later attempt failed.
func (w *Worker) record(ctx context.Context, m *message, r queue.Retry, result *setback) error {
	if err := ctx.Err(); err != nil {
		return err // the attempt may have been cut short
	}
	if err := w.store.PutFailure(ctx, result.failure, result.retry...); err != nil {
		return fmt.Errorf("put failure of message %s at %s: %w", m.ID, r.SubscriptionID, err)
	}
	return nil
}

// try makes the attempt r, for which the caller holds a slot, and says what
// follows from it; nil means delivered. If ctx has ended since, that says nothing
// about the endpoint, and the caller must not record it.
func (w *Worker) try(ctx context.Context, m *message, d Delivery, r queue.Retry) *setback {
	if m.over(r, w.now()) { // while waiting for the slot
		return w.giveUp(ctx, m, r, reasonExpired)
	}
	began := time.Now()
	o := w.send(ctx, d)
	took := time.Since(began)
	if o.Result == Delivered {
		w.logAttempt(ctx, d, r.Attempt, o, took)
		return nil
	}
	s := &setback{failure: store.Failure{
		MessageID:      m.ID,
		SubscriptionID: r.SubscriptionID,
		Project:        m.Project,
		TopicID:        m.TopicID,
		At:             w.now(),
		Attempts:       r.Attempt,
	}}
	if delay, ok := w.policy.Next(r.Attempt, o); !ok {
		o.Result = Dead
	} else if due := w.now().Add(delay); m.over(r, due) {
		o.Result, o.Reason = Dead, reasonExpiresFirst+" ("+o.Reason+")"
	} else {
		s.failure.Next = due
		s.retry = []queue.Task{queue.NewRetry(m.Project, m.TopicID, queue.Retry{
			MessageID: m.ID, SubscriptionID: r.SubscriptionID, Attempt: r.Attempt + 1, Expires: r.Expires,
		}, due)}
	}
	s.failure.Dead = o.Result == Dead
	s.failure.Status, s.failure.Reason = o.Status, o.Reason
	w.logAttempt(ctx, d, r.Attempt, o, took)
	return s
}

// postpone puts off an attempt that found no slot. It does not count as one.
func (w *Worker) postpone(m *message, r queue.Retry) *setback {
	f := store.Failure{
		MessageID:      m.ID,
		SubscriptionID: r.SubscriptionID,
		Project:        m.Project,
		TopicID:        m.TopicID,
		At:             w.now(),
		Attempts:       r.Attempt - 1,
		Reason:         reasonNoSlot,
	}
	due := w.now().Add(postponement(r.Deferred))
	if m.over(r, due) {
		f.Dead, f.Reason = true, reasonExpiresFirst+" ("+reasonNoSlot+")"
		return &setback{failure: f}
	}
	f.Next = due
	r.Deferred++
	return &setback{failure: f, retry: []queue.Task{queue.NewRetry(m.Project, m.TopicID, r, due)}}
}

// giveUp ends a delivery without making the attempt r.
func (w *Worker) giveUp(ctx context.Context, m *message, r queue.Retry, reason string) *setback {
	w.log.LogAttrs(ctx, slog.LevelWarn, "delivery given up",
		slog.String("message_id", m.ID),
		slog.String("subscription_urn", m.TopicURN+":"+r.SubscriptionID),
		slog.Int("attempts", r.Attempt-1),
		slog.String("reason", reason))
	return &setback{failure: store.Failure{
		MessageID:      m.ID,
		SubscriptionID: r.SubscriptionID,
		Project:        m.Project,
		TopicID:        m.TopicID,
		At:             w.now(),
		Attempts:       r.Attempt - 1,
		Dead:           true,
		Reason:         reason,
	}}
}

// isPersonal says whether a protocol reaches people, who cannot drop a repeat: their
// messages are tasks of their own, so that at most the one in hand is sent twice.
func isPersonal(p smn.Protocol) bool { return p == smn.Email || p == smn.SMS || p == smn.Call }

// pending is a delivery that is to be made by a task of its own, at once.
func (w *Worker) pending(m *message, r queue.Retry) *setback {
	now := w.now()
	return &setback{
		failure: store.Failure{
			MessageID: m.ID, SubscriptionID: r.SubscriptionID, Project: m.Project, TopicID: m.TopicID, Next: now, At: now,
		},
		retry: []queue.Task{queue.NewRetry(m.Project, m.TopicID, r, now)},
	}
}
