package dynamostore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Counts are kept for so long, whatever rows they are in.
func TestCountsOfSMSExpire(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	topic := store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "alerts"}
	_, _, err := db.CreateTopic(t.Context(), topic, 1)
	require.NoError(t, err)
	m := newMessage("text")
	m.Project, m.TopicID = topic.Project, topic.ID
	count := func() (sum int) {
		counts, err := db.CountSMS(t.Context(), topic.ID, moment.Add(-day), moment.Add(day))
		require.NoError(t, err)
		for _, c := range counts {
			sum += c.SMS
		}
		return sum
	}
	require.NoError(t, db.PutMessage(t.Context(), m, firstTask(m)))
	for range 40 {
		f := failureOf(m)
		require.NoError(t, db.PutFailure(t.Context(), f))
		require.NoError(t, db.ResolveFailure(t.Context(), m.ID, f.SubscriptionID, smn.SMS))
	}
	require.Equal(t, 40, count())
	now = moment.Truncate(time.Hour).Add(keepCounts)
	require.Equal(t, 40, count())
	now = now.Add(day)
	require.Zero(t, count())
}
