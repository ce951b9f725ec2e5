package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/shared/access"
	"tocsin/shared/flow"
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
	if err := b.mayCall(caller, in.NewSubscription); err != nil {
		return smn.SubscribeOutput{}, err
	}
	outputs, err := b.add(ctx, caller, topic, []smn.NewSubscription{in.NewSubscription})
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
	return b.addAll(ctx, caller, topic, may, in.Subscriptions)
}

// addAll judges the items of a batch one by one and adds those that pass.
func (b *Broker) addAll(ctx context.Context, caller smn.Caller, topic store.Topic, may may, items []smn.NewSubscription) ([]smn.SubscribeOutput, error) {
	outputs := make([]smn.SubscribeOutput, len(items))
	allowed := topic.Project == caller.Project
	var good []smn.NewSubscription
	var place []int // of the good ones in the batch
	for i, s := range items {
		outputs[i].Err = validation.Check(s)
		switch {
		case outputs[i].Err != nil:
		case !may(s.Protocol, s.Endpoint):
			outputs[i].Err = notAllowed()
		default:
			allowed = true
			outputs[i].Err = b.mayCall(caller, s)
		}
		if outputs[i].Err == nil {
			good = append(good, s)
			place = append(place, i)
		}
	}
	if !allowed { // who may nothing learns nothing
		return nil, notAllowed()
	}
	added, err := b.add(ctx, caller, topic, good)
	if err != nil {
		return nil, err
	}
	for i, out := range added {
		outputs[place[i]] = out
	}
	return outputs, nil
}

// mayCall refuses endpoints inside a network unless they are allowed. The URL of
// a bot is a secret, so only inside a network may it go over the line in clear. A
// function is never asked whether it wants messages, so who subscribes it must be
// of its project.
func (b *Broker) mayCall(caller smn.Caller, s smn.NewSubscription) error {
	chat := s.Protocol.IsChat()
	switch {
	case s.Protocol.IsFunction() && validation.ProjectOfFunction(s.Endpoint) != caller.Project:
		return smn.Errorf(smn.Forbidden, "the function belongs to another project")
	case b.AllowPrivateEndpoints || !chat && s.Protocol != smn.HTTP && s.Protocol != smn.HTTPS:
		return nil
	case validation.IsInternal(s.Endpoint):
		return smn.Errorf(smn.InternalEndpoint, "the endpoint is an address inside a network; only public addresses may be subscribed")
	case chat && !validation.Fits(smn.HTTPS, s.Endpoint):
		return smn.Errorf(smn.InvalidEndpoint, "the URL of a bot's webhook must begin with https://")
	}
	return nil
}

// add stores subscriptions that have passed every rule, and sees to it that
// each endpoint that is not confirmed gets a confirmation. Functions need none.
func (b *Broker) add(ctx context.Context, caller smn.Caller, topic store.Topic, subscriptions []smn.NewSubscription) ([]smn.SubscribeOutput, error) {
	if len(subscriptions) == 0 {
		return nil, nil
	}
	introduction, err := b.introduction(ctx, topic.ID)
	if err != nil {
		return nil, err
	}
	items := make([]store.AddSubscription, len(subscriptions))
	for i, s := range subscriptions {
		row := b.newSubscription(caller, topic, s)
		items[i].Subscription = row
		if s.Protocol.IsFunction() {
			items[i].Status = smn.Exempt
		} else {
			items[i].Task = b.invitation(topic, row, introduction)
			items[i].Flow = flow.Confirmations(s.Protocol, s.Endpoint)
		}
	}
	added, err := b.Store.AddSubscriptions(ctx, topic.Project, topic.ID, items, b.SubscriptionQuota)
	urn := b.topicURN(topic)
	if errors.Is(err, store.ErrNotFound) {
		return nil, smn.Errorf(smn.TopicNotFound, "topic %s does not exist", urn)
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", urn, err)
	}
	outputs := make([]smn.SubscribeOutput, len(added))
	var again []store.Subscription
	var place []int // of those in the batch
	for i, a := range added {
		switch {
		case errors.Is(a.Err, store.ErrLimit):
			outputs[i].Err = b.tooManySubscriptions(topic)
			continue
		case a.Err != nil:
			outputs[i].Err = refusal(a.Protocol, a.Err)
			continue
		}
		outputs[i] = smn.SubscribeOutput{URN: smn.SubscriptionURN{Topic: urn, ID: a.ID}.String(), Created: a.Created}
		if !a.Created && !a.Status.Receives() {
			again, place = append(again, a.Subscription), append(place, i)
		}
	}
	refusals, err := b.invite(ctx, topic, introduction, again...)
	if err != nil {
		return nil, err
	}
	for i, refusal := range refusals {
		if refusal != nil {
			outputs[place[i]] = smn.SubscribeOutput{Err: refusal}
		}
	}
	return outputs, nil
}

func (b *Broker) newSubscription(caller smn.Caller, topic store.Topic, s smn.NewSubscription) store.Subscription {
	row := store.Subscription{
		SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
		Protocol:        s.Protocol,
		Endpoint:        s.Endpoint,
		Remark:          s.Remark,
		Extension:       s.Extension,
		Status:          smn.Unconfirmed,
		CreatedAt:       b.Now(),
	}
	if caller.Project != topic.Project {
		row.Subscriber = caller.Project
	}
	return row
}

func (b *Broker) tooManySubscriptions(topic store.Topic) error {
	return smn.Errorf(smn.TooManySubscriptions, "topic %s has %d subscriptions, which is its limit", b.topicURN(topic), b.SubscriptionQuota)
}

// notice is the task that tells a subscription's endpoint where it stands.
func (b *Broker) notice(kind queue.NoticeKind, topic store.Topic, s store.Subscription) queue.Task {
	now := b.Now()
	var extension smn.Extension
	if s.Protocol.IsChat() {
		extension = s.Extension
	}
	return queue.NewNotice(queue.Notice{
		MessageID:    smn.NewID(),
		Kind:         kind,
		TopicURN:     b.topicURN(topic).String(),
		TopicDisplay: topic.DisplayName,
		Subscription: queue.NoticeRecipient{
			Project:  s.Project,
			TopicID:  s.TopicID,
			ID:       s.ID,
			Version:  s.Version,
			Protocol: s.Protocol,
			Endpoint: s.Endpoint,

			Extension: extension,
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
	q.Protocol, q.Status, q.Endpoint, q.Remark = in.Protocol, in.Status, in.Endpoint, in.FuzzyRemark
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
		subscriptions[i] = b.describeSubscription(s)
	}
	return smn.SubscriptionPage{Subscriptions: subscriptions, Total: page.Total}, nil
}

// describeSubscription is the one translation of a subscription from the store's
// terms.
func (b *Broker) describeSubscription(s store.Subscription) smn.Subscription {
	return smn.Subscription{
		URN:      smn.SubscriptionURN{Topic: b.urn(s.Project, s.TopicName), ID: s.ID},
		Protocol: s.Protocol,
		Endpoint: s.Endpoint,
		Remark:   s.Remark,
		Status:   s.Status,
		Filters:  s.Filters,
	}
}

// GetSubscription implements smn.Subscriptions.
func (b *Broker) GetSubscription(ctx context.Context, in smn.SubscriptionInput) (smn.SubscriptionDetail, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	found, err := b.find(in.SubscriptionURN, b.opener(ctx, caller, access.ListSubscriptionsByTopic))
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	s, err := b.Store.GetSubscription(ctx, found.key)
	if err != nil {
		return smn.SubscriptionDetail{}, subscriptionError("get", found.urn, err)
	}
	health, err := b.health(ctx, found.key)
	return smn.SubscriptionDetail{
		Subscription: b.describeSubscription(s),
		HeaderNames:  headerNames(s.Extension),
		Retry:        s.Extension.Retry,
		Health:       health,
		CreatedAt:    s.CreatedAt,
	}, err
}

// health is how the endpoint of a subscription fares; nil when it is well.
func (b *Broker) health(ctx context.Context, key store.SubscriptionKey) (*smn.Health, error) {
	h, err := b.Store.GetHealth(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get health: %w", err)
	}
	if !h.ParkedUntil.After(b.Now()) {
		h.ParkedUntil = time.Time{} // it may be tried again, and nobody has done so yet
	}
	return &smn.Health{Failures: h.Failures, Since: h.Since, ParkedUntil: h.ParkedUntil, Status: h.Status, Reason: h.Reason}, nil
}

// headerNames are the names of custom headers. Their values are often secret.
func headerNames(e smn.Extension) []string { return slices.Sorted(maps.Keys(e.Header)) }

// UpdateSubscription implements smn.Subscriptions.
func (b *Broker) UpdateSubscription(ctx context.Context, in smn.UpdateSubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.ownTopic(ctx, caller, in.TopicURN)
	if err != nil {
		return err
	}
	found, err := b.find(in.SubscriptionURN, b.only(topic))
	if err != nil {
		return err
	}
	return subscriptionError("update", found.urn, b.Store.SetRemark(ctx, found.key, in.Remark))
}

// SendConfirmation implements smn.Subscriptions.
func (b *Broker) SendConfirmation(ctx context.Context, in smn.SubscriptionInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	var may may
	found, err := b.find(in.SubscriptionURN, func(urn string) (topic store.Topic, err error) {
		topic, may, err = b.judgedTopic(ctx, caller, access.Subscribe, urn)
		return topic, err
	})
	if err != nil {
		return err
	}
	s, err := b.Store.GetSubscription(ctx, found.key)
	// Of a subscription that does not exist nothing is known, so only who may subscribe anything learns that.
	if (err == nil || errors.Is(err, store.ErrNotFound)) && !may(s.Protocol, s.Endpoint) {
		return notAllowed()
	}
	if err != nil {
		return subscriptionError("get", found.urn, err)
	}
	if s.Status.Receives() {
		return smn.Errorf(smn.InvalidStatus, "the subscription receives messages already and needs no confirmation")
	}
	introduction, err := b.introduction(ctx, found.topic.ID)
	if err != nil {
		return err
	}
	refusals, err := b.invite(ctx, found.topic, introduction, s)
	if err != nil {
		return err
	}
	return refusals[0]
}
