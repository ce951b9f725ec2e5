package smntest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func publish(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn, _ := s.confirmed(t, topic, e, smn.NewSubscription{
		Protocol: smn.HTTP, Endpoint: e.url,
		Extension: smn.Extension{Header: map[string]string{"x-team": "ops", "X-Env-Name": "a b"}},
	})
	const text = "Grüße,\n\ttab \"quotes\" \\ <b>&amp;</b> 消息 \u2028 \x01 end"
	id, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Subject: "Fülle 91 %", Message: text})
	require.NoError(t, err)
	require.True(t, smn.IsID(id))

	m := e.next(t, wire.TypeNotification)
	require.Equal(t, id, m.MessageID)
	require.Equal(t, topic, m.TopicURN)
	require.Equal(t, "Fülle 91 %", m.Subject)
	require.Equal(t, text, m.Message)
	require.Equal(t, wire.SignatureVersion, m.SignatureVersion)
	require.NotEmpty(t, m.Signature)
	require.NotEmpty(t, m.SigningCertURL)
	require.Contains(t, m.UnsubscribeURL, urn)
	require.NotContains(t, m.fields, "subscribe_url")
	accepted, err := wire.ParseTime(m.Timestamp)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), accepted, patience)
	require.Equal(t, "ops", m.header.Get("X-Team"))
	require.Equal(t, "a b", m.header.Get("X-Env-Name"))
	require.Equal(t, wire.TypeNotification, m.header.Get(wire.HeaderMessageType))
	require.Equal(t, id, m.header.Get(wire.HeaderMessageID))
	require.Equal(t, topic, m.header.Get(wire.HeaderTopicURN))
	require.Equal(t, urn, m.header.Get(wire.HeaderSubscriptionURN))

	second, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "no subject"})
	require.NoError(t, err)
	require.NotEqual(t, id, second)
	m = e.next(t, wire.TypeNotification)
	require.Equal(t, second, m.MessageID)
	require.NotContains(t, m.fields, "subject", "an empty subject is left out")
}

// publishToNobody sees that only the confirmed receive. The message to the
// confirmed endpoint of the same chunk proves that the chunk was delivered.
func publishToNobody(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	waiting, gone, ended, there := newEndpoint(t), newEndpoint(t), newEndpoint(t), newEndpoint(t)
	s.subscribed(t, topic, hook(waiting.url))
	left, _ := s.confirmed(t, topic, gone, hook(gone.url))
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: left}))
	over, _ := s.confirmed(t, topic, ended, hook(ended.url))
	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: over}))
	s.confirmed(t, topic, there, hook(there.url))

	id, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
	require.NoError(t, err)
	require.Equal(t, id, there.next(t, wire.TypeNotification).MessageID)
	for _, e := range []endpoint{waiting, gone, ended} {
		for len(e.messages) > 0 {
			require.NotEqual(t, wire.TypeNotification, (<-e.messages).Type)
		}
	}
	_, err = s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: s.topic(t, "lonely"), Message: "hello"})
	require.NoError(t, err, "a topic without subscriptions takes messages")
}

func publishRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, c := range []struct {
		code smn.Code
		in   smn.PublishInput
	}{
		{smn.InvalidMessage, smn.PublishInput{}},
		{smn.InvalidSubject, smn.PublishInput{Message: "m", Subject: "a\r\nBcc: x@example.com"}},
		{smn.InvalidSubject, smn.PublishInput{Message: "m", Subject: "a\tb"}},
		{smn.InvalidSubject, smn.PublishInput{Message: "m", Subject: "a\fb"}},
		{smn.InvalidSubject, smn.PublishInput{Message: "m", Subject: "a\x00b"}},
		{smn.InvalidTimeToLive, smn.PublishInput{Message: "m", TimeToLive: -time.Second}},
		{smn.InvalidTimeToLive, smn.PublishInput{Message: "m", TimeToLive: time.Millisecond}},
	} {
		c.in.TopicURN = topic
		_, err := s.owner.Publish(s.owner.ctx, c.in)
		requireCode(t, c.code, err, c.in)
	}
	_, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: s.urn(Owner.Project, "missing"), Message: "m"})
	requireCode(t, smn.TopicNotFound, err)
}

// publishLimits tries every limit one below, at and one above.
func publishLimits(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	code := func(in smn.PublishInput) smn.Code {
		in.TopicURN = topic
		_, err := s.owner.Publish(s.owner.ctx, in)
		return smn.CodeOf(err)
	}
	for past := -1; past <= 1; past++ {
		want := func(c smn.Code) smn.Code {
			if past > 0 {
				return c
			}
			return ""
		}
		require.Equal(t, want(smn.InvalidMessage), code(smn.PublishInput{Message: strings.Repeat("m", smn.MaxMessage+past)}), past)
		require.Equal(t, want(smn.InvalidMessage), code(smn.PublishInput{Message: strings.Repeat("ä", smn.MaxMessage/2-1) + strings.Repeat("m", 2+past)}), "bytes count: %d", past)
		require.Equal(t, want(smn.InvalidSubject), code(smn.PublishInput{Message: "m", Subject: strings.Repeat("s", smn.MaxSubject+past)}), past)
		require.Equal(t, want(smn.InvalidTimeToLive), code(smn.PublishInput{Message: "m", TimeToLive: smn.MaxTimeToLive + time.Duration(past)*time.Second}), past)
	}
	require.Empty(t, code(smn.PublishInput{Message: strings.Repeat("\x01", smn.MaxMessage/2)}), "the raw text counts, not its escapes")
	require.Empty(t, code(smn.PublishInput{Message: strings.Repeat("<", smn.MaxMessage)}), "signs that HTML escapes, too")
	require.Empty(t, code(smn.PublishInput{Message: "m", TimeToLive: time.Second}))
}
