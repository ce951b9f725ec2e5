package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// Subscribe implements smn.Subscriptions.
func (b *Broker) Subscribe(ctx context.Context, in smn.SubscribeInput) (smn.SubscribeOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscribeOutput{}, err
	}
	topic, may, err := b.judgedTopic(ctx, caller, access.Subscribe, in.TopicURN)
	if err == nil && !may(in.Protocol, in.Endpoint) {
		err = notAllowed()
	}
	if err != nil {
		return smn.SubscribeOutput{}, err
	}
	if err := b.mayCall(in.NewSubscription); err != nil {
		return smn.SubscribeOutput{}, err
	}
	outputs, err := b.add(ctx, topic, []smn.NewSubscription{in.NewSubscription})
	if err != nil {
		return smn.SubscribeOutput{}, err
	}
	return outputs[0], outputs[0].Err
}

// SubscribeBatch implements smn.Subscriptions.
func (b *Broker) SubscribeBatch(ctx context.Context, in smn.SubscribeBatchInput) ([]smn.SubscribeOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, may, err := b.judgedTopic(ctx, caller, access.Subscribe, in.TopicURN)
	if err != nil {
		return nil, err
	}
	outputs := make([]smn.SubscribeOutput, len(in.Subscriptions))
	allowed := topic.Project == caller.Project
	var good []smn.NewSubscription
	var place []int // of the good ones in the batch
	for i, s := range in.Subscriptions {
		outputs[i].Err = validation.Check(s)
		switch {
		case outputs[i].Err != nil:
		case !may(s.Protocol, s.Endpoint):
			outputs[i].Err = notAllowed()
		default:
			allowed = true
			outputs[i].Err = b.mayCall(s)
		}
		if outputs[i].Err == nil {
			good = append(good, s)
			place = append(place, i)
		}
	}
	if !allowed { // who may nothing learns nothing
		return nil, notAllowed()
	}
	added, err := b.add(ctx, topic, good)
	if err != nil {
		return nil, err
	}
	for i, out := range added {
		outputs[place[i]] = out
	}
	return outputs, nil
}

// mayCall refuses endpoints inside a network unless they are allowed.
func (b *Broker) mayCall(s smn.NewSubscription) error {
	if b.AllowPrivateEndpoints || s.Protocol != smn.HTTP && s.Protocol != smn.HTTPS || !validation.IsInternal(s.Endpoint) {
		return nil
	}
	return smn.Errorf(smn.InternalEndpoint, "the endpoint is an address inside a network; only public addresses may be subscribed")
}

// add stores subscriptions that have passed every rule, and sees to it that
// each endpoint that is not confirmed gets a confirmation.
func (b *Broker) add(ctx context.Context, topic store.Topic, subscriptions []smn.NewSubscription) ([]smn.SubscribeOutput, error) {
	if len(subscriptions) == 0 {
		return nil, nil
	}
	introduction, err := b.introduction(ctx, topic.ID)
	if err != nil {
		return nil, err
	}
	now := b.Now()
	items := make([]store.AddSubscription, len(subscriptions))
	for i, s := range subscriptions {
		row := store.Subscription{
			SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
			Protocol:        s.Protocol,
			Endpoint:        s.Endpoint,
			Remark:          s.Remark,
			Extension:       s.Extension,
			Status:          smn.Unconfirmed,
			CreatedAt:       now,
		}
		items[i] = store.AddSubscription{Subscription: row, Task: b.invitation(topic, row, introduction)}
	}
	added, err := b.Store.AddSubscriptions(ctx, topic.Project, topic.ID, items, b.SubscriptionQuota)
	urn := b.urn(topic.Project, topic.Name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, smn.Errorf(smn.TopicNotFound, "topic %s does not exist", urn)
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", urn, err)
	}
	outputs := make([]smn.SubscribeOutput, len(added))
	var again []queue.Task
	for i, a := range added {
		switch {
		case errors.Is(a.Err, store.ErrLimit):
			outputs[i].Err = smn.Errorf(smn.TooManySubscriptions, "topic %s has %d subscriptions, which is its limit", urn, b.SubscriptionQuota)
			continue
		case a.Err != nil:
			outputs[i].Err = fmt.Errorf("subscribe to %s: %w", urn, a.Err)
			continue
		}
		outputs[i] = smn.SubscribeOutput{URN: smn.SubscriptionURN{Topic: urn, ID: a.ID}.String(), Created: a.Created}
		if !a.Created && !a.Status.Receives() {
			again = append(again, b.invitation(topic, a.Subscription, introduction))
		}
	}
	if len(again) > 0 {
		if err := b.Tasks.Put(ctx, again...); err != nil {
			return nil, fmt.Errorf("send confirmations of %s again: %w", urn, err)
		}
	}
	return outputs, nil
}

// notice is the task that tells a subscription's endpoint where it stands.
func (b *Broker) notice(kind queue.NoticeKind, topic store.Topic, s store.Subscription) queue.Task {
	now := b.Now()
	return queue.NewNotice(queue.Notice{
		MessageID:    smn.NewID(),
		Kind:         kind,
		TopicURN:     b.urn(topic.Project, topic.Name).String(),
		TopicDisplay: topic.DisplayName,
		Subscription: queue.NoticeRecipient{
			Project:  s.Project,
			TopicID:  s.TopicID,
			ID:       s.ID,
			Version:  s.Version,
			Protocol: s.Protocol,
			Endpoint: s.Endpoint,
		},
		Attempt:  1,
		IssuedAt: now,
	}, now)
}

// ListSubscriptions implements smn.Subscriptions.
func (b *Broker) ListSubscriptions(ctx context.Context, in smn.ListSubscriptionsInput) (smn.SubscriptionPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscriptionPage{}, err
	}
	return b.list(ctx, in, store.SubscriptionQuery{Project: caller.Project})
}

// ListSubscriptionsByTopic implements smn.Subscriptions.
func (b *Broker) ListSubscriptionsByTopic(ctx context.Context, in smn.ListSubscriptionsByTopicInput) (smn.SubscriptionPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscriptionPage{}, err
	}
	topic, err := b.openTopic(ctx, caller, access.ListSubscriptionsByTopic, in.TopicURN)
	if err != nil {
		return smn.SubscriptionPage{}, err
	}
	return b.list(ctx, in.ListSubscriptionsInput, store.SubscriptionQuery{Project: topic.Project, TopicID: topic.ID})
}

func (b *Broker) list(ctx context.Context, in smn.ListSubscriptionsInput, q store.SubscriptionQuery) (smn.SubscriptionPage, error) {
	q.Offset, q.Limit = in.Offset, limitOf(in.Page)
	if in.Marker != "" {
		marker, err := smn.ParseSubscriptionURN(in.Marker)
		if err != nil {
			return smn.SubscriptionPage{}, err
		}
		q.After, q.Offset = marker.ID, 0
	}
	page, err := b.Store.ListSubscriptions(ctx, q)
	if err != nil {
		return smn.SubscriptionPage{}, fmt.Errorf("list subscriptions: %w", err)
	}
	subscriptions := make([]smn.Subscription, len(page.Subscriptions))
	for i, s := range page.Subscriptions {
		subscriptions[i] = smn.Subscription{
			URN:      smn.SubscriptionURN{Topic: b.urn(s.Project, s.TopicName), ID: s.ID},
			Protocol: s.Protocol,
			Endpoint: s.Endpoint,
			Remark:   s.Remark,
			Status:   s.Status,
			Filters:  s.Filters,
		}
	}
	return smn.SubscriptionPage{Subscriptions: subscriptions, Total: page.Total}, nil
}

// CancelSubscription implements smn.Subscriptions.
func (b *Broker) CancelSubscription(ctx context.Context, in smn.SubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	urn, err := smn.ParseSubscriptionURN(in.SubscriptionURN)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.Unsubscribe, urn.Topic.String())
	if smn.CodeOf(err) == smn.Forbidden {
		return err
	}
	if err == nil {
		err = b.Store.DeleteSubscription(ctx, store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: urn.ID})
	}
	return subscriptionError("cancel", urn, err)
}

// subscriptionError is the one translation of what can go wrong with a named
// subscription. Of a topic that is gone, the subscriptions are gone too.
func subscriptionError(deed string, urn smn.SubscriptionURN, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound), smn.CodeOf(err) == smn.TopicNotFound:
		return smn.Errorf(smn.SubscriptionNotFound, "subscription %s does not exist", urn)
	}
	return fmt.Errorf("%s subscription %s: %w", deed, urn, err)
}
