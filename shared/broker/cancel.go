package broker

import (
	"context"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// CancelSubscription implements smn.Subscriptions.
func (b *Broker) CancelSubscription(ctx context.Context, in smn.SubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	found, err := b.canceller(ctx, caller)(in.SubscriptionURN)
	if err != nil {
		return err
	}
	return b.cancel(ctx, found)
}

// canceller finds the subscriptions that the caller may cancel: because the topic
// lets it, or because its own project has added the subscription.
func (b *Broker) canceller(ctx context.Context, caller smn.Caller) func(urn string) (found, error) {
	open, anyTopic := onceEach(b.opener(ctx, caller, access.Unsubscribe)), onceEach(b.anyTopic(ctx))
	return func(urn string) (found, error) {
		f, refusal := b.find(urn, open)
		if smn.CodeOf(refusal) != smn.Forbidden {
			return f, refusal
		}
		f, err := b.find(urn, anyTopic)
		if err == nil {
			var s store.Subscription
			if s, err = b.Store.GetSubscription(ctx, f.key); err == nil && s.Subscriber == caller.Project {
				return f, nil
			}
			err = subscriptionError("get", f.urn, err)
		}
		if smn.CodeOf(err) == smn.Internal {
			return found{}, err
		}
		return found{}, refusal // the same whether or not the subscription exists
	}
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
	found, err := b.find(in.SubscriptionURN, b.only(topic))
	if err != nil {
		return err
	}
	return b.cancel(ctx, found)
}

func (b *Broker) cancel(ctx context.Context, f found) error {
	return subscriptionError("cancel", f.urn, b.Store.DeleteSubscription(ctx, f.key))
}

// CancelSubscriptions implements smn.Subscriptions.
func (b *Broker) CancelSubscriptions(ctx context.Context, in smn.CancelSubscriptionsInput) ([]error, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	find := b.canceller(ctx, caller)
	if in.TopicURN != "" {
		topic, err := b.openTopic(ctx, caller, access.Unsubscribe, in.TopicURN)
		if err != nil {
			return nil, err
		}
		find = func(urn string) (found, error) { return b.find(urn, b.only(topic)) }
	}
	all, err := b.findAll(len(in.SubscriptionURNs), func(i int) (found, error) { return find(in.SubscriptionURNs[i]) })
	if err != nil {
		return nil, err
	}
	outcomes, err := b.Store.DeleteSubscriptions(ctx, all.keys())
	if err != nil {
		return nil, err
	}
	return all.settle("cancel", outcomes), nil
}
