package main

import (
	"context"
	"fmt"

	"tocsin/internal/trial"
)

// trouble is a topic of which some endpoints are bad.
type trouble struct {
	bad       int
	behaviour trial.Behaviour
	samePort  bool // as the good ones; else the bad ones have a port of their own
}

const crowd = 100 // endpoints of a topic in trouble

var troubles = []trouble{
	{1, trial.Hanging, false},
	{1, trial.Failing, false},
	{1, trial.Dripping, false},
	{crowd / 2, trial.Hanging, false},
	{1, trial.Hanging, true},
	{crowd / 2, trial.Hanging, true},
}

func (t trouble) String() string {
	port := "another port"
	if t.samePort {
		port = "the same port"
	}
	return fmt.Sprintf("%d of %d %s, %s", t.bad, crowd, t.behaviour, port)
}

// calm is how fast the good endpoints of a topic get their messages.
type calm struct{ rate, p99 float64 }

// isolation measures what bad endpoints cost the good ones of their topic: each
// time beside the same good endpoints without the bad ones. The service of each
// run is a fresh one, since bad endpoints leave much behind.
func (b *bench) isolation(context.Context) ([]step, error) {
	s := step{name: "isolation"}
	for _, t := range troubles {
		s.rows = append(s.rows,
			&row{name: t.String() + ": good deliveries", base: "without", unit: perSecond, result: ratio, goal: goal{atLeast: 0.9}},
			&row{name: "  publish → received by the good, p99", base: "without", unit: millis, result: ratio, goal: goal{atLeast: 1.1, atMost: true}},
		)
	}
	s.measure = func(ctx context.Context, round int) ([]reading, error) {
		without := make(map[int]calm) // by the number of good endpoints
		readings := make([]reading, 0, 2*len(troubles))
		for _, t := range troubles {
			good := crowd - t.bad
			if _, there := without[good]; there {
				continue
			}
			c, err := b.endure(ctx, good, trouble{})
			if err != nil {
				return nil, err
			}
			without[good] = c
		}
		with := make([]calm, len(troubles))
		for i := range troubles {
			which := (i + round) % len(troubles) // not always in the same order
			t := troubles[which]
			b.note("isolation: round %d, %s", round+1, t)
			c, err := b.endure(ctx, crowd-t.bad, t)
			if err != nil {
				return nil, err
			}
			with[which] = c
		}
		for i, t := range troubles {
			base := without[crowd-t.bad]
			readings = append(readings, ofBase(with[i].rate, base.rate), ofBase(with[i].p99, base.p99))
		}
		return readings, nil
	}
	return []step{s}, nil
}

// endure runs a service whose topic has good endpoints and bad ones.
func (b *bench) endure(ctx context.Context, good int, t trouble) (c calm, err error) {
	p := plan{topic: "trouble", endpoints: b.sink.endpoints(good)}
	url := b.sink.other
	if t.samePort {
		url = b.sink.url
	}
	for i := range t.bad {
		// Between the good ones, not behind them.
		bad := url + trial.Endpoint{Behaviour: t.behaviour, Number: int32(good + i)}.Path()
		at := (2*i + 1) * len(p.endpoints) / (2 * t.bad)
		p.endpoints = append(p.endpoints[:at:at], append([]string{bad}, p.endpoints[at:]...)...)
	}
	s, end, err := b.launch(ctx, []plan{p})
	if err != nil {
		return c, err
	}
	defer end()
	const messages = 50 // a second: a tenth of what the service can do, or less
	took, err := b.pace(ctx, s, p.urn(), good, messages, b.options.length)
	if err != nil {
		return c, err
	}
	f, err := b.fanOut(s, p, good)
	if err != nil {
		return c, err
	}
	before, err := b.sink.counts(ctx)
	if err != nil {
		return c, err
	}
	_, rate, err := f.full(ctx, before, b.options.length)
	return calm{rate: rate, p99: took.quantile(0.99)}, err
}
