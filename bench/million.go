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
	rate := &row{name: "deliver once to each of 1,000,000 subscriptions", unit: perSecond, result: perSecond}
	all := step{name: "a message to each topic", rows: []*row{rate}, measure: func(ctx context.Context, _ int) ([]reading, error) {
		before, err := b.sink.counts(ctx)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		for _, p := range plans {
			t, err := s.publishing(s.url, p.urn())
			if err != nil {
				return nil, err
			}
			if err := t.once(ctx); err != nil {
				return nil, err
			}
		}
		err = poll(ctx, 10*time.Minute, "a million deliveries", func() (bool, error) {
			after, err := b.sink.counts(ctx)
			return after.Distinct-before.Distinct >= topics*smn.MaxSubscriptions, err
		})
		return []reading{alone(topics * smn.MaxSubscriptions / time.Since(began).Seconds())}, err
	}}
	memory := func(ctx context.Context, round int) ([]reading, error) {
		readings, err := all.measure(ctx, round)
		if err != nil {
			return nil, err
		}
		m, err := s.process.Memory() // since its start
		return append(readings, alone(float64(m.Peak))), err
	}
	return []step{{name: all.name, measure: memory, rows: []*row{
		rate,
		{name: "peak memory with 1,000,000 subscriptions", unit: mebibytes, result: mebibytes, goal: goal{atLeast: 256 << 20, aim: 128 << 20, atMost: true}},
	}}}, nil
}
