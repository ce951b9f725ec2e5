package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// subscribers are how many subscriptions the topics have.
var subscribers = []int{1, 100, 1000}

// deliver measures the fan-out to endpoints of the sink. It also tells how many
// deliveries came more than once.
func (b *bench) deliver(ctx context.Context) (s section, repeats int64, err error) {
	s.heading = [4]string{"deliver, " + strconv.Itoa(messageBytes) + " bytes", "deliveries/s", "raw http.Client loop/s", "ratio"}
	fans := make([]fanOut, len(subscribers))
	for i, n := range subscribers {
		topic, err := b.service.topic(ctx, fmt.Sprintf("%s-%d", partDeliver, n))
		if err != nil {
			return s, repeats, err
		}
		b.note("deliver: adding %s", plural(n, "subscription"))
		if err := b.service.subscribe(ctx, topic, b.sink.url, n); err != nil {
			return s, repeats, err
		}
		publishing, err := b.service.publishing(b.service.url, topic)
		if err != nil {
			return s, repeats, err
		}
		fans[i] = fanOut{sink: b.sink, publishing: publishing, subscribers: n}
		s.lines = append(s.lines, &comparison{name: plural(n, "subscription")})
	}
	for round := range b.options.rounds {
		for i, n := range subscribers {
			b.note("deliver: round %d of %d, %s", round+1, b.options.rounds, plural(n, "subscription"))
			err := s.lines[i].measure(round, func() (float64, error) {
				o, err := fans[i].run(ctx, b.options.length)
				repeats += o.repeats
				return o.rate, err
			}, func() (float64, error) {
				c, err := b.sink.counts(ctx)
				if err != nil {
					return 0, err
				}
				return rawLoop(ctx, b.sink.url, n, c.BodyBytes, newSpan(b.options.length))
			})
			if err != nil {
				return s, repeats, err
			}
		}
	}
	return s, repeats, nil
}

// sinkClient reads a sink's counts.
type sinkClient struct {
	url    string
	client *http.Client
}

func (s sinkClient) counts(ctx context.Context) (counts, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+pathCounts, http.NoBody)
	if err != nil {
		return counts{}, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return counts{}, fmt.Errorf("counts of the sink: %w", err)
	}
	defer answer.Body.Close()
	var c counts
	return c, json.NewDecoder(answer.Body).Decode(&c)
}

// fanOut is a topic with confirmed subscriptions, and the messages sent there.
type fanOut struct {
	sink        sinkClient
	publishing  target
	subscribers int
}

const (
	publishers = 16 // connections that messages are published on
	feedEvery  = 5 * time.Millisecond
)

// inFlight is how many messages are kept under way: enough for the service never
// to run dry, few enough to be delivered soon after the measurement.
func (f fanOut) inFlight() int64 { return int64(min(max(3200/f.subscribers, 4), 256)) }

// outcome is what a measurement of deliveries saw.
type outcome struct {
	rate    float64 // different deliveries a second
	repeats int64
}

// run publishes such that the service always has something to deliver, and counts
// what arrives within the span. It returns when everything has arrived.
func (f fanOut) run(ctx context.Context, length time.Duration) (outcome, error) {
	before, err := f.sink.counts(ctx)
	if err != nil {
		return outcome{}, err
	}
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
	published, rate, err := f.feed(feeding, before, jobs, newSpan(length))
	close(jobs)
	for range publishers {
		err = errors.Join(err, <-done)
	}
	if err != nil {
		return outcome{}, fmt.Errorf("deliver to %d: %w", f.subscribers, err)
	}
	var after counts
	err = poll(ctx, 3*patience, "everything to be delivered", func() (bool, error) {
		after, err = f.sink.counts(ctx)
		return after.Distinct-before.Distinct >= published*int64(f.subscribers), err
	})
	fresh := after.Distinct - before.Distinct
	return outcome{rate: rate, repeats: after.Deliveries - before.Deliveries - fresh}, err
}

// feed orders messages until the span ends. It returns how many, and the
// deliveries a second within the span by the sink's own clock.
func (f fanOut) feed(ctx context.Context, before counts, jobs chan<- struct{}, s span) (published int64, rate float64, err error) {
	var first counts
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

// publish publishes a message for each job, on a connection of its own.
func (f fanOut) publish(ctx context.Context, jobs <-chan struct{}) (err error) {
	c, err := f.publishing.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for range jobs {
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		again, err := c.exchange(f.publishing)
		if err != nil {
			return err
		}
		if !again {
			return errors.New("the service closed a connection")
		}
	}
	return nil
}
