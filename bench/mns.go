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
	s, _, err := b.launch(ctx, []plan{hundred})
	if err != nil {
		return nil, err
	}
	fan, err := b.fanOut(s, hundred, len(hundred.endpoints))
	if err != nil {
		return nil, err
	}
	const within = 0.85 // of the limit
	return []step{{
		name: "deliver, 100 MNS subscriptions",
		rows: []*row{
			{name: "deliver, 100 MNS subscriptions", base: "signatures of all cores", unit: perSecond, result: ratio, goal: goal{atLeast: within, aim: 0.9}},
			{name: "  of a delivery's processor time its signature", base: "a signature", unit: millis, result: ratio, goal: goal{atLeast: within, aim: 0.9}},
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
	}}, nil
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
