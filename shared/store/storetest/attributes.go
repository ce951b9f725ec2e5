package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var attributeCases = []testCase{
	{"put, get, list", testPutAttribute},
	{"putting again keeps when it was made", testPutAttributeAgain},
	{"a topic that is gone takes none", testAttributeOfNoTopic},
	{"delete", testDeleteAttributes},
	{"those of a topic go with it", testAttributesOfTopic},
}

func (e env) attribute(t *testing.T, topic store.Topic, name, value string) store.Attribute {
	t.Helper()
	a := store.Attribute{TopicID: topic.ID, Name: name, Value: value, CreatedAt: moment, UpdatedAt: moment.Add(time.Second)}
	require.NoError(t, e.PutAttribute(t.Context(), topic.Project, a))
	return a
}

func (e env) requireAttributes(t *testing.T, topicID string, want ...store.Attribute) {
	t.Helper()
	got, err := e.ListAttributes(t.Context(), topicID)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func testPutAttribute(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	e.requireAttributes(t, topic.ID)
	long := e.attribute(t, topic, "policy", "\n {\"a\": \"Ünïcode ✓\"}\t\n"+strings.Repeat("x", 30*1024))
	intro := e.attribute(t, topic, "introduction", "hello")
	elsewhere := e.attribute(t, other, "introduction", "other")
	e.requireAttributes(t, topic.ID, intro, long)
	e.requireAttributes(t, other.ID, elsewhere)
	e.requireAttributes(t, smn.NewID())
	for _, want := range []store.Attribute{long, intro, elsewhere} {
		got, err := e.GetAttribute(t.Context(), want.TopicID, want.Name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := e.GetAttribute(t.Context(), other.ID, "policy")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func testPutAttributeAgain(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	a := e.attribute(t, topic, "introduction", "first")
	again := a
	again.Value, again.CreatedAt, again.UpdatedAt = "second", moment.Add(time.Hour), moment.Add(time.Hour)
	require.NoError(t, e.PutAttribute(t.Context(), topic.Project, again))
	again.CreatedAt = a.CreatedAt
	e.requireAttributes(t, topic.ID, again)
}

func testAttributeOfNoTopic(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	for _, of := range [][2]string{{topic.Project, smn.NewID()}, {smn.NewID(), topic.ID}} {
		a := store.Attribute{TopicID: of[1], Name: "introduction", Value: "v"}
		require.ErrorIs(t, e.PutAttribute(t.Context(), of[0], a), store.ErrNotFound)
		e.requireAttributes(t, of[1])
	}
}

func testDeleteAttributes(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	a, b := e.attribute(t, topic, "a", "1"), e.attribute(t, topic, "b", "2")
	kept := e.attribute(t, other, "a", "3")
	for range 2 { // the second time is no error
		require.NoError(t, e.DeleteAttribute(t.Context(), topic.ID, "a"))
		e.requireAttributes(t, topic.ID, b)
	}
	a.Value, a.CreatedAt, a.UpdatedAt = "4", moment.Add(time.Hour), moment.Add(time.Hour)
	require.NoError(t, e.PutAttribute(t.Context(), topic.Project, a))
	e.requireAttributes(t, topic.ID, a, b) // made anew
	for range 2 {
		require.NoError(t, e.DeleteAttributes(t.Context(), topic.ID))
		e.requireAttributes(t, topic.ID)
	}
	e.requireAttributes(t, other.ID, kept)
}

func testAttributesOfTopic(t *testing.T, e env) {
	old := e.topic(t, smn.NewID(), "alerts")
	stays := e.topic(t, old.Project, "stays")
	e.attribute(t, old, "policy", "old")
	kept := e.attribute(t, stays, "policy", "kept")
	require.NoError(t, e.DeleteTopic(t.Context(), old.Project, old.Name))
	e.requireAttributes(t, old.ID)
	e.requireAttributes(t, e.topic(t, old.Project, old.Name).ID)
	e.requireAttributes(t, stays.ID, kept)
}
