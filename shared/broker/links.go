package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// ConfirmSubscription implements smn.Links.
//
// A token belongs to one version of a subscription, and every change of status
// makes a new version. So a link confirms from the status it was sent in; used
// again it finds the version that it made itself; after a later unsubscription
// it finds neither.
func (b *Broker) ConfirmSubscription(ctx context.Context, in smn.ConfirmSubscriptionInput) (smn.SubscriptionURN, error) {
	if err := validation.Check(in); err != nil {
		return smn.SubscriptionURN{}, err
	}
	subject, err := b.Tokens.Open(in.Token, b.Now())
	if err != nil {
		return smn.SubscriptionURN{}, err
	}
	key := store.SubscriptionKey{Project: subject.Project, TopicID: subject.TopicID, ID: subject.SubscriptionID}
	for {
		s, err := b.Store.GetSubscription(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			return smn.SubscriptionURN{}, smn.Errorf(smn.SubscriptionNotFound, "the subscription does not exist any more")
		}
		if err != nil {
			return smn.SubscriptionURN{}, fmt.Errorf("get subscription %s: %w", key.ID, err)
		}
		urn := smn.SubscriptionURN{Topic: b.urn(s.Project, s.TopicName), ID: s.ID}
		if in.TopicURN != "" && in.TopicURN != urn.Topic.String() || in.Endpoint != "" && in.Endpoint != s.Endpoint {
			return smn.SubscriptionURN{}, smn.Errorf(smn.InvalidToken, "the token belongs to another subscription")
		}
		if confirmed(s, subject) {
			return urn, nil
		}
		if s.Version != subject.Version || s.Status == smn.Confirmed {
			return smn.SubscriptionURN{}, smn.Errorf(smn.InvalidToken, "the token was superseded by a later change; subscribe again for a new one")
		}
		err = b.Store.ChangeStatus(ctx, key, s.Version, smn.Confirmed)
		if errors.Is(err, store.ErrConflict) {
			continue // another click was faster: look again at what it made
		}
		if err != nil {
			return smn.SubscriptionURN{}, subscriptionError("confirm", urn, err)
		}
		return urn, nil
	}
}

// confirmed says whether this very token has confirmed the subscription already.
func confirmed(s store.Subscription, subject iam.ConfirmSubject) bool {
	return s.Status == smn.Confirmed && s.Version == subject.Version+1
}

// Unsubscribe implements smn.Links. A subscription that was never confirmed
// receives nothing, so there is nothing to end; but for those with names, which nobody
// is asked about.
func (b *Broker) Unsubscribe(ctx context.Context, in smn.SubscriptionInput) error {
	if err := validation.Check(in); err != nil {
		return err
	}
	urn, err := smn.ParseSubscriptionURN(in.SubscriptionURN)
	if err != nil {
		return err
	}
	topic, err := b.topic(ctx, urn.Topic)
	if err != nil {
		return subscriptionError("unsubscribe", urn, err)
	}
	key := store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: urn.ID}
	for {
		s, err := b.Store.GetSubscription(ctx, key)
		if err != nil || s.Status != smn.Confirmed && (s.Name == "" || s.Status != smn.Exempt) {
			return subscriptionError("unsubscribe", urn, err)
		}
		after := s // as it will be: the way back belongs to the new version
		after.Status, after.Version = smn.Cancelled, s.Version+1
		err = b.Store.ChangeStatus(ctx, key, s.Version, smn.Cancelled, b.notice(queue.Unsubscribed, topic, after))
		if !errors.Is(err, store.ErrConflict) {
			return subscriptionError("unsubscribe", urn, err)
		}
	}
}
