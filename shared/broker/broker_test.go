package broker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/embedded"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// What every implementation promises is tested by smntest. Here is what takes
// other quotas, another clock, or a look into the queue.

const project = "11111111111111111111111111111111"

type fixture struct {
	*broker.Broker
	db     *embedded.DB
	tokens iam.ConfirmTokens
	ctx    context.Context
	now    time.Time
}

func open(t *testing.T, change func(*broker.Config)) *fixture {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	tokens, err := iam.NewConfirmTokens(make([]byte, 32))
	require.NoError(t, err)
	f := &fixture{
		db: db, tokens: tokens, now: time.Now(),
		ctx: smn.WithCaller(t.Context(), smn.Caller{Project: project}),
	}
	config := broker.Config{Store: db, Tasks: db, Tokens: tokens, Region: "test", Now: func() time.Time { return f.now }}
	if change != nil {
		change(&config)
	}
	f.Broker, err = broker.New(config)
	require.NoError(t, err)
	return f
}

func (f *fixture) topic(t *testing.T) string {
	t.Helper()
	out, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: "topic", DisplayName: "Topic"})
	require.NoError(t, err)
	return out.URN
}

// heard makes a topic with a subscription that receives.
func (f *fixture) heard(t *testing.T) string {
	t.Helper()
	topic := f.topic(t)
	_, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{
		Protocol: smn.FunctionGraph, Endpoint: "urn:cff:eu-de:" + project + ":function:default:report",
	}})
	require.NoError(t, err)
	return topic
}

// waiting are the tasks in the queue.
func (f *fixture) waiting(t *testing.T) []queue.Task {
	t.Helper()
	require.NoError(t, f.db.Put(t.Context(), queue.Task{ID: "marker", Retry: &queue.Retry{}})) // so that Receive never waits
	leases, err := f.db.Receive(t.Context(), 100, time.Hour)
	require.NoError(t, err)
	var tasks []queue.Task
	for _, l := range leases {
		if l.ID != "marker" {
			tasks = append(tasks, l.Task)
		}
	}
	require.NoError(t, f.db.Ack(t.Context(), leases...))
	return tasks
}

func TestConfig(t *testing.T) {
	_, err := broker.New(broker.Config{Region: "test"})
	require.Error(t, err)
	f := open(t, nil)
	_, err = broker.New(broker.Config{Store: f.db, Tasks: f.db, Tokens: f.tokens, Region: "Not A Region"})
	require.ErrorContains(t, err, "region")
}

func TestTopicQuota(t *testing.T) {
	const quota = 3
	f := open(t, func(c *broker.Config) { c.TopicQuota = quota })
	for i := range quota {
		_, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: fmt.Sprint("t", i)})
		require.NoError(t, err)
	}
	_, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: "more"})
	require.Equal(t, smn.TooManyTopics, smn.CodeOf(err))
	out, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: "t0"})
	require.NoError(t, err, "one that is there already is no more")
	require.False(t, out.Created)
	require.NoError(t, f.DeleteTopic(f.ctx, smn.TopicInput{TopicURN: out.URN}))
	_, err = f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: "more"})
	require.NoError(t, err)
}

func TestTemplateQuota(t *testing.T) {
	const quota = 3
	f := open(t, func(c *broker.Config) { c.TemplateQuota = quota })
	create := func(name string, p smn.Protocol) (string, error) {
		return f.CreateTemplate(f.ctx, smn.CreateTemplateInput{Name: name, Protocol: p, Content: "c"})
	}
	var last string
	for i := range quota {
		var err error
		last, err = create(fmt.Sprint("t", i), smn.SMS)
		require.NoError(t, err)
	}
	_, err := create("t0", smn.Email)
	require.Equal(t, smn.TooManyTemplates, smn.CodeOf(err), "each variant counts")
	_, err = create("t0", smn.SMS)
	require.Equal(t, smn.TemplateExists, smn.CodeOf(err))
	require.NoError(t, f.DeleteTemplate(f.ctx, smn.TemplateInput{ID: last}))
	_, err = create("t0", smn.Email)
	require.NoError(t, err)
}

// TestOnlyTheFormThatCountsIsStored, and of tags only what it needs.
func TestOnlyTheFormThatCountsIsStored(t *testing.T) {
	f := open(t, nil)
	topic := f.heard(t)
	id, err := f.CreateTemplate(f.ctx, smn.CreateTemplateInput{Name: "t", Content: "{a}"})
	require.NoError(t, err)
	all := smn.PublishInput{TopicURN: topic, Structure: `{"default":"d"}`, TemplateName: "t", Tags: map[string]string{"a": "b", "surplus": "x"}, Message: "m"}
	stored := func() store.Message {
		f.waiting(t)
		id, err := f.Publish(f.ctx, all)
		require.NoError(t, err)
		m, err := f.db.GetMessage(t.Context(), id)
		require.NoError(t, err)
		tasks := f.waiting(t)
		require.Len(t, tasks, 1)
		require.Equal(t, id, tasks[0].FanOut.MessageID)
		return m
	}
	m := stored()
	require.Equal(t, all.Structure, m.Structure)
	require.Nil(t, m.Template)
	require.Empty(t, m.Body)
	all.Structure = ""
	m = stored()
	template, err := f.db.GetTemplate(t.Context(), project, id)
	require.NoError(t, err)
	require.Equal(t, &store.TemplateUse{Versions: map[smn.Protocol]string{smn.DefaultVariant: template.VersionID}, Tags: map[string]string{"a": "b"}}, m.Template)
	require.Empty(t, m.Body)
	all.TemplateName = ""
	m = stored()
	require.Nil(t, m.Template)
	require.Equal(t, "m", m.Body)
}

// withoutTemplates is a store that must not be asked for templates.
type withoutTemplates struct {
	store.Store
	t *testing.T
}

func (s withoutTemplates) FindTemplates(context.Context, string, string) ([]store.Template, error) {
	s.t.Error("a message without a template costs no reading of templates")
	return nil, nil
}

func TestOtherFormsReadNoTemplate(t *testing.T) {
	f := open(t, func(c *broker.Config) { c.Store = withoutTemplates{c.Store, t} })
	topic := f.topic(t)
	for _, in := range []smn.PublishInput{{Message: "m"}, {Structure: `{"default":"d"}`, TemplateName: "t"}} {
		in.TopicURN = topic
		_, err := f.Publish(f.ctx, in)
		require.NoError(t, err)
	}
}

func TestSubscriptionQuota(t *testing.T) {
	const quota = 3
	f := open(t, func(c *broker.Config) { c.SubscriptionQuota = quota })
	topic := f.topic(t)
	mail := func(i int) smn.NewSubscription {
		return smn.NewSubscription{Protocol: smn.Email, Endpoint: fmt.Sprintf("u%d@example.com", i)}
	}
	outputs, err := f.SubscribeBatch(f.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{mail(0), mail(1), mail(2), mail(3), mail(0)}})
	require.NoError(t, err)
	for i, out := range outputs {
		if i == 3 {
			require.Equal(t, smn.TooManySubscriptions, smn.CodeOf(out.Err))
		} else {
			require.NoError(t, out.Err)
		}
	}
	_, err = f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mail(4)})
	require.Equal(t, smn.TooManySubscriptions, smn.CodeOf(err))
	require.NoError(t, f.CancelSubscription(f.ctx, smn.SubscriptionInput{SubscriptionURN: outputs[0].URN}))
	_, err = f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mail(4)})
	require.NoError(t, err)
}

func TestInternalEndpoints(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	inside := smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://169.254.169.254/latest/meta-data"}
	_, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: inside})
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(err))
	outputs, err := f.SubscribeBatch(f.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{
		inside, {Protocol: smn.HTTPS, Endpoint: "https://example.com/"},
	}})
	require.NoError(t, err)
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(outputs[0].Err))
	require.True(t, outputs[1].Created)
}

// TestBotsAreCalledInPublic: the URL of a bot is its secret.
func TestBotsAreCalledInPublic(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	for endpoint, want := range map[string]smn.Code{
		"http://example.com/hook":    smn.InvalidEndpoint,
		"https://169.254.169.254/":   smn.InternalEndpoint,
		"http://localhost/hook":      smn.InternalEndpoint,
		"https://example.com/hook":   "",
		"HTTPS://example.com/hook/2": "",
	} {
		in := smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{Protocol: smn.Slack, Endpoint: endpoint}}
		_, err := f.Subscribe(f.ctx, in)
		require.Equal(t, want, smn.CodeOf(err), endpoint)
	}
	inside := open(t, func(c *broker.Config) { c.AllowPrivateEndpoints = true })
	_, err := inside.Subscribe(inside.ctx, smn.SubscribeInput{
		TopicURN: inside.topic(t), NewSubscription: smn.NewSubscription{Protocol: smn.Slack, Endpoint: "http://localhost/hook"},
	})
	require.NoError(t, err)
}

// TestFunctionsMakeNoWork: they need no confirmation, the first time or later.
func TestFunctionsMakeNoWork(t *testing.T) {
	f := open(t, nil)
	in := smn.SubscribeInput{TopicURN: f.topic(t), NewSubscription: smn.NewSubscription{
		Protocol: smn.FunctionGraph, Endpoint: "urn:cff:eu-de:" + project + ":function:default:report",
	}}
	for range 2 {
		_, err := f.Subscribe(f.ctx, in)
		require.NoError(t, err)
	}
	require.Empty(t, f.waiting(t))
}

// TestConfirmationsCarryWhatBotsWant and nothing else that is secret.
func TestConfirmationsCarryWhatBotsWant(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	for _, c := range []struct {
		smn.NewSubscription
		want smn.Extension
	}{
		{smn.NewSubscription{Protocol: smn.DingDing, Endpoint: "https://example.com/", Extension: smn.Extension{SignSecret: "s"}}, smn.Extension{SignSecret: "s"}},
		{smn.NewSubscription{Protocol: smn.Feishu, Endpoint: "https://example.com/", Extension: smn.Extension{Keyword: "k"}}, smn.Extension{Keyword: "k"}},
		{smn.NewSubscription{Protocol: smn.HTTPS, Endpoint: "https://example.com/", Extension: smn.Extension{Header: map[string]string{"x-token": "s"}}}, smn.Extension{}},
	} {
		_, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: c.NewSubscription})
		require.NoError(t, err)
		tasks := f.waiting(t)
		require.Len(t, tasks, 1)
		require.Equal(t, c.want, tasks[0].Notice.Subscription.Extension)
	}
}

// confirmable subscribes and returns the URN and the subject of its token.
func (f *fixture) confirmable(t *testing.T) (string, iam.ConfirmSubject) {
	t.Helper()
	out, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: f.topic(t), NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}})
	require.NoError(t, err)
	tasks := f.waiting(t)
	require.Len(t, tasks, 1)
	n := tasks[0].Notice
	require.Equal(t, queue.Subscribed, n.Kind)
	require.Equal(t, "Topic", n.TopicDisplay)
	require.Equal(t, "a@example.com", n.Subscription.Endpoint)
	return out.URN, iam.ConfirmSubject{
		Project: n.Subscription.Project, TopicID: n.Subscription.TopicID, SubscriptionID: n.Subscription.ID, Version: n.Subscription.Version,
	}
}

// TestConfirmWithin tries a token at its last second and at the first one after.
func TestConfirmWithin(t *testing.T) {
	f := open(t, nil)
	urn, subject := f.confirmable(t)
	issued := f.now
	in := smn.ConfirmSubscriptionInput{Token: f.tokens.Issue(subject, issued.Add(smn.ConfirmWithin))}
	anyone := smn.WithCaller(t.Context(), smn.Anonymous)

	f.now = issued.Add(smn.ConfirmWithin + time.Second)
	_, err := f.ConfirmSubscription(anyone, in)
	require.Equal(t, smn.InvalidToken, smn.CodeOf(err))
	f.now = issued.Add(smn.ConfirmWithin - time.Second)
	got, err := f.ConfirmSubscription(anyone, in)
	require.NoError(t, err)
	require.Equal(t, urn, got.String())
}

func TestTokenOfNoSubscription(t *testing.T) {
	f := open(t, nil)
	_, subject := f.confirmable(t)
	subject.SubscriptionID = smn.NewID()
	_, err := f.ConfirmSubscription(t.Context(), smn.ConfirmSubscriptionInput{Token: f.tokens.Issue(subject, f.now.Add(time.Hour))})
	require.Equal(t, smn.SubscriptionNotFound, smn.CodeOf(err))
	subject.Version = 7
	_, err = f.ConfirmSubscription(t.Context(), smn.ConfirmSubscriptionInput{Token: f.tokens.Issue(subject, f.now.Add(time.Hour)) + "00"})
	require.Equal(t, smn.InvalidToken, smn.CodeOf(err))
}

// TestConfirmationsAreSentSparingly: once when new, again while unconfirmed, and
// never to someone who has confirmed.
func TestConfirmationsAreSentSparingly(t *testing.T) {
	f := open(t, nil)
	_, subject := f.confirmable(t)
	again := smn.SubscribeInput{TopicURN: f.topic(t), NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}}
	_, err := f.Subscribe(f.ctx, again)
	require.NoError(t, err)
	require.Len(t, f.waiting(t), 1)

	token := smn.ConfirmSubscriptionInput{Token: f.tokens.Issue(subject, f.now.Add(time.Hour))}
	urn, err := f.ConfirmSubscription(t.Context(), token)
	require.NoError(t, err)
	_, err = f.Subscribe(f.ctx, again)
	require.NoError(t, err)
	require.Empty(t, f.waiting(t))

	require.NoError(t, f.Unsubscribe(t.Context(), smn.SubscriptionInput{SubscriptionURN: urn.String()}))
	tasks := f.waiting(t)
	require.Len(t, tasks, 1)
	require.Equal(t, queue.Unsubscribed, tasks[0].Notice.Kind)
	require.Equal(t, subject.Version+2, tasks[0].Notice.Subscription.Version, "its link belongs to the new version")
	_, err = f.Subscribe(f.ctx, again)
	require.NoError(t, err)
	require.Len(t, f.waiting(t), 1, "someone who left is asked again")
}

func TestPublishStoresMessageAndTask(t *testing.T) {
	f := open(t, nil)
	topic := f.heard(t)
	id, err := f.Publish(f.ctx, smn.PublishInput{TopicURN: topic, Subject: "s", Message: "m", TimeToLive: time.Minute})
	require.NoError(t, err)
	m, err := f.db.GetMessage(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "m", m.Body)
	require.Equal(t, "s", m.Subject)
	require.Equal(t, topic, m.TopicURN)
	require.Equal(t, "Topic", m.TopicDisplay)
	require.Equal(t, time.Minute, m.ExpiresAt.Sub(m.AcceptedAt))
	tasks := f.waiting(t)
	require.Len(t, tasks, 1)
	require.Equal(t, queue.FanOut{MessageID: id}, *tasks[0].FanOut)

	_, err = f.Publish(f.ctx, smn.PublishInput{TopicURN: topic, Message: "m"})
	require.NoError(t, err)
	last := f.waiting(t)[0].FanOut.MessageID
	m, err = f.db.GetMessage(t.Context(), last)
	require.NoError(t, err)
	require.Equal(t, smn.DefaultTimeToLive, m.ExpiresAt.Sub(m.AcceptedAt))
}

// TestTasksSurviveJSON: queues keep tasks as JSON.
func TestTasksSurviveJSON(t *testing.T) {
	f := open(t, nil)
	_, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: f.topic(t), NewSubscription: smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345678"}})
	require.NoError(t, err)
	task := f.waiting(t)[0]
	text, err := json.Marshal(task)
	require.NoError(t, err)
	var back queue.Task
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, task.Notice.Subscription, back.Notice.Subscription)
	require.True(t, task.Notice.IssuedAt.Equal(back.Notice.IssuedAt))
	require.Equal(t, task.ID, back.ID)
}

func TestNoCallerIsForbidden(t *testing.T) {
	f := open(t, nil)
	_, err := f.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "a"})
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
	_, err = f.CreateTopic(smn.WithCaller(t.Context(), smn.Anonymous), smn.CreateTopicInput{Name: "a"})
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
}

// TestStoreFailureIsInternal: what is our own fault is not the caller's.
func TestStoreFailureIsInternal(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	require.NoError(t, f.db.Close())
	_, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: "a"})
	require.Equal(t, smn.Internal, smn.CodeOf(err))
	_, err = f.Publish(f.ctx, smn.PublishInput{TopicURN: topic, Message: "m"})
	require.Equal(t, smn.Internal, smn.CodeOf(err))
	_, err = f.GetTopic(f.ctx, smn.TopicInput{TopicURN: topic})
	require.Equal(t, smn.Internal, smn.CodeOf(err))
}
