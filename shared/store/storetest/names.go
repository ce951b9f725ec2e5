package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// nameCases are the promises about subscriptions with names.
var nameCases = []testCase{
	{"a name identifies", testNames},
	{"set style", testSetStyle},
}

// named makes an item with a name, which makes no work.
func named(topic store.Topic, name, endpoint string) store.AddSubscription {
	item := newSubscription(topic, endpoint)
	item.Name, item.Status, item.Task = name, smn.Exempt, queue.Task{}
	item.Style = smn.Style{Form: "form", Strategy: "strategy", Tag: "täg"}
	return item
}

func testNames(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	const endpoint = "https://one"
	subs := e.add(t, topic, newSubscription(topic, endpoint), named(topic, "a", endpoint), named(topic, "b", endpoint))
	elsewhere := e.add(t, other, named(other, "a", endpoint))
	require.Equal(t, subs, e.list(t, topic).Subscriptions)

	again := []store.AddSubscription{named(topic, "a", "https://other"), newSubscription(topic, endpoint), named(topic, "c", endpoint), named(topic, "c", endpoint)}
	added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, again, 4)
	require.NoError(t, err)
	require.Equal(t, []store.AddedSubscription{{Subscription: subs[1]}, {Subscription: subs[0]}}, added[:2])
	require.True(t, added[2].Created)
	require.Equal(t, store.AddedSubscription{Subscription: added[2].Subscription}, added[3])
	subs = append(subs, added[2].Subscription)

	find := func(topic store.Topic, name string) store.Subscription {
		s, err := e.FindSubscription(t.Context(), topic.Project, topic.ID, name)
		require.NoError(t, err)
		return s
	}
	missing := func(project, topicID, name string) {
		_, err := e.FindSubscription(t.Context(), project, topicID, name)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Equal(t, subs[1], find(topic, "a"))
	require.Equal(t, elsewhere[0], find(other, "a"))
	missing(other.Project, topic.ID, "a")
	missing(topic.Project, other.ID, "b")
	missing(topic.Project, topic.ID, "")
	missing(topic.Project, topic.ID, "A")
	got, err := e.GetSubscription(t.Context(), subs[2].SubscriptionKey)
	require.NoError(t, err)
	require.Equal(t, subs[2], got)
	chunk, err := e.GetChunk(t.Context(), topic.Project, topic.ID, 0)
	require.NoError(t, err)
	require.Equal(t, subs, chunk.Subscriptions)

	require.NoError(t, e.DeleteSubscription(t.Context(), subs[1].SubscriptionKey))
	missing(topic.Project, topic.ID, "a")
	added, err = e.AddSubscriptions(t.Context(), topic.Project, topic.ID, []store.AddSubscription{named(topic, "a", endpoint)}, noLimit)
	require.NoError(t, err)
	require.True(t, added[0].Created, "the name is free")
	require.Equal(t, added[0].Subscription, find(topic, "a"))

	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	missing(topic.Project, topic.ID, "b")
	anew := e.topic(t, topic.Project, topic.Name)
	missing(anew.Project, anew.ID, "b")
}

func testSetStyle(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.add(t, topic, named(topic, "a", "https://one"), named(topic, "b", "https://one"))
	for i, style := range []smn.Style{{Form: "other"}, {}, {Tag: "t"}} {
		at := moment.Add(time.Duration(i+1) * time.Minute)
		require.ErrorIs(t, e.SetStyle(t.Context(), subs[1].SubscriptionKey, smn.Style{Form: "another"}, style, at), store.ErrConflict)
		require.NoError(t, e.SetStyle(t.Context(), subs[1].SubscriptionKey, subs[1].Style, style, at))
		subs[1].Style, subs[1].StyledAt = style, at
		require.Equal(t, subs, e.list(t, topic).Subscriptions)
		s, err := e.FindSubscription(t.Context(), topic.Project, topic.ID, "b")
		require.NoError(t, err)
		require.Equal(t, subs[1], s)
		chunk, err := e.GetChunk(t.Context(), topic.Project, topic.ID, 0)
		require.NoError(t, err)
		require.Equal(t, subs, chunk.Subscriptions)
	}
	for _, key := range []store.SubscriptionKey{
		{Project: smn.NewID(), TopicID: topic.ID, ID: subs[0].ID},
		{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
	} {
		require.ErrorIs(t, e.SetStyle(t.Context(), key, smn.Style{}, smn.Style{}, moment), store.ErrNotFound)
	}
}
