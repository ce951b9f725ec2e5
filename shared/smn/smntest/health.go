package smntest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// hookWith is a web hook with a retry policy of its own.
func hookWith(url string, delays ...int) smn.NewSubscription {
	return smn.NewSubscription{Protocol: smn.HTTP, Endpoint: url, Extension: smn.Extension{
		Retry: &smn.RetryPolicy{Delays: append([]int{}, delays...)},
	}}
}

// described is all that is told about a subscription.
func (s *suite) described(t *testing.T, urn string) smn.SubscriptionDetail {
	t.Helper()
	detail, err := s.owner.GetSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: urn})
	require.NoError(t, err)
	return detail
}

func subscribeRetry(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for i, delays := range [][]int{
		{},
		{1},
		{2},
		{smn.MaxRetryDelay - 1},
		{smn.MaxRetryDelay},
		{5, 15, 45},
		slices.Repeat([]int{9}, smn.MaxRetries-1),
		slices.Repeat([]int{9}, smn.MaxRetries),
	} {
		urn := s.subscribed(t, topic, hookWith(fmt.Sprintf("http://127.0.0.1:1/%d", i), delays...))
		require.Equal(t, &smn.RetryPolicy{Delays: delays}, s.described(t, urn).Retry)
		require.Equal(t, urn, s.subscribed(t, topic, hookWith(fmt.Sprintf("http://127.0.0.1:1/%d", i), 7)))
		require.Equal(t, delays, s.described(t, urn).Retry.Delays, "what is there already stays as it is")
	}
	for p, endpoint := range map[smn.Protocol]string{
		smn.HTTPS: "https://example.com/hook", smn.Email: "ops@example.com", smn.SMS: "+4915112345678", smn.Call: "+4915112345678",
		smn.FunctionGraph: functionURN, smn.Slack: "https://example.com/hook",
	} {
		n := hookWith(endpoint, 5)
		n.Protocol = p
		require.Equal(t, []int{5}, s.described(t, s.subscribed(t, topic, n)).Retry.Delays, p)
	}
	require.Nil(t, s.described(t, s.subscribed(t, topic, hook("http://127.0.0.1:1/plain"))).Retry)

	before := must(s.owner.ListSubscriptions(s.owner.ctx, smn.ListSubscriptionsInput{})).Total
	missing := hookWith("http://127.0.0.1:1/refused")
	missing.Extension.Retry.Delays = nil
	refused := []smn.NewSubscription{missing, hookWith(missing.Endpoint, slices.Repeat([]int{9}, smn.MaxRetries+1)...)}
	for _, delay := range []int{-1, 0, smn.MaxRetryDelay + 1} {
		refused = append(refused, hookWith(missing.Endpoint, delay), hookWith(missing.Endpoint, 5, delay))
	}
	for _, n := range refused {
		_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		requireCode(t, smn.InvalidSubscription, err, n.Extension.Retry)
		_, err = s.owner.CreateSubscriptionUser(s.owner.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: user("a", n)})
		requireCode(t, smn.InvalidSubscription, err, n.Extension.Retry)
	}
	batch := must(s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{hookWith(missing.Endpoint, 0)}}))
	requireCode(t, smn.InvalidSubscription, batch[0].Err)
	require.Equal(t, before, must(s.owner.ListSubscriptions(s.owner.ctx, smn.ListSubscriptionsInput{})).Total, "what was refused has changed nothing")
}

// retryPolicy sees deliveries die when their own policy says so.
func retryPolicy(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	once, twice := newEndpoint(t), newEndpoint(t)
	for e, delays := range map[endpoint][]int{once: {}, twice: {1}} {
		s.confirmed(t, topic, e, hookWith(e.url, delays...))
		e.status.Store(503)
	}
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	failures := s.counted(t, topic, id, smn.DeliveryCounts{Matched: 2, Dead: 2})
	slices.SortFunc(failures, func(a, b smn.DeliveryFailure) int { return a.Attempts - b.Attempts })
	require.Equal(t, []int{1, 2}, []int{failures[0].Attempts, failures[1].Attempts})
	require.Equal(t, 503, failures[1].Status)
}

func health(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	began := time.Now().Add(-time.Second)
	e, urn := s.failing(t, topic, 503)
	require.Nil(t, s.described(t, urn).Health)
	for range 2 {
		id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
		s.counted(t, topic, id, smn.DeliveryCounts{Matched: 1, Retrying: 1})
	}
	var found *smn.Health
	require.Eventually(t, func() bool {
		found = s.described(t, urn).Health
		return found != nil
	}, patience, 5*time.Millisecond)
	require.GreaterOrEqual(t, found.Failures, 2)
	require.WithinRange(t, found.Since, began, time.Now())
	require.Zero(t, found.ParkedUntil, "that takes more, and half a minute")
	require.Equal(t, 503, found.Status)
	require.NotEmpty(t, found.Reason)

	e.status.Store(0)
	s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	require.Eventually(t, func() bool { return s.described(t, urn).Health == nil }, patience, 5*time.Millisecond)
}
