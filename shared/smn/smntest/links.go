package smntest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// confirmed subscribes an endpoint and confirms it, and returns its URN and the
// token that did it.
func (s *suite) confirmed(t *testing.T, topic string, e endpoint, n smn.NewSubscription) (urn, token string) {
	t.Helper()
	urn = s.subscribed(t, topic, n)
	token = e.next(t, wire.TypeConfirmation).token(t)
	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: token})
	require.NoError(t, err)
	return urn, token
}

func confirmSubscription(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn := s.subscribed(t, topic, hook(e.url))
	m := e.next(t, wire.TypeConfirmation)
	require.Equal(t, topic, m.TopicURN)
	require.Contains(t, m.Message, topic)
	require.Contains(t, m.Message, "48 hours")
	require.True(t, smn.IsID(m.MessageID))
	require.Equal(t, "application/json; charset=utf-8", m.header.Get("Content-Type"))
	require.Equal(t, wire.TypeConfirmation, m.header.Get(wire.HeaderMessageType))
	require.Equal(t, m.MessageID, m.header.Get(wire.HeaderMessageID))
	require.Equal(t, topic, m.header.Get(wire.HeaderTopicURN))
	for _, absent := range []string{"subject", "unsubscribe_url"} {
		require.NotContains(t, m.fields, absent)
	}
	require.Equal(t, smn.Unconfirmed, s.listed(t, urn).Status)

	for _, in := range []smn.ConfirmSubscriptionInput{
		{Token: m.token(t), TopicURN: topic, Endpoint: e.url},
		{Token: m.token(t), TopicURN: topic},
		{Token: m.token(t)},
	} {
		got, err := s.anyone.ConfirmSubscription(s.anyone.ctx, in)
		require.NoError(t, err, "using a token again is harmless")
		require.Equal(t, urn, got.String())
		require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)
	}
}

func confirmRules(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	e := newEndpoint(t)
	urn := s.subscribed(t, topic, hook(e.url))
	token := e.next(t, wire.TypeConfirmation).token(t)
	confirm := func(in smn.ConfirmSubscriptionInput) error {
		_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, in)
		return err
	}
	flip := func(i int) string {
		c := byte('0')
		if token[i] == '0' {
			c = '1'
		}
		return token[:i] + string(c) + token[i+1:]
	}
	forged := []string{"", "x", "0", token[:len(token)-2], token + "00", token + token, strings.ToUpper(token), strings.Repeat("0", len(token))}
	for i := 0; i < len(token); i += 5 {
		forged = append(forged, flip(i))
	}
	for _, f := range append(forged, flip(len(token)-1)) {
		requireCode(t, smn.InvalidToken, confirm(smn.ConfirmSubscriptionInput{Token: f}), f)
	}
	requireCode(t, smn.InvalidToken, confirm(smn.ConfirmSubscriptionInput{Token: token, TopicURN: other}), "of another topic")
	requireCode(t, smn.InvalidToken, confirm(smn.ConfirmSubscriptionInput{Token: token, Endpoint: "http://example.com/"}), "of another endpoint")
	requireCode(t, smn.InvalidTopicURN, confirm(smn.ConfirmSubscriptionInput{Token: token, TopicURN: "x"}))
	require.Equal(t, smn.Unconfirmed, s.listed(t, urn).Status, "what was refused has changed nothing")

	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: urn}))
	requireCode(t, smn.SubscriptionNotFound, confirm(smn.ConfirmSubscriptionInput{Token: token}))
	s.subscribed(t, topic, hook(e.url))
	e.next(t, wire.TypeConfirmation)
	requireCode(t, smn.SubscriptionNotFound, confirm(smn.ConfirmSubscriptionInput{Token: token}), "the token of a cancelled subscription is no good for its successor")
}

func unsubscribe(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn, first := s.confirmed(t, topic, e, hook(e.url))
	in := smn.SubscriptionInput{SubscriptionURN: urn}

	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in))
	require.Equal(t, smn.Cancelled, s.listed(t, urn).Status)
	way := e.next(t, wire.TypeUnsubscribed)
	require.Equal(t, topic, way.TopicURN)
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in), "twice is harmless")

	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: first})
	requireCode(t, smn.InvalidToken, err, "an old link cannot undo a later unsubscription")
	require.Equal(t, smn.Cancelled, s.listed(t, urn).Status)

	got, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: way.token(t)})
	require.NoError(t, err, "its own link subscribes again")
	require.Equal(t, urn, got.String())
	require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)

	unconfirmed := s.subscribed(t, topic, mailTo("ops@example.com"))
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: unconfirmed}))
	require.Equal(t, smn.Unconfirmed, s.listed(t, unconfirmed).Status, "there was nothing to end")

	requireCode(t, smn.InvalidSubscriptionURN, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{}))
	requireCode(t, smn.InvalidSubscriptionURN, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: topic}))
	requireCode(t, smn.SubscriptionNotFound, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: topic + ":" + strings.Repeat("0", 32)}))
	requireCode(t, smn.SubscriptionNotFound, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: s.urn(Owner.Project, "missing") + ":" + strings.Repeat("0", 32)}))
}
