package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"tocsin/shared/store"
)

// An endpoint that fails again and again is parked: nothing is sent there for a
// while, and then one attempt tries it out. SMN calls it a blacklist of 5 to 10
// minutes. It takes several failures in a row and some time, so that a receiver
// that restarts is not parked, however much is sent to it meanwhile.
const (
	parkAfterFailures = 5
	parkAfter         = 30 * time.Second // since the first of them
	firstPark         = 5 * time.Minute
	laterPark         = 10 * time.Minute

	// notedAfter is from how many failures in a row on the store is told, and
	// notedEvery how often at most unless the endpoint is parked.
	notedAfter = 2
	notedEvery = time.Second

	// rememberedTroubles bounds the endpoints in trouble that are remembered, in some MB.
	// Of the others the store knows.
	rememberedTroubles = 65536

	// settled is how long after the recovery of an endpoint the store may still say
	// otherwise.
	settled = time.Second
)

// ward knows the endpoints in trouble.
type ward struct {
	store store.EndpointHealth
	log   *slog.Logger
	now   func() time.Time

	mu        sync.Mutex
	patients  map[store.SubscriptionKey]*patient
	recovered map[store.SubscriptionKey]time.Time // a moment ago
	swept     time.Time                           // when those were forgotten whom it is longer ago
}

type patient struct {
	store.Health
	noted time.Time // when the store was told
}

// admit takes over what the store knows of a chunk.
func (w *ward) admit(ctx context.Context, project, topicID string, chunk int) error {
	list, err := w.store.ListHealth(ctx, project, topicID, chunk)
	if err != nil {
		return fmt.Errorf("list health of chunk %d of topic %s: %w", chunk, topicID, err)
	}
	if len(list) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range list {
		w.takeOver(h)
	}
	return nil
}

// admitOne takes over what the store knows of one subscription.
func (w *ward) admitOne(ctx context.Context, key store.SubscriptionKey) error {
	w.mu.Lock()
	known := w.patients[key] != nil
	w.mu.Unlock()
	if known {
		return nil
	}
	h, err := w.store.GetHealth(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("get health of subscription %s: %w", key.ID, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.takeOver(h)
	return nil
}

// takeOver takes over what the store knows, unless it is known better here. The caller
// holds mu.
func (w *ward) takeOver(h store.Health) {
	switch p := w.patients[h.SubscriptionKey]; {
	case p == nil && w.now().Sub(w.recovered[h.SubscriptionKey]) >= settled:
		w.add(h)
	case p != nil && h.ParkedUntil.After(p.ParkedUntil): // another worker was faster
		p.Health = h
	}
}

// add remembers a patient, if need be in place of another. The caller holds mu.
func (w *ward) add(h store.Health) *patient {
	if w.patients == nil {
		w.patients = make(map[store.SubscriptionKey]*patient)
	}
	if len(w.patients) >= rememberedTroubles {
		for key := range w.patients { // any: it may be of a subscription that is gone
			delete(w.patients, key)
			break
		}
	}
	p := &patient{Health: h}
	w.patients[h.SubscriptionKey] = p
	return p
}

// parked tells until when nothing may be sent to the endpoint of a subscription, and
// why; the zero time when something may.
func (w *ward) parked(key store.SubscriptionKey) (until time.Time, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.patients[key]; p != nil && p.ParkedUntil.After(w.now()) {
		return p.ParkedUntil, p.Reason
	}
	return time.Time{}, ""
}

// learn takes from an attempt how the endpoint of a subscription is. It tells until
// when it is parked, the zero time if it is not.
func (w *ward) learn(ctx context.Context, s *store.Subscription, o Outcome) time.Time {
	if o.Result == Again && o.Status != statusTooMany {
		return w.worsen(ctx, s, o)
	}
	if w.discharge(s.SubscriptionKey) {
		if err := w.store.ClearHealth(ctx, s.SubscriptionKey); err != nil {
			w.complain(ctx, s, err)
		}
	}
	return time.Time{}
}

// discharge forgets a patient that is well. It tells whether the store knows of it.
func (w *ward) discharge(key store.SubscriptionKey) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.patients[key]
	if p == nil {
		return false
	}
	delete(w.patients, key)
	if p.Failures < notedAfter {
		return false
	}
	now := w.now()
	if w.recovered == nil {
		w.recovered = make(map[store.SubscriptionKey]time.Time)
	}
	if now.Sub(w.swept) >= settled {
		maps.DeleteFunc(w.recovered, func(_ store.SubscriptionKey, at time.Time) bool { return now.Sub(at) >= settled })
		w.swept = now
	}
	w.recovered[key] = now
	return true
}

// statusTooMany is an endpoint that does not fail, but asks for less.
const statusTooMany = 429

func (w *ward) worsen(ctx context.Context, s *store.Subscription, o Outcome) time.Time {
	w.mu.Lock()
	now := w.now()
	p := w.patients[s.SubscriptionKey]
	if p == nil {
		p = w.add(store.Health{SubscriptionKey: s.SubscriptionKey, Seq: s.Seq, Since: now})
	}
	p.Failures++
	p.Status, p.Reason = o.Status, o.Reason
	parks := false
	if p.Failures >= parkAfterFailures && now.Sub(p.Since) >= parkAfter && !p.ParkedUntil.After(now) {
		span := firstPark
		if p.Parks > 0 {
			span = laterPark
		}
		p.Parks++
		p.ParkedUntil = now.Add(span - rand.N(span/10)) // so that not all come back at once
		parks = true
	}
	tell := parks || p.Failures >= notedAfter && now.Sub(p.noted) >= notedEvery
	if tell {
		p.noted = now
	}
	h := p.Health
	w.mu.Unlock()
	if parks {
		w.log.LogAttrs(ctx, slog.LevelWarn, "endpoint parked",
			slog.String("subscription_id", s.ID), slog.String("topic_id", s.TopicID), slog.Int("failures", h.Failures),
			slog.Time("until", h.ParkedUntil), slog.Int("status", h.Status), slog.String("reason", h.Reason))
	}
	if tell {
		if err := w.store.PutHealth(ctx, h); err != nil {
			w.complain(ctx, s, err)
		}
	}
	if h.ParkedUntil.After(now) {
		return h.ParkedUntil
	}
	return time.Time{}
}

// complain notes that the store does not know better. It is told again by the next
// attempt.
func (w *ward) complain(ctx context.Context, s *store.Subscription, err error) {
	w.log.LogAttrs(ctx, slog.LevelError, "keep health of endpoint",
		slog.String("subscription_id", s.ID), slog.String("error", err.Error()))
}
