package smntest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func cancelSubscription(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	urn := s.subscribed(t, topic, mailTo("ops@example.com"))
	keep := s.subscribed(t, topic, mailTo("keep@example.com"))
	in := smn.SubscriptionInput{SubscriptionURN: urn}
	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, in))
	requireCode(t, smn.SubscriptionNotFound, s.owner.CancelSubscription(s.owner.ctx, in), "the second time")
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Equal(t, keep, page.Subscriptions[0].URN.String())
	require.NotEqual(t, urn, s.subscribed(t, topic, mailTo("ops@example.com")), "subscribing afterwards makes a new one")

	other := s.topic(t, "other")
	_, id, _ := strings.Cut(keep, topic+":")
	requireCode(t, smn.SubscriptionNotFound, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: other + ":" + id}), "of another topic")
	for _, bad := range []string{"", topic, topic + ":", topic + ":short", keep + "0", strings.ToUpper(keep), keep + "/x", "x:" + id} {
		requireCode(t, smn.InvalidSubscriptionURN, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: bad}), bad)
	}
}

func cancelSubscriptionByTopic(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	urn, keep := s.subscribed(t, topic, mailTo("ops@example.com")), s.subscribed(t, other, mailTo("ops@example.com"))
	cancel := func(topic, urn string) error {
		return s.owner.CancelSubscriptionByTopic(s.owner.ctx, smn.TopicSubscriptionInput{TopicURN: topic, SubscriptionURN: urn})
	}
	requireCode(t, smn.SubscriptionNotFound, cancel(topic, keep), "of another topic")
	requireCode(t, smn.TopicNotFound, cancel(s.urn(Owner.Project, "missing"), urn))
	requireCode(t, smn.InvalidTopicURN, cancel("x", urn))
	requireCode(t, smn.InvalidSubscriptionURN, cancel(topic, topic))
	require.Equal(t, []string{urn, keep}, s.subscriptions(t))
	require.NoError(t, cancel(topic, urn))
	requireCode(t, smn.SubscriptionNotFound, cancel(topic, urn), "the second time")
	require.Equal(t, []string{keep}, s.subscriptions(t))
}

// subscriptions are the URNs of all subscriptions of the owner.
func (s *suite) subscriptions(t *testing.T) []string {
	t.Helper()
	page, err := s.owner.ListSubscriptions(s.owner.ctx, smn.ListSubscriptionsInput{})
	require.NoError(t, err)
	require.Len(t, page.Subscriptions, page.Total)
	return urns(page)
}

// codesOf are the codes of the items of a batch.
func codesOf(t *testing.T, errs []error) []smn.Code {
	t.Helper()
	codes := make([]smn.Code, len(errs))
	for i, err := range errs {
		if codes[i] = smn.CodeOf(err); err != nil {
			requireCode(t, codes[i], err)
		}
	}
	return codes
}

func cancelSubscriptions(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	a, b, c := s.subscribed(t, topic, mailTo("a@example.com")), s.subscribed(t, topic, mailTo("b@example.com")), s.subscribed(t, other, mailTo("c@example.com"))
	cancel := func(urns ...string) ([]error, error) {
		return s.owner.CancelSubscriptions(s.owner.ctx, smn.CancelSubscriptionsInput{SubscriptionURNs: urns})
	}
	missing := strings.Repeat("0", 32)
	errs, err := cancel(c, "x", s.urn(Stranger.Project, "topic")+":"+missing, topic+":"+missing, s.urn(Owner.Project, "missing")+":"+missing, a, c)
	require.NoError(t, err)
	require.Equal(t, []smn.Code{
		"", smn.InvalidSubscriptionURN, smn.Forbidden, smn.SubscriptionNotFound, smn.SubscriptionNotFound, "", smn.SubscriptionNotFound,
	}, codesOf(t, errs))
	require.Equal(t, []string{b}, s.subscriptions(t))

	for n, code := range map[int]smn.Code{0: smn.InvalidSubscription, smn.MaxCancelBatch - 1: "", smn.MaxCancelBatch: "", smn.MaxCancelBatch + 1: smn.InvalidSubscription} {
		urns := make([]string, n)
		for i := range urns {
			urns[i] = topic + ":" + missing
		}
		errs, err := cancel(urns...)
		if code != "" {
			requireCode(t, code, err, n)
			continue
		}
		require.NoError(t, err, n)
		require.Len(t, errs, n)
	}
	require.Equal(t, []string{b}, s.subscriptions(t))
}

func cancelSubscriptionsByTopic(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	a, b, c := s.subscribed(t, topic, mailTo("a@example.com")), s.subscribed(t, topic, mailTo("b@example.com")), s.subscribed(t, other, mailTo("c@example.com"))
	cancel := func(topic string, urns ...string) ([]error, error) {
		return s.owner.CancelSubscriptions(s.owner.ctx, smn.CancelSubscriptionsInput{TopicURN: topic, SubscriptionURNs: urns})
	}
	_, err := cancel(s.urn(Owner.Project, "missing"), a)
	requireCode(t, smn.TopicNotFound, err)
	_, err = cancel("x", a)
	requireCode(t, smn.InvalidTopicURN, err)
	_, err = cancel(topic)
	requireCode(t, smn.InvalidSubscription, err)
	require.Equal(t, []string{a, b, c}, s.subscriptions(t))

	errs, err := cancel(topic, c, topic, b, b)
	require.NoError(t, err)
	require.Equal(t, []smn.Code{smn.SubscriptionNotFound, smn.InvalidSubscriptionURN, "", smn.SubscriptionNotFound}, codesOf(t, errs))
	require.Equal(t, []string{a, c}, s.subscriptions(t))
}
