package dynamostore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// The costs that schema.go tells.
func TestCostsOfTopics(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	var reads, writes float64
	for range 100 {
		name := smn.NewID()
		r, w := cost(t, db, func() {
			_, created, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: project, Name: name}, 100)
			require.NoError(t, err)
			require.True(t, created)
		})
		reads, writes = reads+r, writes+w
		r, w = cost(t, db, func() {
			_, err := db.GetTopic(t.Context(), project, name)
			require.NoError(t, err)
		})
		require.Equal(t, []float64{1, 0}, []float64{r, w})
	}
	display := "Alerts of the night"
	page, err := db.ListTopics(t.Context(), store.TopicQuery{Project: project, Limit: 1})
	require.NoError(t, err)
	newest := page.Topics[0]
	requireCost(t, db, 1, 0, "find topic", func() error {
		_, err := db.FindTopic(t.Context(), project, newest.ID)
		return err
	})
	requireCost(t, db, 1, 4, "update topic", func() error {
		return db.UpdateTopic(t.Context(), project, newest.ID, &display, time.Now())
	})
	requireCost(t, db, 1, 0, "list the topic of a name", func() error {
		_, err := db.ListTopics(t.Context(), store.TopicQuery{Project: project, Name: newest.Name, Limit: 100})
		return err
	})
	requireCost(t, db, 12, 0, "list 100 topics by a filter", func() error {
		_, err := db.ListTopics(t.Context(), store.TopicQuery{Project: project, Display: "x", Limit: 100})
		return err
	})
	requireCost(t, db, 5, 12, "delete topic without subscriptions", func() error {
		return db.DeleteTopic(t.Context(), project, newest.Name)
	})
	t.Log("create topic: read", reads/100, "write", writes/100)
	require.LessOrEqual(t, writes/100, 6.1, "8 at most")
	require.LessOrEqual(t, reads/100, 3.1)
}

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
		{"chunk: save", func() error { return db.SaveChunk(ctx, chunk, store.Places{1, 2, 3, 4}) }, 0, 1},
		{"chunk: save more", func() error { return db.SaveChunk(ctx, chunk, store.Places{5, 6, 7, 8}) }, 0, 1},
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
		{"count SMS", func() error { _, err := db.CountSMS(ctx, topic.ID, now.Add(-30*day), now); return err }, partitions, 0},
		{"recent messages", func() error {
			_, err := db.ListMessages(ctx, store.MessageQuery{TopicID: topic.ID, Limit: 10})
			return err
		}, partitions, 0},
	} {
		reads, writes := cost(t, db, func() { require.NoError(t, c.call(), c.what) })
		require.Equal(t, []float64{c.reads, c.writes}, []float64{reads, writes}, c.what)
	}
}

// The list of as many topics as a project may have.
func TestCostsOfTopicPages(t *testing.T) {
	db, _ := open(t)
	d, all := topicBlocks(smn.NewID()), 3000
	topics := make([]store.Topic, all)
	writes := []write{}
	for i := range topics {
		topics[i] = store.Topic{
			ID: smn.NewID(), Project: d.pk[2:], Name: "billing-alerts-" + smn.NewID(), DisplayName: "Billing alerts", EnterpriseProjectID: "0",
			CreatedAt: kept(time.Now()), UpdatedAt: kept(time.Now()),
		}
		writes = append(writes, put(listedTopicKey(topics[i].Project, topics[i].ID), item{"v": body(topicRow(topics[i]))}))
	}
	for i := 0; i < all; i += int(d.size) {
		end := min(i+int(d.size), all)
		first, block := topics[i].ID, item{"n": n(end - i), "last": s(topics[end-1].ID)}
		if i == 0 {
			first = ""
		}
		if end < all {
			block["next"] = s(topics[end].ID)
		}
		writes = append(writes, put(key{d.pk, d.blocks + first}, block))
	}
	require.NoError(t, db.batch(t.Context(), writes...))
	slices.Reverse(topics)
	for _, offset := range []int{0, 1, 63, 1500, 2850, 2900, 2950, 3000} {
		requireCost(t, db, 30, 0, fmt.Sprint("page of 100 topics at ", offset), func() error {
			page, err := db.ListTopics(t.Context(), store.TopicQuery{Project: d.pk[2:], Offset: offset, Limit: 100})
			require.Equal(t, all, page.Total)
			require.Equal(t, topics[offset:min(offset+100, all)], append([]store.Topic{}, page.Topics...))
			return err
		})
	}
}

// However many create topics at once, the limit holds.
func TestTopicLimitAtOnce(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	const limit = 30
	var group sync.WaitGroup
	var created, refused atomic.Int32
	for range 50 {
		group.Go(func() {
			switch _, _, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: project, Name: smn.NewID()}, limit); {
			case err == nil:
				created.Add(1)
			case errors.Is(err, store.ErrLimit):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, []int32{limit, 50 - limit}, []int32{created.Load(), refused.Load()})
	requireCounts(t, db, topicBlocks(project))
}
