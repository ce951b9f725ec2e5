package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// SubscribeNamed implements smn.NamedSubscriptions.
func (b *Broker) SubscribeNamed(ctx context.Context, in smn.SubscribeNamedInput) (smn.NamedSubscription, bool, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.NamedSubscription{}, false, err
	}
	topic, may, err := b.judgedTopic(ctx, caller, access.Subscribe, in.TopicURN)
	if err == nil && !may(in.Protocol, in.Endpoint) {
		err = notAllowed()
	}
	if err == nil {
		err = b.mayCall(caller, in.NewSubscription)
	}
	if err != nil {
		return smn.NamedSubscription{}, false, err
	}
	if old, err := b.unnamed(ctx, topic, in.Name); !errors.Is(err, store.ErrNotFound) {
		return b.describeNamed(old), false, err
	}
	row := b.newSubscription(caller, topic, in.NewSubscription)
	row.Name, row.Style, row.Status = in.Name, in.Style, smn.Exempt
	added, err := b.Store.AddSubscriptions(ctx, topic.Project, topic.ID, []store.AddSubscription{{Subscription: row}}, b.SubscriptionQuota)
	if err == nil && added[0].Err != nil {
		err = added[0].Err
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return smn.NamedSubscription{}, false, smn.Errorf(smn.TopicNotFound, "topic %s does not exist", in.TopicURN)
	case errors.Is(err, store.ErrLimit):
		return smn.NamedSubscription{}, false, b.tooManySubscriptions(topic)
	case err != nil:
		return smn.NamedSubscription{}, false, fmt.Errorf("subscribe to %s: %w", in.TopicURN, err)
	}
	return b.describeNamed(added[0].Subscription), added[0].Created, nil
}

// GetNamed implements smn.NamedSubscriptions.
func (b *Broker) GetNamed(ctx context.Context, in smn.NamedInput) (smn.NamedSubscription, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.NamedSubscription{}, err
	}
	s, err := b.named(ctx, caller, in, access.ListSubscriptionsByTopic)
	return b.describeNamed(s), err
}

// ListNamed implements smn.NamedSubscriptions.
func (b *Broker) ListNamed(ctx context.Context, in smn.ListNamedInput) ([]smn.NamedSubscription, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, err := b.openTopic(ctx, caller, access.ListSubscriptionsByTopic, in.TopicURN)
	if err != nil {
		return nil, err
	}
	page, err := b.Store.ListSubscriptions(ctx, store.SubscriptionQuery{
		Project: topic.Project, TopicID: topic.ID, After: in.After, Limit: limitOf(smn.Page{Limit: in.Limit}),
	})
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	list := make([]smn.NamedSubscription, len(page.Subscriptions))
	for i, s := range page.Subscriptions {
		list[i] = b.describeNamed(s)
	}
	return list, nil
}

// UpdateNamed implements smn.NamedSubscriptions.
func (b *Broker) UpdateNamed(ctx context.Context, in smn.UpdateNamedInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	for {
		s, err := b.named(ctx, caller, in.NamedInput, access.Subscribe)
		if err != nil {
			return err
		}
		if s.Name == "" {
			return noSuchName(in.NamedInput)
		}
		style := s.Style
		if in.Strategy != nil {
			style.Strategy = *in.Strategy
		}
		if in.Tag != nil {
			style.Tag = *in.Tag
		}
		err = b.Store.SetStyle(ctx, s.SubscriptionKey, s.Style, style, b.Now())
		if !errors.Is(err, store.ErrConflict) { // else another was faster: look again at what it made
			return namedError("update", in.NamedInput, err)
		}
	}
}

// CancelNamed implements smn.NamedSubscriptions.
func (b *Broker) CancelNamed(ctx context.Context, in smn.NamedInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	s, err := b.named(ctx, caller, in, access.Unsubscribe)
	if err != nil {
		return err
	}
	return namedError("cancel", in, b.Store.DeleteSubscription(ctx, s.SubscriptionKey))
}

// named finds a subscription by its name or id, for a caller who may do this with
// its topic.
func (b *Broker) named(ctx context.Context, caller smn.Caller, in smn.NamedInput, action access.Action) (store.Subscription, error) {
	topic, err := b.openTopic(ctx, caller, action, in.TopicURN)
	if err != nil {
		return store.Subscription{}, err
	}
	s, err := b.unnamed(ctx, topic, in.Name)
	if errors.Is(err, store.ErrNotFound) {
		s, err = b.Store.FindSubscription(ctx, topic.Project, topic.ID, in.Name)
	}
	return s, namedError("find", in, err)
}

// unnamed finds a subscription without a name by its id. store.ErrNotFound, also for
// what is no id.
func (b *Broker) unnamed(ctx context.Context, topic store.Topic, id string) (store.Subscription, error) {
	if !smn.IsID(id) {
		return store.Subscription{}, store.ErrNotFound
	}
	s, err := b.Store.GetSubscription(ctx, store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: id})
	if err == nil && s.Name != "" {
		return store.Subscription{}, store.ErrNotFound
	}
	return s, err
}

func namedError(deed string, in smn.NamedInput, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return noSuchName(in)
	}
	return fmt.Errorf("%s subscription %s of %s: %w", deed, in.Name, in.TopicURN, err)
}

func noSuchName(in smn.NamedInput) error {
	return smn.Errorf(smn.SubscriptionNotFound, "topic %s has no subscription named %s", in.TopicURN, in.Name)
}

func (b *Broker) describeNamed(s store.Subscription) smn.NamedSubscription {
	n := smn.NamedSubscription{
		Subscription: b.describeSubscription(s), Name: s.Name, Style: s.Style,
		Subscriber: s.Subscriber, CreatedAt: s.CreatedAt, UpdatedAt: s.StyledAt,
	}
	if n.Name == "" {
		n.Name = s.ID
	}
	if n.Subscriber == "" {
		n.Subscriber = s.Project
	}
	if n.UpdatedAt.IsZero() {
		n.UpdatedAt = s.CreatedAt
	}
	return n
}
