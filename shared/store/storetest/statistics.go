package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var statisticsCases = []testCase{
	{"SMS count in the hour of their message", testCountSMS},
	{"finishing twice counts SMS once", testCountTwice},
	{"an SMS that was delivered later counts once", testCountResolved},
	{"a period takes the hours it overlaps with", testCountPeriod},
	{"counts go with their topic", testCountDeleted},
}

// hour is the hour of moment.
var hour = moment.Truncate(time.Hour)

// accepted stores a message of a topic.
func (e env) accepted(t *testing.T, topic store.Topic, at time.Time) store.ChunkKey {
	t.Helper()
	m := newMessage()
	m.Project, m.TopicID, m.AcceptedAt = topic.Project, topic.ID, at
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(topic.ID, m.ID, 0)))
	return store.ChunkKey{MessageID: m.ID}
}

func (e env) finish(t *testing.T, key store.ChunkKey, sms int, failures ...store.Failure) {
	t.Helper()
	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 300, SMS: sms}, failures))
}

func (e env) counts(t *testing.T, topic store.Topic) []store.SMSCount {
	t.Helper()
	counts, err := e.CountSMS(t.Context(), topic.ID, moment.AddDate(-1, 0, 0), moment.AddDate(1, 0, 0))
	require.NoError(t, err)
	return counts
}

func testCountSMS(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	require.Empty(t, e.counts(t, topic))
	first := e.accepted(t, topic, moment)
	e.finish(t, first, 3)
	e.finish(t, store.ChunkKey{MessageID: first.MessageID, Chunk: 1}, 4)
	e.finish(t, e.accepted(t, topic, hour), 5)
	e.finish(t, e.accepted(t, topic, hour.Add(-time.Millisecond)), 6)
	e.finish(t, e.accepted(t, topic, hour.Add(time.Hour)), 0)
	e.finish(t, e.accepted(t, other, moment), 7)
	e.finish(t, store.ChunkKey{MessageID: smn.NewID()}, 8) // of an unknown message
	require.Equal(t, []store.SMSCount{{Hour: hour.Add(-time.Hour), SMS: 6}, {Hour: hour, SMS: 12}}, e.counts(t, topic))
	require.Equal(t, []store.SMSCount{{Hour: hour, SMS: 7}}, e.counts(t, other))
}

func testCountTwice(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	key := e.accepted(t, topic, moment)
	for _, sms := range []int{3, 3, 5, 2} {
		e.finish(t, key, sms)
		require.Equal(t, []store.SMSCount{{Hour: hour, SMS: sms}}, e.counts(t, topic), "set, not added to")
	}
	e.finish(t, key, 0)
	require.Empty(t, e.counts(t, topic))
}

func testCountResolved(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	key := e.accepted(t, topic, moment)
	sms, hook := failureOf(key.MessageID), failureOf(key.MessageID)
	e.finish(t, key, 1, sms, hook)
	for range 2 {
		require.NoError(t, e.ResolveFailure(t.Context(), key.MessageID, sms.SubscriptionID, smn.SMS))
		require.NoError(t, e.ResolveFailure(t.Context(), key.MessageID, hook.SubscriptionID, smn.HTTPS))
		require.Equal(t, []store.SMSCount{{Hour: hour, SMS: 2}}, e.counts(t, topic))
	}
}

func testCountPeriod(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	for i := range 3 {
		e.finish(t, e.accepted(t, topic, hour.Add(time.Duration(i)*time.Hour)), 1)
	}
	for _, c := range []struct {
		from, to time.Duration
		first, n int
	}{
		{0, time.Hour, 0, 1},
		{0, time.Hour + time.Millisecond, 0, 2},
		{time.Hour - time.Millisecond, 3 * time.Hour, 0, 3},
		{time.Hour, 2 * time.Hour, 1, 1},
		{3 * time.Hour, 4 * time.Hour, 0, 0},
	} {
		counts, err := e.CountSMS(t.Context(), topic.ID, hour.Add(c.from), hour.Add(c.to))
		require.NoError(t, err)
		require.Len(t, counts, c.n, c)
		if c.n > 0 {
			require.Equal(t, hour.Add(time.Duration(c.first)*time.Hour), counts[0].Hour, c)
		}
	}
}

func testCountDeleted(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	key := e.accepted(t, topic, moment)
	e.finish(t, key, 3)
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.Empty(t, e.counts(t, topic))
	e.finish(t, store.ChunkKey{MessageID: key.MessageID, Chunk: 1}, 3)
	require.Empty(t, e.counts(t, topic), "what comes late counts nothing")
}
