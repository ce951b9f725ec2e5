package smntest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// repeated makes a batch that asks one endpoint again and again.
func repeated(n smn.NewSubscription, times int) []smn.NewSubscription {
	items := make([]smn.NewSubscription, times)
	for i := range items {
		items[i] = n
	}
	return items
}

// ask asks an endpoint that many times, all of which must work.
func (s *suite) ask(t *testing.T, topic string, n smn.NewSubscription, times int) (urn string) {
	t.Helper()
	for times > 0 {
		now := min(times, smn.MaxBatch)
		outputs, err := s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: repeated(n, now)})
		require.NoError(t, err)
		for _, out := range outputs {
			require.NoError(t, out.Err)
			urn = out.URN
		}
		times -= now
	}
	return urn
}

func mailConfirmations(t *testing.T, s *suite) {
	const most = 20 // in an hour
	o, x := s.owner, s.stranger
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	foreign := must(x.CreateTopic(x.ctx, smn.CreateTopicInput{Name: "foreign"})).URN
	urn := s.ask(t, topic, mailTo("ops@example.com"), most-2)
	out, err := o.Subscribe(o.ctx, smn.SubscribeInput{TopicURN: other, NewSubscription: mailTo("Ops@Example.com")})
	require.NoError(t, err, "one before the limit")
	require.True(t, out.Created)
	out, err = x.Subscribe(x.ctx, smn.SubscribeInput{TopicURN: foreign, NewSubscription: mailTo("ops@example.com")})
	require.NoError(t, err, "the limit")
	require.True(t, out.Created)

	user := s.user(t, "Ops", mailTo("OPS@example.com"))
	third := s.topic(t, "third")
	for _, refused := range []func() error{
		func() error {
			_, err := o.Subscribe(o.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo("ops@example.com")})
			return err
		},
		func() error {
			_, err := o.Subscribe(o.ctx, smn.SubscribeInput{TopicURN: third, NewSubscription: mailTo("ops@example.com")})
			return err
		},
		func() error { return o.SendConfirmation(o.ctx, smn.SubscriptionInput{SubscriptionURN: urn}) },
		func() error {
			outputs, err := o.SubscribeUsers(o.ctx, smn.SubscribeUsersInput{TopicURN: third, UserIDs: []string{user}})
			require.NoError(t, err)
			require.Empty(t, outputs[0].URN)
			return outputs[0].Err
		},
		func() error {
			_, err := x.Subscribe(x.ctx, smn.SubscribeInput{TopicURN: foreign, NewSubscription: mailTo("ops@example.com")})
			return err
		},
	} {
		requireCode(t, smn.TooManyMails, refused())
	}
	require.Len(t, s.subscriptions(t), 2, "nobody is added who cannot be asked")
	require.Equal(t, smn.Unconfirmed, s.listed(t, urn).Status)

	outputs, err := o.SubscribeBatch(o.ctx, smn.SubscribeBatchInput{TopicURN: third, Subscriptions: []smn.NewSubscription{
		mailTo("ops@example.com"), mailTo("dev@example.com"), mailTo("ops@example.com"),
	}})
	require.NoError(t, err)
	requireCode(t, smn.TooManyMails, outputs[0].Err)
	require.True(t, outputs[1].Created, "the others of a batch are not kept out")
	requireCode(t, smn.TooManyMails, outputs[2].Err)

	outputs, err = o.SubscribeBatch(o.ctx, smn.SubscribeBatchInput{TopicURN: third, Subscriptions: repeated(mailTo("qa@example.com"), most+2)})
	require.NoError(t, err)
	for i, out := range outputs {
		if i >= most {
			requireCode(t, smn.TooManyMails, out.Err)
			require.Empty(t, out.URN)
			continue
		}
		require.NoError(t, out.Err)
		require.Equal(t, i == 0, out.Created)
	}
	require.NoError(t, o.CancelSubscription(o.ctx, smn.SubscriptionInput{SubscriptionURN: outputs[0].URN}))
	_, err = o.Subscribe(o.ctx, smn.SubscribeInput{TopicURN: third, NewSubscription: mailTo("qa@example.com")})
	requireCode(t, smn.TooManyMails, err, "cancelling forgets nothing")
}

func phoneConfirmations(t *testing.T, s *suite) {
	const most = 10 // in an hour
	topic := s.topic(t, "topic")
	sms := smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345678"}
	s.ask(t, topic, sms, most-1)
	s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.Call, Endpoint: "4915112345678"})
	for _, p := range []smn.Protocol{smn.SMS, smn.Call} {
		_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{Protocol: p, Endpoint: sms.Endpoint}})
		requireCode(t, smn.TooManySMS, err, "a phone is one, whether it is called or not")
	}
	s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345679"})
}

func webConfirmations(t *testing.T, s *suite) {
	const most = 200 // in ten minutes
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	s.ask(t, topic, hook(e.url), most-1)
	chat := smn.NewSubscription{Protocol: smn.Slack, Endpoint: e.url}
	s.ask(t, topic, chat, 1)
	for _, n := range []smn.NewSubscription{hook(e.url), chat} {
		_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		requireCode(t, smn.TooManyConfirmations, err)
	}
	s.subscribed(t, topic, hook(e.url+"/other"))
	function := smn.NewSubscription{Protocol: smn.FunctionGraph, Endpoint: functionURN}
	s.ask(t, topic, function, most+1) // it is never asked
}

func confirmationsBeginAnew(t *testing.T, s *suite) {
	const most = 200
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn := s.ask(t, topic, hook(e.url), most)
	in := smn.SubscriptionInput{SubscriptionURN: urn}
	requireCode(t, smn.TooManyConfirmations, s.owner.SendConfirmation(s.owner.ctx, in))
	token := e.next(t, wire.TypeConfirmation).token(t)
	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: strings.Repeat("0", len(token))})
	requireCode(t, smn.InvalidToken, err)
	other := smn.SubscribeInput{TopicURN: s.topic(t, "other"), NewSubscription: hook(e.url)}
	_, err = s.owner.Subscribe(s.owner.ctx, other)
	requireCode(t, smn.TooManyConfirmations, err)

	_, err = s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: token})
	require.NoError(t, err)
	_, err = s.owner.Subscribe(s.owner.ctx, other)
	require.NoError(t, err, "whoever confirms wants to be asked")

	s.ask(t, other.TopicURN, hook(e.url), most-1)
	_, err = s.owner.Subscribe(s.owner.ctx, other)
	requireCode(t, smn.TooManyConfirmations, err)
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in), "to leave needs no permission")
	way := e.next(t, wire.TypeUnsubscribed)
	requireCode(t, smn.TooManyConfirmations, s.owner.SendConfirmation(s.owner.ctx, in))
	_, err = s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: way.token(t)})
	require.NoError(t, err, "the way back is sent all the same")
}
