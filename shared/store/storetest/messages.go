package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var messageCases = []testCase{
	{"put stores the message and its task", testPutMessage},
	{"putting again changes nothing", testPutMessageTwice},
	{"many at once are all kept", testPutMessagesAtOnce},
	{"a cancelled context stores neither", testPutMessageCancelled},
	{"who begins or ends to receive is noticed at once", testPutMessageHeard},
}

// heard makes a topic with a subscription that receives.
func (e env) heard(t *testing.T) store.Topic {
	t.Helper()
	topic := e.topic(t, smn.NewID(), "heard")
	e.hear(t, topic)
	return topic
}

// hear adds a subscription that receives to a topic.
func (e env) hear(t *testing.T, topic store.Topic) {
	t.Helper()
	item := newSubscription(topic, "urn:cff:local:p:function:default:f")
	item.Protocol, item.Status, item.Task = smn.FunctionGraph, smn.Exempt, queue.Task{}
	e.add(t, topic, item)
}

func messageTo(topic store.Topic) store.Message {
	m := newMessage()
	m.Project, m.TopicID = topic.Project, topic.ID
	return m
}

func newMessage() store.Message {
	return store.Message{
		ID: smn.NewID(), Project: smn.NewID(), TopicID: smn.NewID(), TopicURN: "urn:smn:local:p:alerts",
		TopicDisplay: "Alerts ✓", Subject: "Disk", Body: "full\r\n\t\"ünï\" \u2028 \x00 end",
		AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
	}
}

func testPutMessage(t *testing.T, e env) {
	topic := e.heard(t)
	bare := store.Message{ID: smn.NewID(), TopicID: topic.ID, AcceptedAt: moment, ExpiresAt: moment}
	large := messageTo(topic)
	large.Body = strings.Repeat("ä", smn.MaxMessage/2)
	structured, rendered := messageTo(topic), messageTo(topic)
	structured.Body, structured.Structure = "", `{"default":"ünï \u0000"}`
	structured.Attributes = []smn.MessageAttribute{{Name: "team", Type: smn.StringArrayAttribute, Values: []string{"ops", "数据"}}}
	rendered.Body, rendered.Locale, rendered.Tag = "", "zh-cn", "täg"
	rendered.Template = &store.TemplateUse{
		Versions: map[smn.Protocol]string{smn.DefaultVariant: smn.NewID(), smn.SMS: smn.NewID()},
		Tags:     map[string]string{"host": "ünï \x00 <&>", "empty": ""},
	}
	_, err := e.GetMessage(t.Context(), bare.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	tasks := map[string]queue.Task{}
	messages := []store.Message{messageTo(topic), bare, large, structured, rendered}
	for _, add := range []func(*store.Message){ // each alone
		func(m *store.Message) { m.Body, m.Structure = "", structured.Structure },
		func(m *store.Message) { m.Body, m.Template = "", rendered.Template },
		func(m *store.Message) { m.Attributes = structured.Attributes },
		func(m *store.Message) { m.Locale = rendered.Locale },
		func(m *store.Message) { m.Tag = rendered.Tag },
	} {
		m := messageTo(topic)
		add(&m)
		messages = append(messages, m)
	}
	for _, m := range messages {
		task := queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)
		require.NoError(t, e.PutMessage(t.Context(), m, task))
		got, err := e.GetMessage(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
		tasks[task.ID] = task
	}
	require.Equal(t, tasks, e.tasks(t, len(tasks)))

	for _, m := range messages { // where nobody receives, nothing of it need be kept at hand
		m.ID, m.TopicID = smn.NewID(), smn.NewID()
		require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
		got, err := e.GetMessage(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
}

func testPutMessageTwice(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	task := queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)
	require.NoError(t, e.PutMessage(t.Context(), m, task))
	require.NoError(t, e.PutMessage(t.Context(), m, task))
	got, err := e.GetMessage(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	e.tasks(t, 1)
}

func testPutMessagesAtOnce(t *testing.T, e env) {
	topic := e.heard(t)
	ids := atOnce(t, 100, func(int) (string, error) {
		m := messageTo(topic)
		return m.ID, e.PutMessage(context.Background(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0))
	})
	for _, id := range ids {
		_, err := e.GetMessage(t.Context(), id)
		require.NoError(t, err)
	}
	e.tasks(t, len(ids))
}

func testPutMessageCancelled(t *testing.T, e env) {
	ctx, cancel := context.WithCancel(t.Context())
	m := messageTo(e.heard(t))
	cancel()
	require.ErrorIs(t, e.PutMessage(ctx, m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)), context.Canceled)
	_, err := e.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.noTasks(t)
}

func testPutMessageHeard(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	put := func() (id string) {
		m := messageTo(topic)
		require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
		return "fan-out/" + m.ID + "/0"
	}
	put() // a store may leave this task out, or keep it
	e.drain(t)
	sub := e.subscribe(t, topic, 1)[0]
	e.drain(t)
	put()
	e.drain(t)
	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 0, smn.Confirmed))
	id := put()
	require.Contains(t, e.tasks(t, 1), id)
	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 1, smn.Cancelled))
	put()
	e.drain(t)
	e.hear(t, topic)
	id = put()
	require.Contains(t, e.tasks(t, 1), id)
}

// drain takes whatever tasks there are, up to one that it puts behind them, and what
// comes until nothing does for a moment.
func (e env) drain(t *testing.T) {
	t.Helper()
	last, found := reminder(), false
	require.NoError(t, e.queue.Put(t.Context(), last))
	for {
		patience := 20 * time.Second
		if found {
			patience = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		leases, err := e.queue.Receive(ctx, 10, time.Minute)
		cancel()
		if err != nil {
			require.True(t, found, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return
		}
		found = found || slices.ContainsFunc(leases, func(l queue.Lease) bool { return l.ID == last.ID })
		require.NoError(t, e.queue.Ack(t.Context(), leases...))
	}
}
