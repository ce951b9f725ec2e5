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
	{"an SMS counts once, other protocols do not", testCountResolved},
	{"a period takes the hours it overlaps with", testCountPeriod},
	{"counts go with their topic", testCountDeleted},
}

// hour is the hour of moment.
var hour = moment.Truncate(time.Hour)

// accepted stores a message of a topic.
func (e env) accepted(t *testing.T, topic store.Topic, at time.Time) string {
	t.Helper()
	m := newMessage()
	m.Project, m.TopicID, m.AcceptedAt = topic.Project, topic.ID, at
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(topic.Project, topic.ID, m.ID, 0)))
	return m.ID
}

// deliver resolves so many failures of a message, as of SMS.
func (e env) deliver(t *testing.T, messageID string, sms int) {
	t.Helper()
	for range sms {
		f := failureOf(messageID)
		require.NoError(t, e.PutFailure(t.Context(), f))
		require.NoError(t, e.ResolveFailure(t.Context(), messageID, f.SubscriptionID, smn.SMS))
	}
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
	e.deliver(t, first, 3)
	e.deliver(t, first, 4)
	e.deliver(t, e.accepted(t, topic, hour), 5)
	e.deliver(t, e.accepted(t, topic, hour.Add(-time.Millisecond)), 6)
	e.deliver(t, e.accepted(t, topic, hour.Add(time.Hour)), 0)
	e.deliver(t, e.accepted(t, other, moment), 7)
	e.deliver(t, smn.NewID(), 8) // of an unknown message
	require.Equal(t, []store.SMSCount{{Hour: hour.Add(-time.Hour), SMS: 6}, {Hour: hour, SMS: 12}}, e.counts(t, topic))
	require.Equal(t, []store.SMSCount{{Hour: hour, SMS: 7}}, e.counts(t, other))
}

func testCountResolved(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	id := e.accepted(t, topic, moment)
	sms, hook := failureOf(id), failureOf(id)
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: id}, store.Tally{Matched: 2}, []store.Failure{sms, hook}))
	for range 2 {
		require.NoError(t, e.ResolveFailure(t.Context(), id, sms.SubscriptionID, smn.SMS))
		require.NoError(t, e.ResolveFailure(t.Context(), id, hook.SubscriptionID, smn.HTTPS))
		require.Equal(t, []store.SMSCount{{Hour: hour, SMS: 1}}, e.counts(t, topic))
	}
}

func testCountPeriod(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	for i := range 3 {
		e.deliver(t, e.accepted(t, topic, hour.Add(time.Duration(i)*time.Hour)), 1)
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
	e.deliver(t, key, 3)
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.Empty(t, e.counts(t, topic))
	e.deliver(t, key, 3)
	require.Empty(t, e.counts(t, topic), "what comes late counts nothing")
}
