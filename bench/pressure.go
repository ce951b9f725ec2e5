package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/trial"
	"tocsin/shared/smn"
)

// pressure measures what grows under pressure: memory while nothing can be
// delivered, and the time that a publish takes while much is removed. Each step has a
// service of its own.
func (b *bench) pressure(context.Context) ([]step, error) {
	hanging := make([]string, crowd)
	refusing := make([]string, crowd)
	for i := range crowd {
		hanging[i] = b.sink.other + trial.Endpoint{Behaviour: trial.Hanging, Number: int32(i)}.Path()
		refusing[i] = fmt.Sprint(nobody, "/", i)
	}
	return []step{
		b.dead("refuse connections", refusing),
		b.dead("hang", hanging),
		b.deleting(),
		b.purging(),
	}, nil
}

// nobody is a URL at which nobody listens.
const nobody = "http://127.0.0.1:1"

// dead is the step of memory while publishers work at full speed and nothing that
// they publish can be delivered.
func (b *bench) dead(what string, endpoints []string) step {
	name := fmt.Sprintf("%d endpoints that %s, full speed for %s", len(endpoints), what, b.options.pressure)
	return step{
		name: name, once: true,
		rows: []*row{
			{name: name + ": memory at the end", base: "after a third", unit: mebibytes, result: ratio, goal: goal{atLeast: 1.25, aim: 1.1, atMost: true}},
			{name: "  its peak", unit: mebibytes, result: mebibytes},
			{name: "  publishes accepted", base: "answered 503", unit: perSecond, result: perSecond},
		},
		measure: func(ctx context.Context, _ int) ([]reading, error) {
			p := plan{topic: "dead", endpoints: endpoints}
			s, end, err := b.launch(ctx, []plan{p})
			if err != nil {
				return nil, err
			}
			defer end()
			t, err := b.target(s, s.url, p.urn())
			if err != nil {
				return nil, err
			}
			watching, stop := context.WithCancel(ctx)
			defer stop()
			seen := make(chan series)
			go func() { seen <- memoryOf(watching, s.process) }()
			load, err := t.press(ctx, publishers, b.options.pressure)
			stop()
			third, last := growth(<-seen)
			m, err2 := s.process.Memory()
			seconds := b.options.pressure.Seconds()
			accepted := float64(load.accepted.Load()) / seconds
			return []reading{
				ofBase(last, third),
				alone(float64(m.Peak)),
				{ours: accepted, base: float64(load.refused.Load()) / seconds, result: accepted},
			}, errors.Join(err, err2)
		},
	}
}

const memoryEvery = 50 * time.Millisecond

// memoryOf looks at the memory of a process until ctx ends.
func memoryOf(ctx context.Context, p *trial.Process) (seen series) {
	_ = trial.Until(ctx, memoryEvery, func() bool {
		if m, err := p.Memory(); err == nil { // else growth has nothing to tell
			seen = append(seen, float64(m.Now))
		}
		return false
	})
	return seen
}

// growth is the memory after a third of the time and at the end: medians of the
// tenth before, since the heap breathes.
func growth(seen series) (third, end float64) {
	n := len(seen)
	tenth := max(n/10, 1)
	return seen[max(n/3-tenth, 0) : n/3].median(), seen[max(n-tenth, 0):].median()
}

// Publishers that are far from what the service can do: each publishes steadyEvery.
const (
	steadyEvery = 20 * time.Millisecond
	steadyWarm  = time.Second
)

// disturbed is the row of a time to publish beside that of the same publishers
// when they are alone.
func disturbed(what string) *row {
	return &row{
		name: fmt.Sprintf("publish, %d publishers, %d/s, p99 while %s", publishers, publishers*int(time.Second/steadyEvery), what),
		base: "without", unit: millis, result: ratio,
		goal: goal{atLeast: 1.5, aim: 1.1, atMost: true},
	}
}

// disturb publishes steadily while disturbance runs, and judges the spans that it
// gives.
func disturb(ctx context.Context, t target, disturbance func(context.Context) (quiet, loud span, err error)) ([]reading, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ending := make(chan struct{})
	var quiet, loud span
	go func() {
		defer close(ending)
		var err error
		if quiet, loud, err = disturbance(ctx); err != nil {
			cancel(err)
		}
	}()
	all, err := t.steadily(ctx, publishers, steadyEvery, ending)
	cancel(err)
	<-ending
	if err != nil {
		return nil, err
	}
	alone, err1 := quiet.slowest(all)
	beside, err2 := loud.slowest(all)
	return []reading{ofBase(beside, alone)}, errors.Join(err1, err2)
}

// Topics are deleted one after the other: the subscriptions of one are removed in
// about deletedEvery.
const (
	deletions    = 4
	deletedEvery = time.Second
)

// deleting is the step of large topics that are deleted.
func (b *bench) deleting() step {
	r := disturbed("topics of 10,000 are deleted")
	return step{name: r.name, rows: []*row{r}, measure: func(ctx context.Context, _ int) ([]reading, error) {
		quiet := plan{topic: "quiet"}
		plans := []plan{quiet}
		for i := range deletions {
			plans = append(plans, plan{topic: fmt.Sprint("large", i), endpoints: b.sink.endpoints(smn.MaxSubscriptions)})
		}
		s, end, err := b.launch(ctx, plans)
		if err != nil {
			return nil, err
		}
		defer end()
		t, err := b.target(s, s.url, quiet.urn())
		if err != nil {
			return nil, err
		}
		return disturb(ctx, t, func(ctx context.Context) (quiet, loud span, err error) {
			if err := rest(ctx, steadyWarm); err != nil {
				return quiet, loud, err
			}
			quiet.from = time.Now()
			if err := rest(ctx, deletions*deletedEvery); err != nil {
				return quiet, loud, err
			}
			quiet.to = time.Now()
			loud.from = quiet.to
			for _, large := range plans[1:] {
				if err := s.DeleteTopic(ctx, smn.TopicInput{TopicURN: large.urn()}); err != nil {
					return quiet, loud, err
				}
				if err := rest(ctx, deletedEvery); err != nil {
					return quiet, loud, err
				}
			}
			loud.to = time.Now()
			return quiet, loud, nil
		})
	}}
}

const (
	oldMessages = 20_000
	purgeBegins = time.Minute     // after its start the service purges for the first time
	purgeBefore = 6 * time.Second // what is measured before that
	purgeLasts  = 2 * time.Minute // at most
)

// purging is the step of old messages that are removed.
func (b *bench) purging() step {
	r := disturbed("20,000 old messages are purged")
	return step{name: r.name, once: true, rows: []*row{r}, measure: func(ctx context.Context, _ int) ([]reading, error) {
		old := plan{topic: "old", old: oldMessages}
		s, end, err := b.launch(ctx, []plan{old})
		if err != nil {
			return nil, err
		}
		defer end()
		b.note("pressure: waiting for the service to purge")
		if err := rest(ctx, purgeBegins-purgeBefore-2*steadyWarm); err != nil {
			return nil, err
		}
		t, err := b.target(s, s.url, old.urn())
		if err != nil {
			return nil, err
		}
		isGone := func(ctx context.Context, i int) (bool, error) {
			_, err := s.GetMessageReport(ctx, smn.MessageReportInput{TopicURN: old.urn(), MessageID: oldMessage(i), Limit: 1})
			if smn.CodeOf(err) == smn.ResourceNotFound {
				return true, nil
			}
			return false, err
		}
		return disturb(ctx, t, func(ctx context.Context) (quiet, loud span, err error) {
			gone := func(i int) func() (bool, error) {
				return func() (bool, error) { return isGone(ctx, i) }
			}
			if err := rest(ctx, steadyWarm); err != nil {
				return quiet, loud, err
			}
			quiet.from = time.Now()
			if err := poll(ctx, purgeBegins, "the purge to begin", gone(0)); err != nil {
				return quiet, loud, err
			}
			loud.from = time.Now()
			quiet.to = loud.from.Add(-pollEvery) // it may have begun since
			err = poll(ctx, purgeLasts, "the purge to end", gone(oldMessages-1))
			loud.to = time.Now()
			b.note("pressure: the purge took %s", loud.to.Sub(loud.from).Round(pollEvery))
			return quiet, loud, err
		})
	}}
}

// rest waits.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
