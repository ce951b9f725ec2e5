package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/smn"
)

// publishes are the rows of publishing: how many publish at once, to a service of
// which durability, and what is wanted of it.
var publishes = []struct {
	atOnce     int
	durability string
	goal       goal
}{
	{1, "full", goal{atLeast: 0.5, aim: 0.8}},
	{16, "full", goal{atLeast: 0.28, aim: 0.38}},
	{64, "full", goal{atLeast: 0.50, aim: 0.62}},
	{256, "full", goal{atLeast: 0.62, aim: 0.75}},
	{16, "normal", goal{atLeast: 0.55, aim: 0.65}},
	{64, "normal", goal{atLeast: 0.65, aim: 0.75}},
}

const givenService = "full" // where a service that runs already stands in the table

// publish measures publishing to a topic without subscribers: beside a server that
// stores nothing, and with one publisher beside one that makes its row durable,
// since that is what a single publisher waits for.
func (b *bench) publish(ctx context.Context) ([]step, error) {
	services := make(map[string]publishedTo)
	for _, p := range publishes {
		_, there := services[p.durability]
		if there || b.options.url != "" && p.durability != givenService {
			continue
		}
		s, err := b.publishedTo(ctx, p.durability)
		if err != nil {
			return nil, err
		}
		services[p.durability] = s
	}
	raw, err := startRole(ctx, roleRaw)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, raw.stop)
	durable, err := startRole(ctx, roleFsync, b.dir)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, durable.stop)

	var steps []step
	for _, p := range publishes {
		to, there := services[p.durability]
		if !there {
			continue
		}
		base, address := "stores nothing", raw.urls[0]
		if p.atOnce == 1 {
			base, address = fmt.Sprintf("fsyncs %d bytes", rowBytes), durable.urls[0]
		}
		beside, err := b.target(to.service, address, to.topic)
		if err != nil {
			return nil, err
		}
		r := &row{name: "publish, " + p.durability + ", " + plural(p.atOnce, "publisher"), base: base, unit: perSecond, result: ratio, goal: p.goal}
		steps = append(steps, compare(r, func(ctx context.Context) (float64, error) {
			rate, err := to.target.load(ctx, p.atOnce, newSpan(b.options.length))
			return rate, errors.Join(err, to.settle(ctx))
		}, func(ctx context.Context) (float64, error) {
			return beside.load(ctx, p.atOnce, newSpan(b.options.length))
		}))
	}
	return steps, nil
}

// publishedTo is a service with a topic that nobody has subscribed to.
type publishedTo struct {
	service *service
	topic   string
	target  target

	// settle waits until the service has done all that its publishes left behind, so
	// that no base pays for it.
	settle func(context.Context) error
}

// publishedTo starts a service, or takes the one that the options name.
func (b *bench) publishedTo(ctx context.Context, durability string) (to publishedTo, err error) {
	if b.options.url != "" {
		return b.given(ctx)
	}
	quiet, marked := plan{topic: "quiet"}, plan{topic: "marker", endpoints: b.sink.endpoints(1)}
	if to.service, _, err = b.launch(ctx, []plan{quiet, marked}, "TOCSIN_DURABILITY="+durability); err != nil {
		return to, err
	}
	to.topic = quiet.urn()
	if to.target, err = b.target(to.service, to.service.url, to.topic); err != nil {
		return to, err
	}
	marker, err := b.target(to.service, to.service.url, marked.urn())
	// Work is done in the order in which it came, so when the marker arrives, all
	// that came before has been seen to.
	to.settle = func(ctx context.Context) error {
		before, err := b.sink.counts(ctx)
		if err != nil {
			return err
		}
		if err := marker.once(ctx); err != nil {
			return err
		}
		return poll(ctx, 6*patience, "the service to settle", func() (bool, error) {
			after, err := b.sink.counts(ctx)
			return after.Distinct > before.Distinct, err
		})
	}
	return to, err
}

// given is the service that runs already, with a topic that goes at the end. From
// outside nobody sees whether it has settled, so it gets a moment.
func (b *bench) given(ctx context.Context) (to publishedTo, err error) {
	if to.service, err = logIn(ctx, b.options.url, b.options.account); err != nil {
		return to, err
	}
	topic, err := to.service.CreateTopic(ctx, smn.CreateTopicInput{Name: "bench-" + smn.NewID()[:12]})
	if err != nil {
		return to, err
	}
	b.closers = append(b.closers, func() {
		// Also when interrupted: this service stays.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if err := to.service.DeleteTopic(ctx, smn.TopicInput{TopicURN: topic.URN}); err != nil {
			b.note("delete topic %s: %v", topic.URN, err)
		}
	})
	to.topic = topic.URN
	to.settle = func(ctx context.Context) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	to.target, err = b.target(to.service, to.service.url, to.topic)
	return to, err
}

// target is publishing to a topic by the generator of the options.
func (b *bench) target(s *service, address, topic string) (target, error) {
	t, err := s.publishing(address, topic)
	if b.options.generator == generatorClient {
		t = t.withClient()
	}
	return t, err
}
