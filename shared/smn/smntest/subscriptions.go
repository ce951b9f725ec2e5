package smntest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func mailTo(address string) smn.NewSubscription {
	return smn.NewSubscription{Protocol: smn.Email, Endpoint: address}
}

func hook(url string) smn.NewSubscription {
	return smn.NewSubscription{Protocol: smn.HTTP, Endpoint: url}
}

func subscribe(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, n := range []smn.NewSubscription{
		{Protocol: smn.HTTP, Endpoint: "http://192.0.2.1/hook?a=b", Remark: "first"},
		{Protocol: smn.HTTPS, Endpoint: "https://example.com:8443/hook", Extension: smn.Extension{Header: map[string]string{"x-team": "ops"}}},
		{Protocol: smn.Email, Endpoint: "ops@example.com"},
		{Protocol: smn.SMS, Endpoint: "+4915112345678"},
		{Protocol: smn.SMS, Endpoint: "13600000000"},
	} {
		out, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		require.NoError(t, err, n)
		require.True(t, out.Created)
		urn, err := smn.ParseSubscriptionURN(out.URN)
		require.NoError(t, err)
		require.Equal(t, smn.Subscription{
			URN: urn, Protocol: n.Protocol, Endpoint: n.Endpoint, Remark: n.Remark, Status: smn.Unconfirmed,
		}, s.listed(t, out.URN))

		again, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		require.NoError(t, err)
		require.Equal(t, smn.SubscribeOutput{URN: out.URN}, again, "the second time it is there already")
	}
	other := s.topic(t, "other")
	require.NotEqual(t, s.subscribed(t, topic, mailTo("ops@example.com")), s.subscribed(t, other, mailTo("ops@example.com")), "each topic has its own")
	_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: s.urn(Owner.Project, "missing"), NewSubscription: mailTo("ops@example.com")})
	requireCode(t, smn.TopicNotFound, err)
}

func subscribeRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	const host = "http://example.com/"
	refused := []struct {
		code smn.Code
		smn.NewSubscription
	}{
		{smn.InvalidProtocol, smn.NewSubscription{Endpoint: "ops@example.com"}},
		{smn.InvalidProtocol, smn.NewSubscription{Protocol: "ftp", Endpoint: "ftp://example.com"}},
		{smn.InvalidProtocol, smn.NewSubscription{Protocol: "HTTP", Endpoint: host}},
		{smn.InvalidEndpoint, smn.NewSubscription{Protocol: smn.HTTP}},
		{smn.InvalidEndpoint, hook("https://example.com/")},
		{smn.InvalidEndpoint, hook("example.com")},
		{smn.InvalidEndpoint, hook("http://")},
		{smn.InvalidEndpoint, hook("http://:80/")},
		{smn.InvalidEndpoint, hook("http://example.com:0/")},
		{smn.InvalidEndpoint, hook("http://example.com:65536/")},
		{smn.InvalidEndpoint, hook("http://example.com/a b")},
		{smn.InvalidEndpoint, hook("http://example.com/\r\nX-Evil: 1")},
		{smn.InvalidEndpoint, hook("http://example.com/#part")},
		{smn.InvalidEndpoint, hook("http://exämple.com/")},
		{smn.InvalidEndpoint, hook(host + strings.Repeat("p", smn.MaxEndpoint+1-len(host)))},
		{smn.InvalidEndpoint, smn.NewSubscription{Protocol: smn.HTTPS, Endpoint: host}},
		{smn.InvalidEndpoint, mailTo("ops")},
		{smn.InvalidEndpoint, mailTo("ops@")},
		{smn.InvalidEndpoint, mailTo("@example.com")},
		{smn.InvalidEndpoint, mailTo("Ops <ops@example.com>")},
		{smn.InvalidEndpoint, mailTo("a@example.com,b@example.com")},
		{smn.InvalidEndpoint, mailTo("ops@example.com\r\nBcc: x@example.com")},
		{smn.InvalidEndpoint, mailTo(strings.Repeat("l", 243) + "@example.com")},
		{smn.InvalidEndpoint, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+49 151"}},
		{smn.InvalidEndpoint, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "12"}},
		{smn.InvalidEndpoint, smn.NewSubscription{Protocol: smn.SMS, Endpoint: strings.Repeat("1", 16)}},
		{smn.RemarkTooLong, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com", Remark: strings.Repeat("r", smn.MaxRemark+1)}},
		{smn.RemarkTooLong, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com", Remark: strings.Repeat("ä", smn.MaxRemark/2) + "r"}},
		{smn.InvalidSubscription, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com", Extension: smn.Extension{Header: map[string]string{"x-a": "b"}}}},
	}
	for _, c := range refused {
		_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: c.NewSubscription})
		requireCode(t, c.code, err, c.NewSubscription)
	}
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Zero(t, page.Total, "what was refused has changed nothing")

	for _, n := range []smn.NewSubscription{
		{Protocol: smn.Email, Endpoint: "a@example.com", Remark: strings.Repeat("r", smn.MaxRemark-1)},
		{Protocol: smn.Email, Endpoint: "b@example.com", Remark: strings.Repeat("ä", smn.MaxRemark/2)},
		{Protocol: smn.Email, Endpoint: strings.Repeat("l", 241) + "@example.com"},
		{Protocol: smn.Email, Endpoint: strings.Repeat("l", 242) + "@example.com"},
		{Protocol: smn.SMS, Endpoint: strings.Repeat("1", 14)},
		{Protocol: smn.SMS, Endpoint: strings.Repeat("1", 15)},
		{Protocol: smn.SMS, Endpoint: "1100"},
		{Protocol: smn.SMS, Endpoint: "110"},
		hook("http://example.com:65535"),
		hook(host + strings.Repeat("p", smn.MaxEndpoint-1-len(host))),
		hook(host + strings.Repeat("p", smn.MaxEndpoint-len(host))),
	} {
		s.subscribed(t, topic, n)
	}
}

func subscribeHeaders(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	tenPairs, elevenPairs := map[string]string{}, map[string]string{}
	for i := range smn.MaxHeaders + 1 {
		if i < smn.MaxHeaders {
			tenPairs[fmt.Sprintf("x-h%d", i)] = ""
		}
		elevenPairs[fmt.Sprintf("x-h%d", i)] = ""
	}
	// The name has 3 characters.
	sized := func(total int) map[string]string { return map[string]string{"x-a": strings.Repeat("v", total-3)} }
	good := []map[string]string{
		nil, {}, {"x-a": ""}, {"X-Team-Name": "a b  c"}, {"x-a1-B2": "~!@#"}, tenPairs, sized(smn.MaxHeaderBytes - 1), sized(smn.MaxHeaderBytes),
	}
	bad := []map[string]string{
		{"": "v"},
		{"team": "v"},
		{"x-": "v"},
		{"x--a": "v"},
		{"x-a-": "v"},
		{"x-a--b": "v"},
		{"x_a": "v"},
		{"x-a b": "v"},
		{"x-a:b": "v"},
		{"x-ä": "v"},
		{"x-smn": "v"},
		{"X-SMN-MESSAGE-TYPE": "v"},
		{"x-smnx": "v"},
		{"x-tocsin-delivery": "v"},
		{"X-Tocsin": "v"},
		{"x-a": "v", "X-A": "w"},
		{"x-a": "v\r\nX-Evil: 1"},
		{"x-a": "v\n"},
		{"x-a": "ä"},
		{"x-a": "\t"},
		{"x-a\r\n": "v"},
		elevenPairs, sized(smn.MaxHeaderBytes + 1),
	}
	subscribe := func(i int, header map[string]string) error {
		_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{
			Protocol: smn.HTTPS, Endpoint: fmt.Sprintf("https://example.com/%d", i), Extension: smn.Extension{Header: header},
		}})
		return err
	}
	for i, header := range good {
		require.NoError(t, subscribe(i, header), header)
	}
	for i, header := range bad {
		err := subscribe(len(good)+i, header)
		requireCode(t, smn.InvalidSubscription, err, header)
	}
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Equal(t, len(good), page.Total)
}

func subscribeAtOnce(t *testing.T, s *suite) {
	const subscribers = 20 // as many as an address may be asked
	topic := s.topic(t, "topic")
	outputs := make([]smn.SubscribeOutput, subscribers)
	errs := make([]error, subscribers)
	var wg sync.WaitGroup
	for i := range subscribers {
		wg.Go(func() {
			outputs[i], errs[i] = s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo("ops@example.com")})
		})
	}
	wg.Wait()
	created := 0
	for i := range subscribers {
		require.NoError(t, errs[i])
		require.Equal(t, outputs[0].URN, outputs[i].URN)
		if outputs[i].Created {
			created++
		}
	}
	require.Equal(t, 1, created)
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}

func subscribeAgain(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn := s.subscribed(t, topic, hook(e.url))
	first := e.next(t, wire.TypeConfirmation)
	require.Equal(t, urn, s.subscribed(t, topic, hook(e.url)))
	second := e.next(t, wire.TypeConfirmation)
	require.NotEqual(t, first.MessageID, second.MessageID, "an unconfirmed one gets its confirmation again")
	for _, m := range []received{first, second} {
		got, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: m.token(t)})
		require.NoError(t, err, "both links work")
		require.Equal(t, urn, got.String())
	}
	out, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: hook(e.url)})
	require.NoError(t, err)
	require.Equal(t, smn.SubscribeOutput{URN: urn}, out)
	require.Equal(t, smn.Confirmed, s.listed(t, urn).Status, "adding again does not undo a confirmation")
}

func subscribeBatch(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	there := s.subscribed(t, topic, mailTo("there@example.com"))
	outputs, err := s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{
		mailTo("new@example.com"),
		mailTo("there@example.com"),
		{Protocol: "ftp", Endpoint: "x"},
		mailTo("broken"),
		mailTo("new@example.com"),
		hook("http://192.0.2.1/"),
	}})
	require.NoError(t, err)
	require.Len(t, outputs, 6)
	require.NoError(t, errors.Join(outputs[0].Err, outputs[1].Err, outputs[4].Err, outputs[5].Err))
	require.True(t, outputs[0].Created)
	require.Equal(t, smn.SubscribeOutput{URN: there}, outputs[1])
	requireCode(t, smn.InvalidProtocol, outputs[2].Err)
	requireCode(t, smn.InvalidEndpoint, outputs[3].Err)
	require.Empty(t, outputs[2].URN)
	require.Equal(t, smn.SubscribeOutput{URN: outputs[0].URN}, outputs[4], "the same twice in a batch is one")
	require.True(t, outputs[5].Created)

	for _, n := range []int{0, smn.MaxBatch + 1} {
		_, err = s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: batch(0, n)})
		requireCode(t, smn.InvalidSubscription, err, n)
	}
	_, err = s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: s.topic(t, "other"), Subscriptions: batch(0, smn.MaxBatch-1)})
	require.NoError(t, err)
	outputs, err = s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: batch(0, smn.MaxBatch)})
	require.NoError(t, err)
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Equal(t, 3+smn.MaxBatch, page.Total)
	for i, sub := range page.Subscriptions[3:] {
		require.Equal(t, outputs[i].URN, sub.URN.String(), "a batch is added in its order")
	}
	_, err = s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: s.urn(Owner.Project, "missing"), Subscriptions: batch(0, 1)})
	requireCode(t, smn.TopicNotFound, err)
}

// batch makes n mail subscriptions, numbered from first.
func batch(first, n int) []smn.NewSubscription {
	items := make([]smn.NewSubscription, n)
	for i := range items {
		items[i] = mailTo(fmt.Sprintf("user%d@example.com", first+i))
	}
	return items
}

func getSubscription(t *testing.T, s *suite) {
	before := time.Now().Add(-time.Second)
	topic := s.topic(t, "topic")
	urn := s.subscribed(t, topic, smn.NewSubscription{
		Protocol: smn.HTTPS, Endpoint: "https://example.com/hook", Remark: "first",
		Extension: smn.Extension{Header: map[string]string{"x-team": "ops", "X-Key": "s3cret"}},
	})
	get := func(urn string) (smn.SubscriptionDetail, error) {
		return s.owner.GetSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: urn})
	}
	detail, err := get(urn)
	require.NoError(t, err)
	require.Equal(t, s.listed(t, urn), detail.Subscription)
	require.Equal(t, []string{"X-Key", "x-team"}, detail.HeaderNames)
	require.WithinRange(t, detail.CreatedAt, before, time.Now().Add(time.Second))

	plain, err := get(s.subscribed(t, topic, mailTo("ops@example.com")))
	require.NoError(t, err)
	require.Empty(t, plain.HeaderNames)

	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: urn}))
	_, err = get(urn)
	requireCode(t, smn.SubscriptionNotFound, err)
	_, err = get(s.urn(Owner.Project, "missing") + ":" + strings.Repeat("0", 32))
	requireCode(t, smn.SubscriptionNotFound, err)
	_, err = get(topic)
	requireCode(t, smn.InvalidSubscriptionURN, err)
}

func updateSubscription(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	urn := s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com", Remark: "before"})
	update := func(topic, urn, remark string) error {
		return s.owner.UpdateSubscription(s.owner.ctx, smn.UpdateSubscriptionInput{
			TopicSubscriptionInput: smn.TopicSubscriptionInput{TopicURN: topic, SubscriptionURN: urn}, Remark: remark,
		})
	}
	want := s.listed(t, urn)
	for _, remark := range []string{"after", "after", "Ünïcode 消息", strings.Repeat("r", smn.MaxRemark-1), strings.Repeat("ä", smn.MaxRemark/2), ""} {
		require.NoError(t, update(topic, urn, remark))
		want.Remark = remark
		require.Equal(t, want, s.listed(t, urn), "nothing else changes")
	}
	requireCode(t, smn.RemarkTooLong, update(topic, urn, strings.Repeat("r", smn.MaxRemark+1)))
	requireCode(t, smn.RemarkTooLong, update(topic, urn, strings.Repeat("ä", smn.MaxRemark/2)+"r"))
	requireCode(t, smn.SubscriptionNotFound, update(other, urn, "x"), "of another topic")
	requireCode(t, smn.SubscriptionNotFound, update(topic, topic+":"+strings.Repeat("0", 32), "x"))
	requireCode(t, smn.TopicNotFound, update(s.urn(Owner.Project, "missing"), urn, "x"))
	requireCode(t, smn.InvalidTopicURN, update("x", urn, "x"))
	requireCode(t, smn.InvalidSubscriptionURN, update(topic, topic, "x"))
	require.Equal(t, want, s.listed(t, urn), "what was refused has changed nothing")
}

func sendConfirmation(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn := s.subscribed(t, topic, hook(e.url))
	first := e.next(t, wire.TypeConfirmation)
	in := smn.SubscriptionInput{SubscriptionURN: urn}
	require.NoError(t, s.owner.SendConfirmation(s.owner.ctx, in))
	second := e.next(t, wire.TypeConfirmation)
	require.NotEqual(t, first.MessageID, second.MessageID)
	for _, m := range []received{second, first} {
		_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: m.token(t)})
		require.NoError(t, err, "both links work")
	}
	requireCode(t, smn.InvalidStatus, s.owner.SendConfirmation(s.owner.ctx, in), "it is confirmed")

	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in))
	require.NoError(t, s.owner.SendConfirmation(s.owner.ctx, in))
	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: e.next(t, wire.TypeConfirmation).token(t)})
	require.NoError(t, err)
	require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)

	function := s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.FunctionGraph, Endpoint: functionURN})
	requireCode(t, smn.InvalidStatus, s.owner.SendConfirmation(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: function}), "it needs none")
	requireCode(t, smn.SubscriptionNotFound, s.owner.SendConfirmation(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: topic + ":" + strings.Repeat("0", 32)}))
	requireCode(t, smn.InvalidSubscriptionURN, s.owner.SendConfirmation(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: topic}))
}

// subscriptionStatuses walks through all statuses that an endpoint can bring
// about, and back by the owner's hand.
func subscriptionStatuses(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	urn := s.subscribed(t, topic, hook(e.url))
	confirm := func(m received) {
		t.Helper()
		got, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: m.token(t)})
		require.NoError(t, err)
		require.Equal(t, urn, got.String())
	}
	require.Equal(t, smn.Unconfirmed, s.listed(t, urn).Status)
	confirm(e.next(t, wire.TypeConfirmation))
	require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)
	for range 2 {
		require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: urn}))
		require.Equal(t, smn.Cancelled, s.listed(t, urn).Status)
		back := e.next(t, wire.TypeUnsubscribed)

		out, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: hook(e.url)})
		require.NoError(t, err)
		require.Equal(t, smn.SubscribeOutput{URN: urn}, out)
		require.Equal(t, smn.Cancelled, s.listed(t, urn).Status, "the owner alone cannot subscribe it again")
		confirm(e.next(t, wire.TypeConfirmation)) // adding it again has sent one
		require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)
		confirm(back) // of the same unsubscription
	}
}

// foreignSubscriptions sees that a stranger reaches no subscription of the
// owner's, whatever the call.
func foreignSubscriptions(t *testing.T, s *suite) {
	topic := s.topic(t, "private")
	urn := s.subscribed(t, topic, mailTo("ops@example.com"))
	want := s.listed(t, urn)
	x := s.stranger
	in, both := smn.SubscriptionInput{SubscriptionURN: urn}, smn.TopicSubscriptionInput{TopicURN: topic, SubscriptionURN: urn}
	_, err := x.GetSubscription(x.ctx, in)
	requireCode(t, smn.Forbidden, err)
	requireCode(t, smn.Forbidden, x.UpdateSubscription(x.ctx, smn.UpdateSubscriptionInput{TopicSubscriptionInput: both, Remark: "mine"}))
	requireCode(t, smn.Forbidden, x.SendConfirmation(x.ctx, in))
	requireCode(t, smn.Forbidden, x.CancelSubscription(x.ctx, in))
	requireCode(t, smn.Forbidden, x.CancelSubscriptionByTopic(x.ctx, both))
	_, err = x.CancelSubscriptions(x.ctx, smn.CancelSubscriptionsInput{TopicURN: topic, SubscriptionURNs: []string{urn}})
	requireCode(t, smn.Forbidden, err)
	_, err = x.SubscribeUsers(x.ctx, smn.SubscribeUsersInput{TopicURN: topic, UserIDs: []string{strings.Repeat("0", 32)}})
	requireCode(t, smn.Forbidden, err)

	item := func(errs []error, err error) error {
		require.NoError(t, err)
		require.Len(t, errs, 1)
		return errs[0]
	}
	policies := smn.FilterPoliciesInput{Items: []smn.SubscriptionPolicies{levels(urn, "high")}}
	requireCode(t, smn.Forbidden, item(x.CancelSubscriptions(x.ctx, smn.CancelSubscriptionsInput{SubscriptionURNs: []string{urn}})))
	requireCode(t, smn.Forbidden, item(x.CreateFilterPolicies(x.ctx, policies)))
	requireCode(t, smn.Forbidden, item(x.UpdateFilterPolicies(x.ctx, policies)))
	requireCode(t, smn.Forbidden, item(x.DeleteFilterPolicies(x.ctx, smn.DeleteFilterPoliciesInput{SubscriptionURNs: []string{urn}})))
	mine := must(x.CreateTopic(x.ctx, smn.CreateTopicInput{Name: "private"})).URN
	requireCode(t, smn.SubscriptionNotFound, x.CancelSubscriptionByTopic(x.ctx, smn.TopicSubscriptionInput{TopicURN: mine, SubscriptionURN: urn}))
	requireCode(t, smn.SubscriptionNotFound, item(x.CancelSubscriptions(x.ctx, smn.CancelSubscriptionsInput{TopicURN: mine, SubscriptionURNs: []string{urn}})))
	require.Equal(t, want, s.listed(t, urn))
}
