package smntest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// RunNamed runs the contract of smn.NamedSubscriptions, and of what else is for doors
// of other services. The services of the environments must have it.
func RunNamed(t *testing.T, open func(t *testing.T) Env) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, *suite){
		"Names":          names,
		"NameRules":      nameRules,
		"NamesForeign":   namesForeign,
		"NamedAndOthers": namedAndOthers,
		"Style":          style,
		"StyleAtOnce":    styleAtOnce,
		"Unsubscribe":    unsubscribeNamed,
		"Tags":           tags,
		"TopicOptions":   topicOptions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := open(t)
			run(t, &suite{Env: env, owner: act(t, env, Owner), stranger: act(t, env, Stranger), anyone: act(t, env, smn.Anonymous)})
		})
	}
}

// names is what an actor can do with names.
func (a actor) names() smn.NamedSubscriptions { return a.Service.(smn.NamedSubscriptions) }

// subscribedAs adds a subscription with a name, which must be new.
func (s *suite) subscribedAs(t *testing.T, topic, name, endpoint string, style smn.Style) smn.NamedSubscription {
	t.Helper()
	n, created, err := s.owner.names().SubscribeNamed(s.owner.ctx, smn.SubscribeNamedInput{
		TopicURN: topic, Name: name, NewSubscription: hook(endpoint), Style: style,
	})
	require.NoError(t, err)
	require.True(t, created)
	return n
}

func names(t *testing.T, s *suite) {
	topic, names := s.topic(t, "topic"), s.owner.names()
	const endpoint = "http://127.0.0.1:1/hook"
	style := smn.Style{Form: "form", Strategy: "strategy", Tag: "täg"}
	began := time.Now().Add(-time.Second)
	a := s.subscribedAs(t, topic, "a", endpoint, style)
	require.Equal(t, smn.NamedSubscription{
		Subscription: smn.Subscription{URN: a.URN, Protocol: smn.HTTP, Endpoint: endpoint, Status: smn.Exempt},
		Name:         "a", Style: style, Subscriber: Owner.Project, CreatedAt: a.CreatedAt, UpdatedAt: a.CreatedAt,
	}, a)
	require.Equal(t, topic, a.URN.Topic.String())
	require.WithinRange(t, a.CreatedAt, began, time.Now().Add(time.Second))
	b := s.subscribedAs(t, topic, "b", endpoint, smn.Style{})
	require.NotEqual(t, a.URN, b.URN, "the endpoint may be there twice")

	again, created, err := names.SubscribeNamed(s.owner.ctx, smn.SubscribeNamedInput{TopicURN: topic, Name: "a", NewSubscription: hook("http://127.0.0.1:2")})
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, a, again, "the second time changes nothing")

	got, err := names.GetNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: "a"})
	require.NoError(t, err)
	require.Equal(t, a, got)
	list := func(after string, limit int) []smn.NamedSubscription {
		list, err := names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic, After: after, Limit: limit})
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []smn.NamedSubscription{a, b}, list("", 0))
	require.Equal(t, []smn.NamedSubscription{a}, list("", 1))
	require.Equal(t, []smn.NamedSubscription{b}, list(a.URN.ID, 1))
	require.Empty(t, list(b.URN.ID, 1))

	require.NoError(t, names.CancelNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: "a"}))
	requireCode(t, smn.SubscriptionNotFound, names.CancelNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: "a"}), "the second time")
	_, err = names.GetNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: "a"})
	requireCode(t, smn.SubscriptionNotFound, err)
	require.NotEqual(t, a.URN, s.subscribedAs(t, topic, "a", endpoint, style).URN, "the name is free")

	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: topic}))
	_, err = names.GetNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: "b"})
	requireCode(t, smn.TopicNotFound, err)
	require.Equal(t, topic, s.topic(t, "topic"))
	require.Empty(t, list("", 0), "a new topic of the name inherits nothing")
}

func nameRules(t *testing.T, s *suite) {
	topic, names := s.topic(t, "topic"), s.owner.names()
	good := smn.SubscribeNamedInput{TopicURN: topic, Name: "a", NewSubscription: hook("http://127.0.0.1:1")}
	for about, c := range map[string]struct {
		code  smn.Code
		spoil func(*smn.SubscribeNamedInput)
	}{
		"no topic":            {smn.TopicNotFound, func(in *smn.SubscribeNamedInput) { in.TopicURN += "x" }},
		"no URN":              {smn.InvalidTopicURN, func(in *smn.SubscribeNamedInput) { in.TopicURN = "x" }},
		"no name":             {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Name = "" }},
		"name":                {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Name = "a b" }},
		"long name":           {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Name = strings.Repeat("a", smn.MaxSubscriptionName+1) }},
		"protocol":            {smn.InvalidProtocol, func(in *smn.SubscribeNamedInput) { in.Protocol = "fax" }},
		"endpoint":            {smn.InvalidEndpoint, func(in *smn.SubscribeNamedInput) { in.Endpoint = "mailto:x" }},
		"form of two words":   {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Form = "a b" }},
		"long form":           {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Form = strings.Repeat("f", smn.MaxStyleWord+1) }},
		"strategy on lines":   {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Strategy = "a\n" }},
		"long tag":            {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Tag = strings.Repeat("ä", smn.MaxMessageTag+1) }},
		"tag on lines":        {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Tag = "a\nb" }},
		"tag that is no text": {smn.InvalidParameter, func(in *smn.SubscribeNamedInput) { in.Tag = "\xff" }},
	} {
		in := good
		c.spoil(&in)
		_, _, err := names.SubscribeNamed(s.owner.ctx, in)
		requireCode(t, c.code, err, about)
	}
	list, err := names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic})
	require.NoError(t, err)
	require.Empty(t, list, "what was refused has changed nothing")
	longest := good
	longest.Name, longest.Form, longest.Tag = strings.Repeat("a", smn.MaxSubscriptionName), strings.Repeat("f", smn.MaxStyleWord), strings.Repeat("ä", smn.MaxMessageTag)
	n, created, err := names.SubscribeNamed(s.owner.ctx, longest)
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, longest.Tag, n.Style.Tag)
	for _, limit := range []int{-1, smn.DefaultLimit + 1} {
		_, err = names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic, Limit: limit})
		requireCode(t, smn.InvalidPage, err)
	}
	_, err = names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic + "x"})
	requireCode(t, smn.TopicNotFound, err)
}

func namesForeign(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	s.subscribedAs(t, topic, "a", "http://127.0.0.1:1", smn.Style{})
	for _, a := range []actor{s.stranger, s.anyone} {
		in := smn.NamedInput{TopicURN: topic, Name: "a"}
		_, err := a.names().GetNamed(a.ctx, in)
		requireCode(t, smn.Forbidden, err)
		_, err = a.names().ListNamed(a.ctx, smn.ListNamedInput{TopicURN: topic})
		requireCode(t, smn.Forbidden, err)
		requireCode(t, smn.Forbidden, a.names().CancelNamed(a.ctx, in))
		requireCode(t, smn.Forbidden, a.names().UpdateNamed(a.ctx, smn.UpdateNamedInput{NamedInput: in}))
		_, _, err = a.names().SubscribeNamed(a.ctx, smn.SubscribeNamedInput{TopicURN: topic, Name: "b", NewSubscription: hook("http://127.0.0.1:1")})
		requireCode(t, smn.Forbidden, err)
	}
}

// Both doors see all that is there.
func namedAndOthers(t *testing.T, s *suite) {
	topic, names := s.topic(t, "topic"), s.owner.names()
	e := newEndpoint(t)
	plain := s.subscribed(t, topic, hook(e.url))
	n := s.subscribedAs(t, topic, "a", e.url, smn.Style{})

	require.Equal(t, n.Subscription, s.listed(t, n.URN.String()))
	list, err := names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic})
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, s.listed(t, plain), list[0].Subscription)
	id := list[0].URN.ID
	require.Equal(t, id, list[0].Name, "one without a name has its id")
	got, err := names.GetNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: id})
	require.NoError(t, err)
	require.Equal(t, list[0], got)
	_, err = names.GetNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: n.URN.ID})
	requireCode(t, smn.SubscriptionNotFound, err, "it has a name, and this is not it")
	requireCode(t, smn.SubscriptionNotFound, names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: smn.NamedInput{TopicURN: topic, Name: id}}))

	again, created, err := names.SubscribeNamed(s.owner.ctx, smn.SubscribeNamedInput{TopicURN: topic, Name: id, NewSubscription: hook(e.url)})
	require.NoError(t, err)
	require.False(t, created, "an id is taken, too")
	require.Equal(t, got, again)

	message, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m"})
	require.NoError(t, err)
	require.Equal(t, message, e.next(t, wire.TypeNotification).MessageID, "nobody has to confirm it")

	require.NoError(t, names.CancelNamed(s.owner.ctx, smn.NamedInput{TopicURN: topic, Name: id}))
	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: n.URN.String()}))
	list, err = names.ListNamed(s.owner.ctx, smn.ListNamedInput{TopicURN: topic})
	require.NoError(t, err)
	require.Empty(t, list)
}

func style(t *testing.T, s *suite) {
	topic, names := s.topic(t, "topic"), s.owner.names()
	n := s.subscribedAs(t, topic, "a", "http://127.0.0.1:1", smn.Style{Form: "form", Strategy: "one", Tag: "t"})
	in := smn.NamedInput{TopicURN: topic, Name: "a"}
	two, none, long := "two", "", strings.Repeat("t", smn.MaxMessageTag+1)
	for _, c := range []struct {
		in   smn.UpdateNamedInput
		want smn.Style
	}{
		{smn.UpdateNamedInput{NamedInput: in, Strategy: &two}, smn.Style{Form: "form", Strategy: "two", Tag: "t"}},
		{smn.UpdateNamedInput{NamedInput: in, Tag: &none}, smn.Style{Form: "form", Strategy: "two"}},
		{smn.UpdateNamedInput{NamedInput: in}, smn.Style{Form: "form", Strategy: "two"}},
	} {
		require.NoError(t, names.UpdateNamed(s.owner.ctx, c.in))
		got, err := names.GetNamed(s.owner.ctx, in)
		require.NoError(t, err)
		require.False(t, got.UpdatedAt.Before(n.UpdatedAt))
		n.UpdatedAt, n.Style = got.UpdatedAt, c.want
		require.Equal(t, n, got)
	}
	requireCode(t, smn.InvalidParameter, names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: in, Tag: &long}))
	requireCode(t, smn.SubscriptionNotFound, names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: smn.NamedInput{TopicURN: topic, Name: "b"}}))
	requireCode(t, smn.TopicNotFound, names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: smn.NamedInput{TopicURN: topic + "x", Name: "a"}}))
}

// What one changes, another who changes something else at the same time does not undo.
func styleAtOnce(t *testing.T, s *suite) {
	topic, names := s.topic(t, "topic"), s.owner.names()
	s.subscribedAs(t, topic, "a", "http://127.0.0.1:1", smn.Style{Form: "form"})
	in := smn.NamedInput{TopicURN: topic, Name: "a"}
	for i := range 20 {
		strategy, tag := fmt.Sprint("s", i), fmt.Sprint("t", i)
		other := make(chan error, 1)
		go func() {
			other <- names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: in, Strategy: &strategy})
		}()
		require.NoError(t, names.UpdateNamed(s.owner.ctx, smn.UpdateNamedInput{NamedInput: in, Tag: &tag}))
		require.NoError(t, <-other)
		got, err := names.GetNamed(s.owner.ctx, in)
		require.NoError(t, err)
		require.Equal(t, smn.Style{Form: "form", Strategy: strategy, Tag: tag}, got.Style)
	}
}

// Nobody is asked before, so it must be possible afterwards.
func unsubscribeNamed(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e := newEndpoint(t)
	n := s.subscribedAs(t, topic, "a", e.url, smn.Style{})
	in := smn.SubscriptionInput{SubscriptionURN: n.URN.String()}
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in))
	require.Equal(t, smn.Cancelled, s.listed(t, in.SubscriptionURN).Status)
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, in), "the second time")
	back := e.next(t, wire.TypeUnsubscribed)
	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: back.token(t)})
	require.NoError(t, err)
	require.Equal(t, smn.Confirmed, s.listed(t, in.SubscriptionURN).Status, "and there is a way back")
}

func tags(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	all, some := newEndpoint(t), newEndpoint(t)
	s.subscribedAs(t, topic, "all", all.url, smn.Style{})
	s.subscribedAs(t, topic, "some", some.url, smn.Style{Tag: "red"})
	publish := func(tag string) string {
		id, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m", Tag: tag})
		require.NoError(t, err)
		return id
	}
	others := map[string]bool{publish(""): true, publish("Red"): true, publish("blue"): true}
	red := publish("red")
	others[red] = true
	require.Equal(t, red, some.next(t, wire.TypeNotification).MessageID)
	for len(others) > 0 {
		delete(others, all.next(t, wire.TypeNotification).MessageID)
	}
	require.Empty(t, some.messages)
	_, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m", Tag: strings.Repeat("t", smn.MaxMessageTag+1)})
	requireCode(t, smn.InvalidParameter, err)
}

func topicOptions(t *testing.T, s *suite) {
	out, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "topic", TopicOptions: smn.TopicOptions{MaxMessage: 1024, Logging: true}})
	require.NoError(t, err)
	topic := func() smn.Topic {
		topic, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: out.URN})
		require.NoError(t, err)
		return topic
	}
	require.Equal(t, smn.TopicOptions{MaxMessage: 1024, Logging: true}, topic().TopicOptions)
	again, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	require.False(t, again.Created)
	require.Equal(t, smn.TopicOptions{MaxMessage: 1024, Logging: true}, topic().TopicOptions, "the second time changes nothing")

	publish := func(in smn.PublishInput) error {
		in.TopicURN = out.URN
		_, err := s.owner.Publish(s.owner.ctx, in)
		return err
	}
	require.NoError(t, publish(smn.PublishInput{Message: strings.Repeat("m", 1024)}))
	requireCode(t, smn.InvalidMessage, publish(smn.PublishInput{Message: strings.Repeat("m", 1025)}))
	requireCode(t, smn.InvalidMessage, publish(smn.PublishInput{Structure: fmt.Sprintf(`{"default":"%s"}`, strings.Repeat("m", 1024))}))

	most, logging := 2048, false
	require.NoError(t, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: out.URN, MaxMessage: &most}))
	require.Equal(t, smn.TopicOptions{MaxMessage: 2048, Logging: true}, topic().TopicOptions)
	require.NoError(t, publish(smn.PublishInput{Message: strings.Repeat("m", 1025)}))
	require.NoError(t, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: out.URN, Logging: &logging}))
	require.Equal(t, smn.TopicOptions{MaxMessage: 2048}, topic().TopicOptions)
	for _, bad := range []int{-1, smn.MaxMessage + 1} {
		requireCode(t, smn.InvalidParameter, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: out.URN, MaxMessage: &bad}))
		_, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "other", TopicOptions: smn.TopicOptions{MaxMessage: bad}})
		requireCode(t, smn.InvalidParameter, err)
	}
	require.Equal(t, smn.TopicOptions{MaxMessage: 2048}, topic().TopicOptions)
}
