package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/trial"
)

// deliver measures the fan-out to endpoints that are all well: rates, memory, and
// the time from publish to arrival.
func (b *bench) deliver(ctx context.Context) ([]step, error) {
	one := plan{topic: "one", endpoints: b.sink.endpoints(1)}
	hundred := plan{topic: "hundred", endpoints: b.sink.endpoints(100)}
	thousand := plan{topic: "thousand", endpoints: b.sink.endpoints(1000)}
	s, _, err := b.launch(ctx, []plan{one, hundred, thousand})
	if err != nil {
		return nil, err
	}
	var fans [3]fanOut
	for i, p := range []plan{one, hundred, thousand} {
		if fans[i], err = b.fanOut(s, p, len(p.endpoints)); err != nil {
			return nil, err
		}
	}
	rate := func(f fanOut) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			return f.run(ctx, b.options.length)
		}
	}
	const rawBase = "64 http.Client workers"
	raw := func(ctx context.Context) (float64, error) {
		c, err := b.sink.counts(ctx)
		if err != nil {
			return 0, err
		}
		return rawLoop(ctx, hundred.endpoints, max(c.BodyBytes, messageBytes), newSpan(b.options.length))
	}
	many := compare(&row{
		name: "deliver, 1,000 subscriptions", base: rawBase, unit: perSecond, result: ratio,
		goal: goal{atLeast: 1.2, aim: 1.5},
	}, rate(fans[2]), raw)
	return []step{
		compare(&row{
			name: "deliver, 100 subscriptions", base: rawBase, unit: perSecond, result: ratio,
			goal: goal{atLeast: 0.9, aim: 1.1},
		}, rate(fans[1]), raw),
		withMemory(many, s.process, "peak memory at 1,000 subscriptions, full speed", goal{atLeast: 64 << 20, aim: 48 << 20, atMost: true}),
		single(rate(fans[0]), b.options.length),
		b.arrival(hundred, s),
	}, nil
}

// The machine that the goals of a single subscription were set on makes 1,250
// signatures a second on each of two cores.
const signaturesThere = 2500.0

// single is the step of one subscription, where the signature decides: each
// message needs one of its own.
func single(rate func(context.Context) (float64, error), length time.Duration) step {
	want := goal{atLeast: 1200, aim: 1700}
	return step{
		name: "1 subscription",
		rows: []*row{
			{name: "deliver, 1 subscription", unit: perSecond, result: perSecond, goal: want},
			{
				name: "  of the RSA signatures of all cores", base: "signatures", unit: perSecond, result: ratio,
				goal: goal{atLeast: want.atLeast / signaturesThere, aim: want.aim / signaturesThere},
			},
		},
		measure: func(ctx context.Context, _ int) ([]reading, error) {
			ours, err := rate(ctx)
			if err != nil {
				return nil, err
			}
			signatures, err := signaturesPerSecond(ctx, length)
			return []reading{alone(ours), ofBase(ours, signatures)}, err
		},
	}
}

// withMemory adds the row of what a process takes at most while a step is taken.
func withMemory(s step, p *trial.Process, name string, g goal) step {
	inner := s.measure
	s.rows = append(s.rows, &row{name: name, unit: mebibytes, result: mebibytes, goal: g})
	s.measure = func(ctx context.Context, round int) ([]reading, error) {
		if err := p.ForgetPeak(); err != nil {
			return nil, err
		}
		readings, err := inner(ctx, round)
		if err != nil {
			return nil, err
		}
		m, err := p.Memory()
		return append(readings, alone(float64(m.Peak))), err
	}
	return s
}

// arrival is the step of the time from publish to arrival, at a small steady pace.
func (b *bench) arrival(p plan, s *service) step {
	const messages = 5 // a second
	name := fmt.Sprintf("publish → received, %d subscriptions, %d publishes/s", len(p.endpoints), messages)
	return step{
		name: "publish → received",
		rows: []*row{
			{name: name + ", p50", unit: millis, result: millis},
			{name: name + ", p99", unit: millis, result: millis, goal: goal{atLeast: 12e-3, aim: 6e-3, atMost: true}},
		},
		measure: func(ctx context.Context, _ int) ([]reading, error) {
			const longer = 4 // for enough messages to speak of a hundredth
			took, err := b.pace(ctx, s, p.urn(), len(p.endpoints), messages, longer*b.options.length)
			return []reading{alone(took.quantile(0.5)), alone(took.quantile(0.99))}, err
		},
	}
}

// fanOut is a topic with confirmed subscriptions, and the messages sent there.
type fanOut struct {
	sink        receiver
	publishing  target
	subscribers int // at good endpoints
}

func (b *bench) fanOut(s *service, p plan, good int) (fanOut, error) {
	t, err := s.publishing(s.url, p.urn())
	return fanOut{sink: b.sink, publishing: t, subscribers: good}, err
}

const (
	publishers = 16 // connections that messages are published on
	feedEvery  = 5 * time.Millisecond
)

// inFlight is how many messages are kept under way: enough for the service never
// to run dry, few enough to be delivered soon after the measurement.
func (f fanOut) inFlight() int64 { return int64(min(max(3200/f.subscribers, 4), 256)) }

// run publishes such that the service always has something to deliver, and returns
// the different deliveries a second that arrive within the span. It waits until
// everything has arrived.
func (f fanOut) run(ctx context.Context, length time.Duration) (float64, error) {
	before, err := f.sink.counts(ctx)
	if err != nil {
		return 0, err
	}
	published, rate, err := f.full(ctx, before, length)
	if err != nil {
		return 0, err
	}
	return rate, poll(ctx, 6*patience, "everything to be delivered", func() (bool, error) {
		after, err := f.sink.counts(ctx)
		return after.Distinct-before.Distinct >= published*int64(f.subscribers), err
	})
}

// full is the part of run that measures.
func (f fanOut) full(ctx context.Context, before trial.Counts, length time.Duration) (published int64, rate float64, err error) {
	jobs := make(chan struct{}, f.inFlight())
	feeding, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, publishers)
	for range publishers {
		go func() {
			err := f.publish(feeding, jobs)
			if err != nil {
				cancel(err) // else the feeder would wait for ever
			}
			done <- err
		}()
	}
	published, rate, err = f.feed(feeding, before, jobs, newSpan(length))
	close(jobs)
	for range publishers {
		err = errors.Join(err, <-done)
	}
	if err != nil {
		return published, 0, fmt.Errorf("deliver to %d: %w", f.subscribers, err)
	}
	return published, rate, nil
}

// feed orders messages until the span ends. It returns how many, and the
// deliveries a second within the span by the sink's own clock.
func (f fanOut) feed(ctx context.Context, before trial.Counts, jobs chan<- struct{}, s span) (published int64, rate float64, err error) {
	var first trial.Counts
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	for {
		c, err := f.sink.counts(ctx)
		if err != nil {
			return published, 0, errors.Join(err, context.Cause(ctx))
		}
		at := time.UnixMicro(c.AtMicros)
		if first.AtMicros == 0 && !at.Before(s.from) {
			first = c
		}
		if !at.Before(s.to) {
			took := float64(c.AtMicros-first.AtMicros) / 1e6
			if took <= 0 {
				return published, 0, errors.New("the machine is too busy to measure anything")
			}
			return published, float64(c.Distinct-first.Distinct) / took, nil
		}
		arrived := (c.Distinct - before.Distinct) / int64(f.subscribers)
		for published-arrived < f.inFlight() {
			select {
			case jobs <- struct{}{}:
				published++
			case <-ctx.Done():
				return published, 0, context.Cause(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return published, 0, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// publish publishes a message for each job, on a line of its own.
func (f fanOut) publish(ctx context.Context, jobs <-chan struct{}) (err error) {
	c, err := f.publishing.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for range jobs {
		again, err := c.exchange(ctx, f.publishing)
		if err != nil {
			return err
		}
		if !again {
			return errors.New("the service closed a connection")
		}
	}
	return nil
}
