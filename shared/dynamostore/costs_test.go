package dynamostore

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
		return db.UpdateTopic(t.Context(), project, newest.ID, store.TopicChange{DisplayName: &display}, time.Now())
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

// requireCost makes sure that a call takes no more units than schema.go tells.
func requireCost(t *testing.T, db *DB, reads, writes float64, name string, call func() error) {
	t.Helper()
	r, w := cost(t, db, func() { require.NoError(t, call(), name) })
	t.Log(name, r, "read", w, "write")
	require.LessOrEqual(t, r, reads, name)
	require.LessOrEqual(t, w, writes, name)
}
