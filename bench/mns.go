package main

import (
	"context"
	"errors"
	"os"
	"time"

	"tocsin/internal/trial"
	"tocsin/shared/mns"
)

// mns measures the fan-out to subscriptions of MNS, each of which gets a signature of
// its own: how near it comes to the most that the signatures allow, in deliveries a
// second and in time of the processor.
func (b *bench) mns(ctx context.Context) ([]step, error) {
	hundred := plan{topic: "hundred", endpoints: b.sink.endpoints(100), form: mns.FormXML}
	others := plan{topic: "others", endpoints: b.sink.endpoints(110)[100:]}
	s, _, err := b.launch(ctx, []plan{hundred, others})
	if err != nil {
		return nil, err
	}
	fan, err := b.fanOut(s, hundred, len(hundred.endpoints))
	if err != nil {
		return nil, err
	}
	return []step{{
		name: "deliver, 100 MNS subscriptions",
		rows: []*row{
			{name: "deliver, 100 MNS subscriptions", base: "signatures of all cores", unit: perSecond, result: ratio, goal: goal{atLeast: 0.85, aim: 0.95}},
			{name: "  of a delivery's processor time its signature", base: "a signature", unit: millis, result: ratio},
		},
		measure: func(ctx context.Context, round int) ([]reading, error) {
			measures := [2]func(context.Context) (spent, error){
				func(ctx context.Context) (spent, error) { return b.spentDelivering(ctx, fan, s.process) },
				func(ctx context.Context) (spent, error) { return spentSigning(ctx, b.options.length) },
			}
			var got [2]spent
			for i := range 2 {
				which := (round + i) % 2
				var err error
				if got[which], err = measures[which](ctx); err != nil {
					return nil, err
				}
			}
			ours, base := got[0], got[1]
			return []reading{ofBase(ours.rate, base.rate), {ours.each, base.each, base.each / ours.each}}, nil
		},
	}, b.meanwhile(fan, others, s)}, nil
}

// meanwhile is the step of what the fan-out at full speed leaves to another topic,
// beside the same alone.
func (b *bench) meanwhile(fan fanOut, others plan, s *service) step {
	const messages = 10 // a second
	return step{
		name: "another topic meanwhile",
		rows: []*row{
			{name: "publish → received of SMN meanwhile, 10 publishes/s, p50", base: "alone", unit: millis, result: millis},
			{name: "  p99", base: "alone", unit: millis, result: millis},
		},
		measure: func(ctx context.Context, _ int) ([]reading, error) {
			const longer = 2 // for enough messages to speak of a hundredth
			pace := func() (series, error) {
				return b.pace(ctx, s, others.urn(), len(others.endpoints), messages, longer*b.options.length)
			}
			alone, err := pace()
			if err != nil {
				return nil, err
			}
			full := make(chan error, 1)
			go func() {
				_, err := fan.run(ctx, warmUp+longer*b.options.length)
				full <- err
			}()
			ours, err := pace()
			if err = errors.Join(err, <-full); err != nil {
				return nil, err
			}
			between := func(q float64) reading { return reading{ours.quantile(q), alone.quantile(q), ours.quantile(q)} }
			return []reading{between(0.5), between(0.99)}, nil
		},
	}
}

// spent is how fast something went, and how many seconds the processor spent on each.
type spent struct{ rate, each float64 }

// spentDelivering is about deliveries of a fan-out by a service, from the first to the
// last.
func (b *bench) spentDelivering(ctx context.Context, fan fanOut, service *trial.Process) (spent, error) {
	before, err := b.sink.counts(ctx)
	if err != nil {
		return spent{}, err
	}
	began, err := service.CPU()
	if err != nil {
		return spent{}, err
	}
	rate, err := fan.run(ctx, b.options.length)
	if err != nil {
		return spent{}, err
	}
	ended, err := service.CPU()
	if err != nil {
		return spent{}, err
	}
	after, err := b.sink.counts(ctx)
	return spent{rate, (ended - began).Seconds() / float64(after.Distinct-before.Distinct)}, err
}

// spentSigning is about signatures, by this process.
func spentSigning(ctx context.Context, length time.Duration) (spent, error) {
	began, err := trial.CPUOf(os.Getpid())
	if err != nil {
		return spent{}, err
	}
	from := time.Now()
	rate, err := signaturesPerSecond(ctx, length)
	if err != nil {
		return spent{}, err
	}
	made := rate * time.Since(from).Seconds()
	ended, err := trial.CPUOf(os.Getpid())
	if made == 0 {
		err = errors.Join(err, errors.New("the machine is too busy to measure anything"))
	}
	return spent{rate, (ended - began).Seconds() / made}, err
}
