package main

import (
	"context"
	"fmt"
	"iter"

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
	{1, trial.Hanging, true},
	{crowd / 2, trial.Hanging, false},
	{crowd / 2, trial.Hanging, true},
}

func (t trouble) String() string {
	if t.bad == 0 {
		return "none bad"
	}
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
		var readings []reading
		for good, group := range grouped(troubles) {
			found, err := b.besideCalm(ctx, round, good, group)
			if err != nil {
				return nil, err
			}
			readings = append(readings, found...)
		}
		return readings, nil
	}
	return []step{s}, nil
}

// grouped puts troubles with as many good endpoints together: they have the same
// base. Equal ones stand beside each other already.
func grouped(all []trouble) iter.Seq2[int, []trouble] {
	return func(yield func(int, []trouble) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && all[n].bad == all[0].bad {
				n++
			}
			if !yield(crowd-all[0].bad, all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// besideCalm measures troubles with so many good endpoints between two runs without
// any; the base is the mean of these. The order changes from round to round.
func (b *bench) besideCalm(ctx context.Context, round, good int, group []trouble) ([]reading, error) {
	runs := append(append([]trouble{{}}, group...), trouble{})
	calms := make([]calm, len(runs))
	for i := range runs {
		if round%2 == 1 {
			i = len(runs) - 1 - i
		}
		b.note("isolation: round %d, %d good, %s", round+1, good, runs[i])
		var err error
		if calms[i], err = b.endure(ctx, good, runs[i]); err != nil {
			return nil, err
		}
	}
	first, last := calms[0], calms[len(calms)-1]
	readings := make([]reading, 0, 2*len(group))
	for _, c := range calms[1 : len(calms)-1] {
		readings = append(readings, ofBase(c.rate, (first.rate+last.rate)/2), ofBase(c.p99, (first.p99+last.p99)/2))
	}
	return readings, nil
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
	const messages = 60 // a second: well below what the service can do
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
