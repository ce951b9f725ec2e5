package storetest

import (
	"context"
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
}

func newMessage() store.Message {
	return store.Message{
		ID: smn.NewID(), Project: smn.NewID(), TopicID: smn.NewID(), TopicURN: "urn:smn:local:p:alerts",
		TopicDisplay: "Alerts ✓", Subject: "Disk", Body: "full\r\n\t\"ünï\" \u2028 \x00 end",
		AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
	}
}

func testPutMessage(t *testing.T, e env) {
	bare := store.Message{ID: smn.NewID(), AcceptedAt: moment, ExpiresAt: moment}
	large := newMessage()
	large.Body = strings.Repeat("ä", smn.MaxMessage/2)
	structured, rendered := newMessage(), newMessage()
	structured.Body, structured.Structure = "", `{"default":"ünï \u0000"}`
	structured.Attributes = []smn.MessageAttribute{{Name: "team", Type: smn.StringArrayAttribute, Values: []string{"ops", "数据"}}}
	rendered.Body, rendered.Locale = "", "zh-cn"
	rendered.Template = &store.TemplateUse{
		Versions: map[smn.Protocol]string{smn.DefaultVariant: smn.NewID(), smn.SMS: smn.NewID()},
		Tags:     map[string]string{"host": "ünï \x00 <&>", "empty": ""},
	}
	_, err := e.GetMessage(t.Context(), bare.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	tasks := map[string]queue.Task{}
	for _, m := range []store.Message{newMessage(), bare, large, structured, rendered} {
		task := queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)
		require.NoError(t, e.PutMessage(t.Context(), m, task))
		got, err := e.GetMessage(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
		tasks[task.ID] = task
	}
	require.Equal(t, tasks, e.tasks(t, len(tasks)))
}

func testPutMessageTwice(t *testing.T, e env) {
	m := newMessage()
	task := queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)
	require.NoError(t, e.PutMessage(t.Context(), m, task))
	require.NoError(t, e.PutMessage(t.Context(), m, task))
	got, err := e.GetMessage(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	e.tasks(t, 1)
}

func testPutMessagesAtOnce(t *testing.T, e env) {
	ids := atOnce(t, 100, func(int) (string, error) {
		m := newMessage()
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
	cancel()
	m := newMessage()
	require.ErrorIs(t, e.PutMessage(ctx, m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)), context.Canceled)
	_, err := e.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.noTasks(t)
}
