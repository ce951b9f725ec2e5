package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// dead makes a message with n dead deliveries.
func (f *fixture) dead(t *testing.T, topicURN string, n int) store.Message {
	t.Helper()
	topic, err := f.db.GetTopic(f.ctx, project, "topic")
	require.NoError(t, err)
	m := store.Message{
		ID: smn.NewID(), Project: project, TopicID: topic.ID, TopicURN: topicURN, Body: "m",
		AcceptedAt: f.now.Add(-24 * time.Hour), ExpiresAt: f.now.Add(-23 * time.Hour),
	}
	require.NoError(t, f.db.PutMessage(f.ctx, m, queue.NewFanOut(project, topic.ID, m.ID, 0)))
	failures := make([]store.Failure, n)
	for i := range failures {
		failures[i] = store.Failure{
			MessageID: m.ID, SubscriptionID: smn.NewID(), Project: project, TopicID: topic.ID,
			Attempts: 7, Dead: true, Status: 503, Reason: "HTTP 503", At: f.now.Add(-23 * time.Hour),
		}
	}
	require.NoError(t, f.db.FinishChunk(f.ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: n}, failures))
	return m
}

// TestRedeliverTakesSoManyAtOnce: at the limit one call does it, one past it two.
func TestRedeliverTakesSoManyAtOnce(t *testing.T) {
	for past := -1; past <= 1; past++ {
		f := open(t, nil)
		topic := f.topic(t)
		const n = smn.MaxRedeliver
		f.dead(t, topic, n+past)
		in := smn.RedeliverInput{TopicURN: topic}
		out, err := f.Redeliver(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, min(n, n+past), out.Redelivered)
		if past <= 0 {
			require.Empty(t, out.Marker)
			continue
		}
		require.NotEmpty(t, out.Marker)
		f.dead(t, topic, 1) // newer than the marker, so before it
		in.Marker = out.Marker
		out, err = f.Redeliver(f.ctx, in)
		require.NoError(t, err)
		require.Equal(t, smn.RedeliverOutput{Redelivered: 1}, out)
	}
}

// TestRedeliverBeginsAnew looks at the failure and at its task.
func TestRedeliverBeginsAnew(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	m := f.dead(t, topic, 1)
	f.waiting(t)
	f.now = f.now.Truncate(time.Millisecond).UTC()
	out, err := f.Redeliver(f.ctx, smn.RedeliverInput{TopicURN: topic})
	require.NoError(t, err)
	require.Equal(t, smn.RedeliverOutput{Redelivered: 1}, out)
	failures, err := f.db.ListFailures(f.ctx, store.FailureQuery{MessageID: m.ID, Limit: 1})
	require.NoError(t, err)
	got := failures[0].Failure
	require.Equal(t, store.Failure{
		MessageID: m.ID, SubscriptionID: got.SubscriptionID, Project: project, TopicID: m.TopicID,
		Next: f.now, Status: 503, Reason: "HTTP 503", At: f.now,
	}, got)
	tasks := f.waiting(t)
	require.Len(t, tasks, 1)
	require.Equal(t, project, tasks[0].Project)
	require.Equal(t, m.TopicID, tasks[0].Group)
	require.Equal(t, queue.Retry{
		MessageID: m.ID, SubscriptionID: got.SubscriptionID, Attempt: 1, Expires: f.now.Add(smn.DefaultTimeToLive),
	}, *tasks[0].Retry)
}
