package dynamostore

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// The costs that schema.go tells.
func TestCostsOfMessages(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	topic := store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "alerts"}
	_, _, err := db.CreateTopic(t.Context(), topic, 1)
	require.NoError(t, err)
	kilobyte := func() store.Message {
		m := newMessage(strings.Repeat("x", 1<<10))
		m.Project, m.TopicID, m.Subject = topic.Project, topic.ID, "Disk full at db-7.eu-de.example.org"
		return m
	}
	m := kilobyte()
	keyed, once := kilobyte(), store.Once{Project: m.Project, TopicID: m.TopicID, Key: smn.NewID(), Fingerprint: make([]byte, 32)}
	chunk := store.ChunkKey{MessageID: m.ID}
	failures := make([]store.Failure, 5)
	for i := range failures {
		failures[i] = failureOf(m)
		failures[i].Reason = "HTTP 503 Service Unavailable"
	}
	retry, sms, dead := failures[0], failures[1], failures[2]
	retry.Attempts, dead.Dead = 2, true
	revived := dead
	revived.Dead = false
	ctx := t.Context()
	for _, c := range []struct {
		what          string
		call          func() error
		reads, writes float64
	}{
		{"publish: message", func() error { return db.PutMessage(ctx, m, firstTask(m)) }, 0, 2},
		{"publish: topic", func() error { _, err := db.GetTopic(ctx, topic.Project, topic.Name); return err }, 1, 0},
		{"publish with a key", func() error { _, err := db.PutMessageOnce(ctx, keyed, once, firstTask(keyed)); return err }, 0, 6},
		{"find a key", func() error { _, err := db.FindMessageOnce(ctx, once); return err }, 1, 0},
		{"get message", func() error { _, err := db.GetMessage(ctx, m.ID); return err }, 2, 0},
		{"chunk: claim", func() error {
			_, err := db.ClaimChunk(ctx, chunk, now, now.Add(time.Minute), queue.NewFanOut(m.Project, m.TopicID, m.ID, 1))
			return err
		}, 0, 1},
		{"chunk: save", func() error { return db.SaveChunk(ctx, chunk, store.Places{1, 2, 3}) }, 0, 1},
		{"chunk: save all", func() error {
			return db.SaveChunk(ctx, chunk, store.Places{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1})
		}, 0, 1},
		{"chunk: finish", func() error { return db.FinishChunk(ctx, chunk, store.Tally{Matched: 256}, nil) }, 0, 1},
		{"chunk: finish with failures", func() error { return db.FinishChunk(ctx, chunk, store.Tally{Matched: 256}, failures) }, 0, 1 + 5},
		{"attempt: failure", func() error { return db.PutFailure(ctx, retry) }, 0, 1},
		{"attempt: get failure", func() error { _, err := db.GetFailure(ctx, m.ID, retry.SubscriptionID); return err }, 1, 0},
		{"attempt: resolve", func() error { return db.ResolveFailure(ctx, m.ID, retry.SubscriptionID, smn.HTTPS) }, 0, 1},
		{"attempt: resolve an SMS", func() error { return db.ResolveFailure(ctx, m.ID, sms.SubscriptionID, smn.SMS) }, 3, 4},
		{"attempt: death", func() error { return db.PutFailure(ctx, dead) }, 0, 2},
		{"report", func() error { _, err := db.GetReport(ctx, m.ID); return err }, 1 + 1, 0}, // chunk 1 is not finished
		{"failures", func() error {
			_, err := db.ListFailures(ctx, store.FailureQuery{MessageID: m.ID, Limit: 100})
			return err
		}, 1 + 3, 0},
		{"dead", func() error { _, err := db.ListDead(ctx, store.DeadQuery{TopicID: topic.ID, Limit: 100}); return err }, partitions + 3, 0},
		{"redeliver", func() error { _, err := db.Redeliver(ctx, []store.Redelivery{{Failure: revived}}); return err }, 1, 2},
		{"count SMS", func() error { _, err := db.CountSMS(ctx, topic.ID, now.Add(-30*day), now); return err }, 1, 0},
		{"recent messages", func() error {
			_, err := db.ListMessages(ctx, store.MessageQuery{TopicID: topic.ID, Limit: 10})
			return err
		}, partitions, 0},
	} {
		reads, writes := cost(t, db, func() { require.NoError(t, c.call(), c.what) })
		require.Equal(t, []float64{c.reads, c.writes}, []float64{reads, writes}, c.what)
	}
}
