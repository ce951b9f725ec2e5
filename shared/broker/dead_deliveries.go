package broker

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// ListDeadDeliveries implements smn.DeadDeliveries.
func (b *Broker) ListDeadDeliveries(ctx context.Context, in smn.ListDeadDeliveriesInput) ([]smn.DeadDelivery, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, list, err := b.listDead(ctx, caller, in.TopicURN, in.DeadFilter, limitOf(smn.Page{Limit: in.Limit}))
	if err != nil {
		return nil, err
	}
	dead := make([]smn.DeadDelivery, len(list))
	for i, d := range list {
		dead[i] = smn.DeadDelivery{Message: smn.PublishedMessage(d.Message), DeliveryFailure: b.describeFailure(topic, d.ListedFailure)}
	}
	return dead, nil
}

// listDead lists the dead deliveries of a topic of the caller. Subscriptions of
// other topics have none there.
func (b *Broker) listDead(ctx context.Context, caller smn.Caller, topicURN string, f smn.DeadFilter, limit int) (store.Topic, []store.DeadFailure, error) {
	topic, err := b.ownTopic(ctx, caller, topicURN)
	if err != nil {
		return store.Topic{}, nil, err
	}
	q := store.DeadQuery{TopicID: topic.ID, MessageID: f.MessageID, Limit: limit}
	if f.SubscriptionURN != "" {
		urn, err := smn.ParseSubscriptionURN(f.SubscriptionURN)
		if err != nil {
			return store.Topic{}, nil, err
		}
		q.SubscriptionID = urn.ID
	}
	if f.Marker != "" {
		marker, err := smn.ParseDeadMarker(f.Marker)
		if err != nil {
			return store.Topic{}, nil, err
		}
		q.After = store.DeadKey{MessageID: marker.MessageID, SubscriptionID: marker.SubscriptionURN.ID}
	}
	list, err := b.Store.ListDead(ctx, q)
	if err != nil {
		return store.Topic{}, nil, fmt.Errorf("list dead deliveries of %s: %w", topicURN, err)
	}
	return topic, list, nil
}

// Redeliver implements smn.DeadDeliveries. Whether a subscription still receives is
// seen by the worker, which gives the delivery up again if not.
func (b *Broker) Redeliver(ctx context.Context, in smn.RedeliverInput) (smn.RedeliverOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.RedeliverOutput{}, err
	}
	topic, dead, err := b.listDead(ctx, caller, in.TopicURN, in.DeadFilter, smn.MaxRedeliver+1)
	if err != nil {
		return smn.RedeliverOutput{}, err
	}
	one := in.MessageID != "" && in.SubscriptionURN != ""
	var out smn.RedeliverOutput
	if len(dead) > smn.MaxRedeliver {
		dead = dead[:smn.MaxRedeliver]
		last := dead[smn.MaxRedeliver-1]
		out.Marker = smn.DeadMarker{
			MessageID: last.MessageID, SubscriptionURN: smn.SubscriptionURN{Topic: b.topicURN(topic), ID: last.SubscriptionID},
		}.String()
	}
	now := b.Now()
	items := make([]store.Redelivery, len(dead))
	for i, d := range dead {
		items[i] = redelivery(d.Failure, now)
	}
	if out.Redelivered, err = b.Store.Redeliver(ctx, items); err != nil {
		return smn.RedeliverOutput{}, fmt.Errorf("redeliver of %s: %w", in.TopicURN, err)
	}
	if one && out.Redelivered == 0 {
		return smn.RedeliverOutput{}, smn.Errorf(smn.ResourceNotFound, "there is no dead delivery of message %s to %s", in.MessageID, in.SubscriptionURN)
	}
	return out, nil
}

// redelivery begins a dead delivery anew, at once. Why it died is told until the
// next attempt says something else.
func redelivery(f store.Failure, now time.Time) store.Redelivery {
	f.Dead, f.Attempts, f.Next, f.At = false, 0, now, now
	return store.Redelivery{Failure: f, Task: queue.NewRetry(f.Project, f.TopicID, queue.Retry{
		MessageID: f.MessageID, SubscriptionID: f.SubscriptionID, Attempt: 1, Expires: now.Add(smn.DefaultTimeToLive),
	}, now)}
}
