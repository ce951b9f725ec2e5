package dynamostore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// list makes the copies of subscriptions in the list of their project, which has no
// others, and counts them.
func list(t testing.TB, db *DB, subs []store.Subscription) {
	t.Helper()
	d := projectSubscriptions(subs[0].Project)
	var writes []write
	group := item{"n": n(len(subs)), "blocks": n(-1)}
	for i, sub := range subs {
		attrs := subscriptionItem(sub)
		attrs["topic"], attrs["name"] = s(sub.TopicID), s(sub.TopicName)
		writes = append(writes,
			put(listedSubscriptionKey(sub.Project, sub.ID), attrs),
			put(guardKey(sub.TopicID, sub), item{"id": s(sub.ID)}),
		)
		if size := int(d.size); i%size == 0 {
			end := min(i+size, len(subs))
			block, first := item{"n": n(end - i), "last": s(subs[end-1].ID)}, sub.ID
			if i == 0 {
				first = ""
			}
			if end < len(subs) {
				block["next"] = s(subs[end].ID)
			}
			writes = append(writes, put(key{d.pk, d.blocks + first}, block))
			group["blocks"] = n(i / size)
		}
	}
	require.NoError(t, db.batch(t.Context(), append(writes, put(key{d.pk, d.groups}, group))...))
}

// sameTable gives another store on the same table.
func sameTable(t testing.TB, db *DB, api API, q queue.Queue) *DB {
	t.Helper()
	another, err := New(Config{Client: api, Table: db.name, Queue: q})
	require.NoError(t, err)
	return another
}

// rowsLeft counts the rows of a partition under a prefix.
func rowsLeft(t testing.TB, db *DB, pk, prefix string) (rows int) {
	t.Helper()
	for _, err := range db.query(t.Context(), query{pk: pk, prefix: prefix}) {
		require.NoError(t, err)
		rows++
	}
	return rows
}

// requireNothingLeft makes sure that nothing is left of a topic but its project.
func requireNothingLeft(t testing.TB, db *DB, topic store.Topic) {
	t.Helper()
	require.Zero(t, rowsLeft(t, db, rosterKey(topic.ID).pk, ""))
	require.Zero(t, rowsLeft(t, db, ownedBy(topic.ID), ""))
	require.Zero(t, rowsLeft(t, db, "L#"+topic.Project, deletedPrefix))
	require.Zero(t, rowsLeft(t, db, tagsKey(store.TagKey{Project: topic.Project, Kind: store.TopicKind}).pk, ""))
}

// cleanUp does all that is to be done.
func cleanUp(t testing.TB, db *DB, topic store.Topic) (steps int) {
	t.Helper()
	for more := true; more; steps++ {
		var err error
		more, err = db.CleanUp(t.Context(), topic.Project, topic.ID)
		require.NoError(t, err)
	}
	return steps
}

// Deleting costs the same however many subscriptions there are, and nothing is left.
func TestDeleteLargeTopic(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	const subscriptions = 10_000
	uncounted := sameTable(t, db, db.api.(*meter).API, db.queue) // counting takes its time
	list(t, uncounted, fill(t, uncounted, topic, subscriptions))
	other, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: topic.Project, Name: "other"}, 10)
	require.NoError(t, err)
	stays := addItems(t, db, other, newItems(70)...)
	require.NoError(t, db.PutAttribute(ctx, topic.Project, store.Attribute{TopicID: topic.ID, Name: "introduction", Value: "x"}))
	require.NoError(t, db.PutTags(ctx, store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}, []smn.Tag{{Key: "k"}}, 10))

	more, err := db.CleanUp(ctx, topic.Project, topic.ID)
	require.NoError(t, err)
	require.False(t, more)
	page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, subscriptions+len(stays), page.Total, "a topic that is there is not cleaned up")

	requireCost(t, db, 10, 20, "delete topic", func() error { return db.DeleteTopic(ctx, topic.Project, topic.Name) })
	whole := func() {
		for _, offset := range []int{0, 1, len(stays) - 1, len(stays)} {
			page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Offset: offset, Limit: 100})
			require.NoError(t, err)
			require.Equal(t, len(stays), page.Total)
			require.Equal(t, stays[offset:], append([]store.Subscription{}, page.Subscriptions...))
		}
	}
	whole()
	r, _ := cost(t, db, whole)
	t.Log("page of the project while the topic is cleaned up: read", r/4)

	began := time.Now()
	steps := cleanUp(t, uncounted, topic)
	t.Log("steps", steps, "in", time.Since(began))
	whole()
	requireNothingLeft(t, db, topic)
	require.Equal(t, len(stays), rowsLeft(t, db, "L#"+topic.Project, subscriptionPrefix))
	blocks, groups := requireCounts(t, db, projectSubscriptions(topic.Project))
	require.LessOrEqual(t, blocks, 4)
	require.LessOrEqual(t, groups, 2)
}

// mortal is a table and a queue of a process that dies after some writes.
type mortal struct {
	API
	queue.Queue
	lives int
	put   []queue.Task
}

var errKilled = errors.New("killed")

func (m *mortal) live() error {
	if m.lives--; m.lives < 0 {
		return errKilled
	}
	return nil
}

func (m *mortal) Put(ctx context.Context, tasks ...queue.Task) error {
	if err := m.live(); err != nil {
		return err
	}
	m.put = append(m.put, tasks...)
	return nil
}

func (m *mortal) Call(ctx context.Context, operation string, in, out any) error {
	switch operation {
	case "TransactWriteItems", "DeleteItem", "BatchWriteItem":
		if err := m.live(); err != nil {
			return err
		}
	}
	return m.API.Call(ctx, operation, in, out)
}

// A call that dies anywhere leaves a topic that is there, or one that is gone and a
// task that cleans up. So does a clean-up, for the task is not done then.
func TestDeleteTopicOfAProcessThatDies(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	for lives := 0; ; lives++ {
		topic := newTopic(t, db)
		subs := addItems(t, db, topic, newItems(maxPart+5)...)
		require.NoError(t, db.PutAttribute(ctx, topic.Project, store.Attribute{TopicID: topic.ID, Name: "introduction", Value: "x"}))
		require.NoError(t, db.PutTags(ctx, store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}, []smn.Tag{{Key: "k"}}, 10))
		m := &mortal{API: db.api, lives: lives}
		killed := sameTable(t, db, m, m).DeleteTopic(ctx, topic.Project, topic.Name)

		_, err := db.GetTopic(ctx, topic.Project, topic.Name)
		page, listErr := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 100})
		require.NoError(t, listErr)
		if err == nil {
			require.ErrorIs(t, killed, errKilled)
			require.Equal(t, subs, page.Subscriptions)
			require.NoError(t, db.DeleteTopic(ctx, topic.Project, topic.Name))
		} else {
			require.ErrorIs(t, err, store.ErrNotFound)
			require.Zero(t, page.Total)
			require.Empty(t, page.Subscriptions)
			require.NotEmpty(t, m.put, "whoever is to clean up knows")
		}
		cleanUp(t, db, topic)
		requireNothingLeft(t, db, topic)
		if killed == nil {
			require.Greater(t, lives, 3)
			require.Len(t, m.put, 2)
			for _, task := range m.put {
				require.Equal(t, &queue.Cleanup{Project: topic.Project, TopicID: topic.ID}, task.Cleanup)
			}
			require.NotEqual(t, m.put[0].ID, m.put[1].ID)
			require.WithinDuration(t, time.Now().Add(cleanUpLater), m.put[0].NotBefore, time.Minute)
			require.Zero(t, m.put[1].NotBefore)
			return
		}
	}
}

func TestCleanUpOfAProcessThatDies(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	addItems(t, db, topic, newItems(3*maxPart)...)
	require.NoError(t, db.DeleteTopic(ctx, topic.Project, topic.Name))
	for range 20 { // each does one thing more
		dies := sameTable(t, db, &mortal{API: db.api, lives: 1}, db.queue)
		for more := true; more; {
			var err error
			if more, err = dies.CleanUp(ctx, topic.Project, topic.ID); err != nil {
				require.ErrorIs(t, err, errKilled)
			}
			requireCounts(t, db, projectSubscriptions(topic.Project))
			page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 100})
			require.NoError(t, err)
			require.Zero(t, page)
		}
	}
	requireNothingLeft(t, db, topic)
}

// Who lists while the rows of a deleted topic are removed counts none of them, and all
// others.
func TestListWhileTopicIsCleanedUp(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	other, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: topic.Project, Name: "other"}, 10)
	require.NoError(t, err)
	stays := addItems(t, db, other, newItems(2)...)
	for range 3 {
		addItems(t, db, topic, newItems(50)...)
	}
	require.NoError(t, db.DeleteTopic(ctx, topic.Project, topic.Name))
	done := make(chan error, 1)
	go func() {
		for more := true; more; {
			var err error
			if more, err = db.CleanUp(ctx, topic.Project, topic.ID); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for cleaning := true; cleaning; {
		select {
		case err := <-done:
			require.NoError(t, err)
			cleaning = false
		default:
		}
		page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 100})
		require.NoError(t, err)
		require.Equal(t, len(stays), page.Total)
		require.Equal(t, stays, page.Subscriptions)
	}
}
