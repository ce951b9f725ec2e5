package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// found is where the subscription of a URN is kept, if there is one.
type found struct {
	urn   smn.SubscriptionURN
	topic store.Topic
	key   store.SubscriptionKey
}

// opener finds a topic by its URN, if a call may touch it.
type opener func(topicURN string) (store.Topic, error)

// opener finds topics to which the caller may do this.
func (b *Broker) opener(ctx context.Context, caller smn.Caller, action access.Action) opener {
	return func(urn string) (store.Topic, error) { return b.openTopic(ctx, caller, action, urn) }
}

// anyTopic finds topics whoever asks, for those who judge by something else.
func (b *Broker) anyTopic(ctx context.Context) opener {
	return func(text string) (store.Topic, error) {
		urn, err := smn.ParseTopicURN(text)
		if err != nil {
			return store.Topic{}, err
		}
		return b.topic(ctx, urn)
	}
}

// onceEach asks once for each topic of a call, however many of its subscriptions
// the call names.
func onceEach(open opener) opener {
	type answer struct {
		topic store.Topic
		err   error
	}
	known := map[string]answer{}
	return func(urn string) (store.Topic, error) {
		a, ok := known[urn]
		if !ok {
			a.topic, a.err = open(urn)
			known[urn] = a
		}
		return a.topic, a.err
	}
}

// only finds this one topic.
func (b *Broker) only(topic store.Topic) opener {
	return func(urn string) (store.Topic, error) {
		if urn != b.topicURN(topic).String() {
			return store.Topic{}, store.ErrNotFound
		}
		return topic, nil
	}
}

// find reads a URN and finds its topic.
func (b *Broker) find(text string, open opener) (found, error) {
	urn, err := smn.ParseSubscriptionURN(text)
	if err != nil {
		return found{}, err
	}
	topic, err := open(urn.Topic.String())
	if err != nil {
		return found{}, subscriptionError("find", urn, err)
	}
	return found{urn: urn, topic: topic, key: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: urn.ID}}, nil
}

// subscriptionError is the one translation of what can go wrong with a named
// subscription. Of a topic that is gone, the subscriptions are gone too.
func subscriptionError(deed string, urn smn.SubscriptionURN, err error) error {
	var known *smn.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound), smn.CodeOf(err) == smn.TopicNotFound:
		return smn.Errorf(smn.SubscriptionNotFound, "subscription %s does not exist", urn)
	case errors.As(err, &known):
		return known
	}
	return fmt.Errorf("%s subscription %s: %w", deed, urn, err)
}

// batch is a call for several subscriptions: those that were found, and what
// became of each item.
type batch struct {
	found  []found
	place  []int // of the found ones in the call
	errors []error
}

// findAll finds the n subscriptions of a call. An item that is refused says why;
// a failure of our own ends the call.
func (b *Broker) findAll(n int, find func(i int) (found, error)) (batch, error) {
	all := batch{errors: make([]error, n)}
	for i := range n {
		f, err := find(i)
		switch {
		case err == nil:
			all.found = append(all.found, f)
			all.place = append(all.place, i)
		case smn.CodeOf(err) == smn.Internal:
			return batch{}, err
		default:
			all.errors[i] = err
		}
	}
	return all, nil
}

func (x batch) keys() []store.SubscriptionKey {
	keys := make([]store.SubscriptionKey, len(x.found))
	for i, f := range x.found {
		keys[i] = f.key
	}
	return keys
}

// settle puts what became of the found ones into its place.
func (x batch) settle(deed string, outcomes []error) []error {
	for i, err := range outcomes {
		x.errors[x.place[i]] = subscriptionError(deed, x.found[i].urn, err)
	}
	return x.errors
}
