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
	reasonNoPlace      = "the endpoint has its hands full"
	reasonParked       = "the endpoint is parked"
	reasonExpired      = "time to live has passed"
	reasonExpiresFirst = "time to live ends first"
	reasonUnsubscribed = "no longer subscribed"
	reasonFiltered     = "no longer selected by its filters"
	reasonRemoved      = "subscription or topic deleted"
)

// setback is a delivery that has not succeeded: the row that says so, and the
// task of the next attempt unless it is dead.
type setback struct {
	failure  store.Failure
	retry    []queue.Task
	waits    awaited // what retry waits for, if that is named
	unwanted bool    // dead since nobody wants it any more
}

// retry makes a later attempt at one subscription. Without the row of the failure
// there is nothing left to do: it was delivered, and the task comes for the second
// time.
func (w *Worker) retry(ctx context.Context, r queue.Retry, begun func()) error {
	m, err := w.messages.get(ctx, r.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		w.unknownMessage(ctx, r.MessageID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("get message %s: %w", r.MessageID, err)
	}
	kept, err := w.store.GetFailure(ctx, r.MessageID, r.SubscriptionID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (kept.Dead || kept.Attempts != r.Attempt-1):
		return nil
	case err != nil:
		return fmt.Errorf("get failure of message %s at %s: %w", r.MessageID, r.SubscriptionID, err)
	}
	key := store.SubscriptionKey{Project: m.Project, TopicID: m.TopicID, ID: r.SubscriptionID}
	s, err := w.store.GetSubscription(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return w.record(ctx, m, r, w.drop(ctx, m, r, reasonRemoved))
	case err != nil:
		return fmt.Errorf("get subscription %s: %w", r.SubscriptionID, err)
	case !s.Status.Receives():
		return w.record(ctx, m, r, w.drop(ctx, m, r, reasonUnsubscribed))
	case !s.Wants(&m.Message):
		return w.record(ctx, m, r, w.drop(ctx, m, r, reasonFiltered))
	case m.over(r, w.now()):
		return w.record(ctx, m, r, w.giveUp(ctx, m, r, reasonExpired))
	}
	if !isPersonal(s.Protocol) {
		if err := w.ward.admitOne(ctx, key); err != nil {
			return err
		}
	}
	if until, reason := w.ward.parked(key); !until.IsZero() {
		return w.record(ctx, m, r, w.park(m, r, &s, until, reason))
	}
	common, err := w.common(m, &s)
	if err != nil {
		return err
	}
	d := w.notification(common, &s, w.named(m, &s))
	var result *setback
	made := w.inTurn(ctx, turn{m.Project, m.TopicID, begun}, d, func() (how condition) {
		var wait time.Duration
		if wait, err = w.allowed(ctx, d, r.Attempt > 1 || r.Counted); err != nil {
			return untried
		}
		if wait > 0 {
			result = w.putOff(m, r, w.now().Add(wait), awaited{}, reasonQuota)
			return untried
		}
		result, how = w.try(ctx, m, &s, d, r)
		return how
	})
	switch {
	case err != nil:
		return err
	case !made:
		result = w.postpone(m, r, w.lanes.toAwait(targetOf(d.Protocol, d.Endpoint)))
	case result == nil:
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
	w.written(result)
	return nil
}

// try makes the attempt r, which has its place, and says what follows from it; nil
// means delivered. If ctx has ended since, that says nothing about the endpoint, and
// the caller must not record it.
func (w *Worker) try(ctx context.Context, m *message, s *store.Subscription, d Delivery, r queue.Retry) (*setback, condition) {
	if m.over(r, w.now()) { // while waiting for the place
		return w.giveUp(ctx, m, r, reasonExpired), untried
	}
	began := time.Now()
	o := w.send(ctx, d)
	took := time.Since(began)
	how := conditionOf(o)
	if ctx.Err() != nil && o.Result != Delivered {
		how = untried
	}
	if o.Result == Later {
		w.logLater(ctx, d, o)
		r.Counted = true
		return w.putOff(m, r, w.later(o), awaited{}, o.Reason), how
	}
	var parked time.Time
	if how != untried && !isPersonal(s.Protocol) {
		parked = w.ward.learn(ctx, s, o)
	}
	if o.Result == Delivered {
		w.logAttempt(ctx, d, r.Attempt, o, took)
		return nil, how
	}
	result := w.setback(m, s, d, r, &o, parked)
	w.logAttempt(ctx, d, r.Attempt, o, took)
	return result, how
}

// setback is what follows from an attempt that has not delivered. It makes o dead
// where no other attempt follows.
func (w *Worker) setback(m *message, s *store.Subscription, d Delivery, r queue.Retry, o *Outcome, parked time.Time) *setback {
	result := &setback{failure: w.failure(m, r, r.Attempt)}
	if delay, ok := w.policyOf(s).Next(r.Attempt, *o); !ok {
		o.Result = Dead
	} else {
		due := w.now().Add(delay)
		if parked.After(due) {
			due = parked.Add(vary(unparked))
		}
		if m.over(r, due) {
			o.Result, o.Reason = Dead, reasonExpiresFirst+" ("+o.Reason+")"
		} else {
			result.failure.Next = due
			next := queue.NewRetry(m.Project, m.TopicID, queue.Retry{
				MessageID: m.ID, SubscriptionID: r.SubscriptionID, Attempt: r.Attempt + 1, Expires: r.Expires,
			}, due)
			if !parked.IsZero() {
				result.waits = awaited{targetOf(d.Protocol, d.Endpoint), true}
				next.WaitsFor = result.waits.key()
			}
			result.retry = []queue.Task{next}
		}
	}
	result.failure.Dead = o.Result == Dead
	result.failure.Status, result.failure.Reason = o.Status, o.Reason
	return result
}

// failure is the row of a delivery after so many attempts.
func (w *Worker) failure(m *message, r queue.Retry, attempts int) store.Failure {
	return store.Failure{
		MessageID:      m.ID,
		SubscriptionID: r.SubscriptionID,
		Project:        m.Project,
		TopicID:        m.TopicID,
		Attempts:       attempts,
		At:             w.now(),
	}
}

// postpone puts off an attempt that found no place. It does not count as one.
func (w *Worker) postpone(m *message, r queue.Retry, a awaited) *setback {
	return w.putOff(m, r, w.now().Add(postponement(r.Deferred)), a, reasonNoPlace)
}

// park puts off an attempt until its endpoint is parked no longer.
func (w *Worker) park(m *message, r queue.Retry, s *store.Subscription, until time.Time, reason string) *setback {
	return w.putOff(m, r, until.Add(vary(unparked)), awaited{targetOf(s.Protocol, s.Endpoint), true}, reasonParked+" ("+reason+")")
}

// unparked is about how long what waited for an endpoint waits for the outcome of
// the attempt that tries it out.
const unparked = 10 * time.Second

func (w *Worker) putOff(m *message, r queue.Retry, due time.Time, a awaited, reason string) *setback {
	if m.over(r, due) {
		return w.giveUp(context.Background(), m, r, reasonExpiresFirst+" ("+reason+")")
	}
	f := w.failure(m, r, r.Attempt-1)
	f.Next, f.Reason = due, reason
	r.Deferred++
	task := queue.NewRetry(m.Project, m.TopicID, r, due)
	task.WaitsFor = a.key()
	return &setback{failure: f, retry: []queue.Task{task}, waits: a}
}

// written is called when what follows from an attempt is in the store.
func (w *Worker) written(s *setback) {
	w.lanes.putOff(s.waits)
	if s.failure.Dead && !s.unwanted {
		w.gaveUp()
	}
}

// pending is a delivery that is to be made by a task of its own, at once.
func (w *Worker) pending(m *message, r queue.Retry) *setback {
	f := w.failure(m, r, 0)
	f.Next = f.At
	return &setback{failure: f, retry: []queue.Task{queue.NewRetry(m.Project, m.TopicID, r, f.At)}}
}

// drop ends a delivery that nobody wants any more.
func (w *Worker) drop(ctx context.Context, m *message, r queue.Retry, reason string) *setback {
	s := w.giveUp(ctx, m, r, reason)
	s.unwanted = true
	return s
}

// giveUp ends a delivery without making the attempt r.
func (w *Worker) giveUp(ctx context.Context, m *message, r queue.Retry, reason string) *setback {
	w.log.LogAttrs(ctx, slog.LevelWarn, "delivery given up",
		slog.String("message_id", m.ID),
		slog.String("subscription_urn", m.TopicURN+":"+r.SubscriptionID),
		slog.Int("attempts", r.Attempt-1),
		slog.String("reason", reason))
	return w.ended(m, r, reason)
}

// ended is a delivery that was given up without making the attempt r.
func (w *Worker) ended(m *message, r queue.Retry, reason string) *setback {
	f := w.failure(m, r, r.Attempt-1)
	f.Dead, f.Reason = true, reason
	return &setback{failure: f}
}
