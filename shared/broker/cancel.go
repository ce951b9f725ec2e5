package broker

import (
	"context"

	"tocsin/shared/access"
	"tocsin/shared/smn"
)

// CancelSubscription implements smn.Subscriptions.
func (b *Broker) CancelSubscription(ctx context.Context, in smn.SubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	return b.cancel(ctx, in.SubscriptionURN, b.opener(ctx, caller, access.Unsubscribe))
}

// CancelSubscriptionByTopic implements smn.Subscriptions.
func (b *Broker) CancelSubscriptionByTopic(ctx context.Context, in smn.TopicSubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.Unsubscribe, in.TopicURN)
	if err != nil {
		return err
	}
	return b.cancel(ctx, in.SubscriptionURN, b.only(topic))
}

func (b *Broker) cancel(ctx context.Context, urn string, open opener) error {
	found, err := b.find(urn, open)
	if err != nil {
		return err
	}
	return subscriptionError("cancel", found.urn, b.Store.DeleteSubscription(ctx, found.key))
}

// CancelSubscriptions implements smn.Subscriptions.
func (b *Broker) CancelSubscriptions(ctx context.Context, in smn.CancelSubscriptionsInput) ([]error, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	open := b.opener(ctx, caller, access.Unsubscribe)
	if in.TopicURN != "" {
		topic, err := open(in.TopicURN)
		if err != nil {
			return nil, err
		}
		open = b.only(topic)
	}
	all, err := b.findAll(len(in.SubscriptionURNs), func(i int) (found, error) {
		return b.find(in.SubscriptionURNs[i], open)
	})
	if err != nil {
		return nil, err
	}
	outcomes, err := b.Store.DeleteSubscriptions(ctx, all.keys())
	if err != nil {
		return nil, err
	}
	return all.settle("cancel", outcomes), nil
}
