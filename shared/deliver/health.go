package deliver

import (
	"context"
	"fmt"
	"log/slog"
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
)

// ward knows the endpoints in trouble.
type ward struct {
	store store.EndpointHealth
	log   *slog.Logger
	now   func() time.Time

	mu       sync.Mutex
	patients map[store.SubscriptionKey]*patient
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
		if p := w.patients[h.SubscriptionKey]; p == nil {
			w.add(h)
		} else if h.ParkedUntil.After(p.ParkedUntil) { // another worker was faster
			p.Health = h
		}
	}
	return nil
}

// add remembers a patient. The caller holds mu.
func (w *ward) add(h store.Health) *patient {
	p := &patient{Health: h}
	if w.patients == nil {
		w.patients = make(map[store.SubscriptionKey]*patient)
	}
	if len(w.patients) < rememberedTroubles {
		w.patients[h.SubscriptionKey] = p
	}
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
	w.mu.Lock()
	p := w.patients[s.SubscriptionKey]
	delete(w.patients, s.SubscriptionKey)
	w.mu.Unlock()
	if p != nil && !p.noted.IsZero() || p != nil && p.Failures >= notedAfter {
		if err := w.store.ClearHealth(ctx, s.SubscriptionKey); err != nil {
			w.complain(ctx, s, err)
		}
	}
	return time.Time{}
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
