package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var healthCases = []testCase{
	{"an endpoint in trouble is known until it is well", testHealth},
	{"health is listed by chunk", testListHealth},
	{"health goes with its subscription and its topic", testHealthGoes},
}

func healthOf(sub store.Subscription) store.Health {
	return store.Health{
		SubscriptionKey: sub.SubscriptionKey, Seq: sub.Seq, Failures: 3, Since: moment, Parks: 1,
		ParkedUntil: moment.Add(5 * time.Minute), Status: 503, Reason: "HTTP 503 ✗",
	}
}

func (e env) putHealth(t *testing.T, h store.Health) {
	t.Helper()
	require.NoError(t, e.PutHealth(t.Context(), h))
	e.settle(t)
}

// settle makes sure that what was written before can be read: a write that is
// waited for is behind it.
func (e env) settle(t *testing.T) {
	t.Helper()
	require.NoError(t, e.PutFailure(t.Context(), failureOf(smn.NewID())))
}

func (e env) listHealth(t *testing.T, topic store.Topic, n int) []store.Health {
	t.Helper()
	list, err := e.ListHealth(t.Context(), topic.Project, topic.ID, n)
	require.NoError(t, err)
	return list
}

func testHealth(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 2)
	h := healthOf(subs[1])
	_, err := e.GetHealth(t.Context(), h.SubscriptionKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.putHealth(t, h)
	for range 2 {
		got, err := e.GetHealth(t.Context(), h.SubscriptionKey)
		require.NoError(t, err)
		require.Equal(t, h, got)
		h.Failures, h.Since, h.Parks, h.ParkedUntil = 9, moment.Add(time.Hour), 0, time.Time{}
		h.Status, h.Reason = 0, "connection refused"
		e.putHealth(t, h)
	}
	_, err = e.GetHealth(t.Context(), subs[0].SubscriptionKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	stranger := h.SubscriptionKey
	stranger.Project = smn.NewID()
	_, err = e.GetHealth(t.Context(), stranger)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, e.ClearHealth(t.Context(), stranger))
	e.settle(t)
	require.Equal(t, []store.Health{h}, e.listHealth(t, topic, 0))

	for range 2 {
		require.NoError(t, e.ClearHealth(t.Context(), h.SubscriptionKey))
		e.settle(t)
		_, err = e.GetHealth(t.Context(), h.SubscriptionKey)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

func testListHealth(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, store.ChunkSize+2)
	require.Empty(t, e.listHealth(t, topic, 0))
	for _, i := range []int{store.ChunkSize + 1, 7, store.ChunkSize - 1, 0, store.ChunkSize} {
		e.putHealth(t, healthOf(subs[i]))
	}
	require.Equal(t, []store.Health{healthOf(subs[0]), healthOf(subs[7]), healthOf(subs[store.ChunkSize-1])}, e.listHealth(t, topic, 0))
	require.Equal(t, []store.Health{healthOf(subs[store.ChunkSize]), healthOf(subs[store.ChunkSize+1])}, e.listHealth(t, topic, 1))
	require.Empty(t, e.listHealth(t, topic, 2))
	require.Empty(t, e.listHealth(t, other, 0))
	other.ID = topic.ID
	require.Empty(t, e.listHealth(t, other, 0), "of another project")
}

func testHealthGoes(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 3)
	for _, sub := range subs {
		e.putHealth(t, healthOf(sub))
	}
	require.NoError(t, e.DeleteSubscription(t.Context(), subs[0].SubscriptionKey))
	_, err := e.DeleteSubscriptions(t.Context(), []store.SubscriptionKey{subs[1].SubscriptionKey})
	require.NoError(t, err)
	require.Equal(t, []store.Health{healthOf(subs[2])}, e.listHealth(t, topic, 0))
	e.putHealth(t, healthOf(subs[0])) // it is gone: nothing to do
	require.Equal(t, []store.Health{healthOf(subs[2])}, e.listHealth(t, topic, 0))
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.Empty(t, e.listHealth(t, topic, 0))
}
