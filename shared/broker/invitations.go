package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// invitation is the task that asks an endpoint to confirm its subscription.
func (b *Broker) invitation(topic store.Topic, s store.Subscription, introduction string) queue.Task {
	task := b.notice(queue.Subscribed, topic, s)
	task.Notice.Introduction = introduction
	return task
}

// invite asks the endpoints of subscriptions of a topic once more to confirm. The
// answer has one item for each, in their order: nil, or why it is not asked.
func (b *Broker) invite(ctx context.Context, topic store.Topic, introduction string, subscriptions ...store.Subscription) ([]error, error) {
	if len(subscriptions) == 0 {
		return nil, nil
	}
	messages := make([]store.Admission, len(subscriptions))
	for i, s := range subscriptions {
		messages[i] = store.Admission{Limit: flow.Confirmations(s.Protocol, s.Endpoint), Task: b.invitation(topic, s, introduction)}
	}
	outcomes, err := b.Store.Admit(ctx, b.Now(), messages...)
	if err != nil {
		return nil, fmt.Errorf("send confirmations of %s again: %w", b.topicURN(topic), err)
	}
	for i, s := range subscriptions {
		outcomes[i] = refusal(s.Protocol, outcomes[i])
	}
	return outcomes, nil
}

// refusal says in the service's terms that a recipient is asked no more.
func refusal(p smn.Protocol, err error) error {
	throttled, is := errors.AsType[store.Throttled](err)
	if !is {
		return err
	}
	code := smn.TooManyConfirmations
	switch p {
	case smn.Email:
		code = smn.TooManyMails
	case smn.SMS, smn.Call:
		code = smn.TooManySMS
	}
	return smn.Errorf(code, "the endpoint has got all confirmations that it may get in a while; the next may be sent at %s",
		throttled.Until.UTC().Truncate(time.Second).Add(time.Second).Format(time.RFC3339))
}
