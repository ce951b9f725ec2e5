package trial

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// Topic is a topic and the endpoints of a sink that subscribe to it.
type Topic struct {
	URN       string
	Endpoints []Endpoint
}

// Subscribe makes a topic and adds the endpoints, which confirm by themselves.
func Subscribe(ctx context.Context, c *client.Client, name, sinkURL string, endpoints []Endpoint) (Topic, error) {
	topic, err := c.CreateTopic(ctx, smn.CreateTopicInput{Name: name})
	if err != nil {
		return Topic{}, err
	}
	for first := 0; first < len(endpoints); first += smn.MaxBatch {
		in := smn.SubscribeBatchInput{TopicURN: topic.URN}
		for _, e := range endpoints[first:min(first+smn.MaxBatch, len(endpoints))] {
			in.Subscriptions = append(in.Subscriptions, smn.NewSubscription{Protocol: smn.HTTP, Endpoint: sinkURL + e.Path()})
		}
		out, err := c.SubscribeBatch(ctx, in)
		if err != nil {
			return Topic{}, fmt.Errorf("subscribe: %w", err)
		}
		for _, o := range out {
			if o.Err != nil {
				return Topic{}, fmt.Errorf("subscribe: %w", o.Err)
			}
		}
	}
	return Topic{URN: topic.URN, Endpoints: endpoints}, nil
}

// Confirmed counts the confirmed subscriptions of a topic.
func Confirmed(ctx context.Context, c *client.Client, topicURN string) (n int, err error) {
	in := smn.ListSubscriptionsByTopicInput{TopicURN: topicURN}
	for {
		page, err := c.ListSubscriptionsByTopic(ctx, in)
		if err != nil {
			return n, fmt.Errorf("list subscriptions: %w", err)
		}
		for _, sub := range page.Subscriptions {
			if sub.Status == smn.Confirmed {
				n++
			}
		}
		in.Offset += len(page.Subscriptions)
		if len(page.Subscriptions) == 0 || in.Offset >= page.Total {
			return n, nil
		}
	}
}

// LocalClient calls a process that runs without any settings.
func LocalClient(p *Process) (*client.Client, error) {
	return client.New(client.Config{
		Endpoint:   p.URL(),
		Credential: client.AccessKey{Access: "LOCALACCESSKEY", Secret: "LOCALSECRETKEY", Project: "0123456789abcdef0123456789abcdef"},
	})
}

// Until asks again and again until it is so, or ctx ends.
func Until(ctx context.Context, every time.Duration, isSo func() bool) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !isSo() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
