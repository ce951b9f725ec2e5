package main

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/smn"
)

// million measures the memory of a service with a million subscriptions, while
// every one of them gets a message.
func (b *bench) million(ctx context.Context) ([]step, error) {
	const topics = 100
	endpoints := b.sink.endpoints(smn.MaxSubscriptions)
	plans := make([]plan, topics)
	for i := range plans {
		plans[i] = plan{topic: fmt.Sprint("topic", i), endpoints: endpoints}
	}
	began := time.Now()
	s, _, err := b.launch(ctx, plans)
	if err != nil {
		return nil, err
	}
	b.note("million: stored in %s", time.Since(began).Round(time.Second))
	return []step{{
		name: "a message to each topic",
		once: true,
		rows: []*row{
			{name: "deliver once to each of 1,000,000 subscriptions", unit: perSecond, result: perSecond},
			{name: "peak memory with 1,000,000 subscriptions", unit: mebibytes, result: mebibytes, goal: goal{atLeast: 256 << 20, aim: 128 << 20, atMost: true}},
		},
		measure: func(ctx context.Context, _ int) ([]reading, error) {
			rate, err := b.all(ctx, s, plans)
			if err != nil {
				return nil, err
			}
			m, err := s.process.Memory() // since its start
			return []reading{alone(rate), alone(float64(m.Peak))}, err
		},
	}}, nil
}

// all publishes a message to each topic and returns the deliveries a second until
// every subscription has got it.
func (b *bench) all(ctx context.Context, s *service, plans []plan) (float64, error) {
	before, err := b.sink.counts(ctx)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	expected := 0
	for _, p := range plans {
		t, err := s.publishing(s.url, p.urn())
		if err != nil {
			return 0, err
		}
		if err := t.once(ctx); err != nil {
			return 0, err
		}
		expected += len(p.endpoints)
	}
	err = poll(ctx, 10*time.Minute, "a million deliveries", func() (bool, error) {
		after, err := b.sink.counts(ctx)
		return after.Distinct-before.Distinct >= int64(expected), err
	})
	return float64(expected) / time.Since(began).Seconds(), err
}
