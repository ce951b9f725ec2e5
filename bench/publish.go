package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"tocsin/shared/smn"
)

// concurrencies are how many publishers there are at once.
var concurrencies = []int{1, 16, 64}

// publish measures publishing to a topic without subscribers.
func (b *bench) publish(ctx context.Context) (s section, err error) {
	topic, err := b.service.topic(ctx, partPublish)
	if err != nil {
		return s, err
	}
	defer func() {
		if b.options.url == "" {
			return // the whole service goes away
		}
		// Also when interrupted: this service stays.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		err = errors.Join(err, b.service.DeleteTopic(ctx, smn.TopicInput{TopicURN: topic}))
	}()
	ours, err := b.service.publishing(b.service.url, topic)
	if err != nil {
		return s, err
	}
	raw, err := b.service.publishing(b.raw.url, topic)
	if err != nil {
		return s, err
	}
	s.heading = [4]string{"publish, " + strconv.Itoa(messageBytes) + " bytes, no subscribers", "publishes/s", "raw net/http + JSON/s", "ratio"}
	for _, n := range concurrencies {
		s.lines = append(s.lines, &comparison{name: fmt.Sprintf("%d at once", n)})
	}
	for round := range b.options.rounds {
		for i, n := range concurrencies {
			b.note("publish: round %d of %d, %d at once", round+1, b.options.rounds, n)
			err := s.lines[i].measure(round, func() (float64, error) {
				rate, err := ours.load(ctx, n, newSpan(b.options.length))
				if err == nil {
					err = b.settle(ctx)
				}
				return rate, err
			}, func() (float64, error) {
				return raw.load(ctx, n, newSpan(b.options.length))
			})
			if err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// marker makes a topic with one subscription. Tasks are done in the order in
// which they were made, so when a message published there arrives, all earlier
// ones have been seen to.
func (b *bench) marker(ctx context.Context) (settle func(context.Context) error, err error) {
	topic, err := b.service.topic(ctx, "marker")
	if err != nil {
		return nil, err
	}
	if err := b.service.subscribe(ctx, topic, b.sink.url, 1); err != nil {
		return nil, err
	}
	publishing, err := b.service.publishing(b.service.url, topic)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		before, err := b.sink.counts(ctx)
		if err != nil {
			return err
		}
		jobs := make(chan struct{}, 1)
		jobs <- struct{}{}
		close(jobs)
		if err := (fanOut{publishing: publishing}).publish(ctx, jobs); err != nil {
			return err
		}
		return poll(ctx, 6*patience, "the service to settle", func() (bool, error) {
			after, err := b.sink.counts(ctx)
			return after.Distinct > before.Distinct, err
		})
	}, nil
}
