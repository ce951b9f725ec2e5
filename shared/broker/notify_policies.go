package broker

import (
	"cmp"
	"context"
	"slices"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// notifyPolicy is what is kept of a policy.
type notifyPolicy struct {
	Protocol smn.Protocol       `json:"protocol"`
	Polling  []smn.PollingRound `json:"polling"` // by Order
}

// CreateNotifyPolicy implements smn.NotifyPolicies.
func (b *Broker) CreateNotifyPolicy(ctx context.Context, in smn.CreateNotifyPolicyInput) (string, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return "", err
	}
	policy, err := b.newPolicy(ctx, topic, in.NewNotifyPolicy)
	if err != nil {
		return "", err
	}
	return b.attach(ctx, topic, notifyPolicyKind, 1, policy)
}

// newPolicy sees that a policy names subscriptions of its topic.
func (b *Broker) newPolicy(ctx context.Context, topic store.Topic, in smn.NewNotifyPolicy) (notifyPolicy, error) {
	for _, round := range in.Polling {
		for _, urn := range round.SubscriptionURNs {
			if _, err := b.ofTopic(ctx, topic, urn); err != nil {
				return notifyPolicy{}, err
			}
		}
	}
	polling := slices.SortedFunc(slices.Values(in.Polling), func(a, b smn.PollingRound) int { return cmp.Compare(a.Order, b.Order) })
	return notifyPolicy{Protocol: in.Protocol, Polling: polling}, nil
}

// ofTopic finds a subscription of a topic.
func (b *Broker) ofTopic(ctx context.Context, topic store.Topic, text string) (store.Subscription, error) {
	urn, err := smn.ParseSubscriptionURN(text)
	if err != nil {
		return store.Subscription{}, err
	}
	err = store.ErrNotFound
	var s store.Subscription
	if urn.Topic == b.topicURN(topic) {
		s, err = b.Store.GetSubscription(ctx, store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: urn.ID})
	}
	return s, subscriptionError("find", urn, err)
}

// GetNotifyPolicy implements smn.NotifyPolicies.
func (b *Broker) GetNotifyPolicy(ctx context.Context, in smn.TopicInput) (smn.NotifyPolicy, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return smn.NotifyPolicy{}, err
	}
	id, kept, err := theOne[notifyPolicy](ctx, b, topic, notifyPolicyKind)
	if err != nil {
		return smn.NotifyPolicy{}, err
	}
	policy := smn.NotifyPolicy{ID: id, Protocol: kept.Protocol, Polling: make([]smn.NotifyRound, len(kept.Polling))}
	for i, round := range kept.Polling {
		subscriptions, err := b.those(ctx, topic, round.SubscriptionURNs)
		if err != nil {
			return smn.NotifyPolicy{}, err
		}
		policy.Polling[i] = smn.NotifyRound{Order: round.Order, Subscriptions: subscriptions}
	}
	return policy, nil
}

// those are the subscriptions of a topic that still exist.
func (b *Broker) those(ctx context.Context, topic store.Topic, urns []string) ([]smn.NotifyTarget, error) {
	targets := []smn.NotifyTarget{}
	for _, text := range urns {
		s, err := b.ofTopic(ctx, topic, text)
		if smn.CodeOf(err) == smn.SubscriptionNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		targets = append(targets, smn.NotifyTarget{
			URN:      smn.SubscriptionURN{Topic: b.topicURN(topic), ID: s.ID},
			Endpoint: s.Endpoint,
			Remark:   s.Remark,
			Status:   s.Status,
		})
	}
	return targets, nil
}

// UpdateNotifyPolicy implements smn.NotifyPolicies.
func (b *Broker) UpdateNotifyPolicy(ctx context.Context, in smn.UpdateNotifyPolicyInput) error {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return err
	}
	policy, err := b.newPolicy(ctx, topic, in.NewNotifyPolicy)
	if err != nil {
		return err
	}
	_, err = replace(ctx, b, topic, notifyPolicyKind, in.ID, policy)
	return err
}

// DeleteNotifyPolicy implements smn.NotifyPolicies.
func (b *Broker) DeleteNotifyPolicy(ctx context.Context, in smn.AttachmentInput) error {
	return b.detach(ctx, in, notifyPolicyKind)
}
