package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func newTopic(t *testing.T, db *DB) store.Topic {
	t.Helper()
	topic, created, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "billing-alerts"}, 10)
	require.NoError(t, err)
	require.True(t, created)
	return topic
}

// newItem makes a subscription of usual size.
func newItem(id string) store.AddSubscription {
	return store.AddSubscription{Subscription: store.Subscription{
		SubscriptionKey: store.SubscriptionKey{ID: id}, Protocol: smn.HTTPS, Endpoint: "https://hooks.example.org/v1/notifications/" + id,
		Remark: "team operations, Berlin", CreatedAt: time.Now(),
	}}
}

func newItems(n int) (items []store.AddSubscription) {
	for range n {
		items = append(items, newItem(smn.NewID()))
	}
	return items
}

// addItems adds items that must be new.
func addItems(t testing.TB, db *DB, topic store.Topic, items ...store.AddSubscription) (subs []store.Subscription) {
	t.Helper()
	for part := range slices.Chunk(items, smn.MaxBatch) {
		added, err := db.AddSubscriptions(t.Context(), topic.Project, topic.ID, part, 1_000_000)
		require.NoError(t, err)
		for _, a := range added {
			require.NoError(t, a.Err)
			require.True(t, a.Created)
			subs = append(subs, a.Subscription)
		}
	}
	return subs
}

// requireExact compares all that is counted with the rows that are there.
func requireExact(t *testing.T, db *DB, topic store.Topic, subs map[string]store.Subscription) {
	t.Helper()
	ctx := t.Context()
	r, found, err := db.roster(ctx, topic.Project, topic.ID)
	require.NoError(t, err)
	if !found {
		require.Empty(t, subs)
		return
	}
	require.EqualValues(t, len(subs), r.n)
	blocks, err := db.closedBlocks(ctx, topic.ID, "", highest)
	require.NoError(t, err)
	blocks = append(blocks, r.block)
	for i, b := range blocks {
		want := map[int]int64{}
		for id, sub := range subs {
			if id >= b.first && (i == len(blocks)-1 || id < blocks[i+1].first) {
				want[chunkOf(sub.Seq)]++
			}
		}
		require.Equal(t, want, b.chunks, "block %q", b.first)
	}
	rows, err := db.blocksOfTopic(ctx, r)
	require.NoError(t, err)
	var sum int64
	for _, row := range rows {
		sum += row.num("n")
	}
	require.EqualValues(t, len(subs), sum)

	kinds := map[string]int{}
	for row, err := range db.query(ctx, query{pk: rosterKey(topic.ID).pk}) {
		require.NoError(t, err)
		kinds[row.sk[:1]]++
	}
	require.Equal(t, len(subs), kinds["s"])
	require.Equal(t, len(subs), kinds["e"], "each guard goes with its subscription")
	page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 10_000})
	require.NoError(t, err)
	want := slices.SortedFunc(maps.Values(subs), func(a, b store.Subscription) int { return strings.Compare(a.ID, b.ID) })
	require.Equal(t, store.SubscriptionPage{Subscriptions: want, Total: len(want)}, page)
}

// Whatever changes, and in whatever order ids come: what is counted is what is there,
// and a chunk that an instance has read before is what another would read.
func TestSubscriptionsAreCounted(t *testing.T) {
	db, _ := open(t)
	other := &DB{table: db.table, queue: db.queue, log: db.log}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			ctx, random := t.Context(), rand.New(rand.NewPCG(seed, 0))
			topic := newTopic(t, db)
			subs := map[string]store.Subscription{}
			var early []string // ids that will come late
			for range 100 {
				early = append(early, smn.NewID())
			}
			pick := func() store.Subscription {
				ids := slices.Sorted(maps.Keys(subs))
				return subs[ids[random.IntN(len(ids))]]
			}
			for range 20 {
				switch step := random.IntN(6); {
				case step <= 1 || len(subs) == 0:
					var items []store.AddSubscription
					for range 1 + random.IntN(50) {
						id := smn.NewID()
						if random.IntN(16) == 0 && len(early) > 0 {
							i := random.IntN(len(early))
							id = early[i]
							early = slices.Delete(early, i, i+1)
						}
						items = append(items, newItem(id))
					}
					for _, sub := range addItems(t, db, topic, items...) {
						subs[sub.ID] = sub
					}
				case step == 2:
					var keys []store.SubscriptionKey
					for range min(len(subs), 1+random.IntN(60)) {
						keys = append(keys, pick().SubscriptionKey)
						delete(subs, keys[len(keys)-1].ID)
					}
					outcomes, err := db.DeleteSubscriptions(ctx, keys)
					require.NoError(t, err)
					require.NoError(t, errors.Join(outcomes...))
				case step == 3:
					sub := pick()
					require.NoError(t, other.SetRemark(ctx, sub.SubscriptionKey, "another"))
					sub.Remark = "another"
					subs[sub.ID] = sub
				default:
					sub := pick()
					require.NoError(t, other.ChangeStatus(ctx, sub.SubscriptionKey, sub.Version, smn.Confirmed))
					sub.Version, sub.Status = sub.Version+1, smn.Confirmed
					subs[sub.ID] = sub
				}
				requireChunks(t, db, topic, subs)
			}
			requireExact(t, db, topic, subs)
		})
	}
}

// requireChunks compares the first chunks with the subscriptions that are there.
func requireChunks(t *testing.T, db *DB, topic store.Topic, subs map[string]store.Subscription) {
	t.Helper()
	chunks := map[int][]store.Subscription{}
	for _, sub := range subs {
		chunks[chunkOf(sub.Seq)] = append(chunks[chunkOf(sub.Seq)], sub)
	}
	for number := range 6 {
		want := store.Chunk{Subscriptions: chunks[number], Next: -1}
		slices.SortFunc(want.Subscriptions, func(a, b store.Subscription) int { return int(a.Seq - b.Seq) })
		for other := range chunks {
			if other > number && (want.Next < 0 || other < want.Next) {
				want.Next = other
			}
		}
		got, err := db.GetChunk(t.Context(), topic.Project, topic.ID, number)
		require.NoError(t, err)
		require.Equal(t, want, got, "chunk %d", number)
	}
}

// The next chunk is known to be the next one as long as it has any.
func TestKnownChunks(t *testing.T) {
	db, _ := open(t)
	topic := newTopic(t, db)
	subs := map[string]store.Subscription{}
	list := addItems(t, db, topic, newItems(3*store.ChunkSize+1)...)
	for _, sub := range list {
		subs[sub.ID] = sub
	}
	for _, chunk := range []int{1, 2, 0} {
		var keys []store.SubscriptionKey
		for _, sub := range list[chunk*store.ChunkSize : (chunk+1)*store.ChunkSize] {
			keys = append(keys, sub.SubscriptionKey)
		}
		for part := range slices.Chunk(keys, store.ChunkSize/2) {
			_, err := db.DeleteSubscriptions(t.Context(), part)
			require.NoError(t, err)
			for _, k := range part {
				delete(subs, k.ID)
			}
			requireChunks(t, db, topic, subs)
		}
	}
	sub := addItems(t, db, topic, newItems(1)...)[0]
	subs[sub.ID] = sub
	requireChunks(t, db, topic, subs)
	requireExact(t, db, topic, subs)
}

// Many at once, of whom each adds and removes.
func TestSubscriptionsAtOnce(t *testing.T) {
	db, _ := open(t)
	topic := newTopic(t, db)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		subs  = map[string]store.Subscription{}
	)
	for range 10 {
		group.Go(func() {
			for range 4 {
				items := newItems(5)
				added, err := db.AddSubscriptions(t.Context(), topic.Project, topic.ID, items, 1_000_000)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.DeleteSubscription(t.Context(), added[2].SubscriptionKey); err != nil {
					t.Error(err)
				}
				if err := db.ChangeStatus(t.Context(), added[1].SubscriptionKey, 0, smn.Confirmed); err != nil {
					t.Error(err)
				}
				added[1].Status, added[1].Version = smn.Confirmed, 1
				mu.Lock()
				for i, a := range added {
					if i != 2 {
						subs[a.ID] = a.Subscription
					}
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	requireExact(t, db, topic, subs)
	r, _, err := db.roster(t.Context(), topic.Project, topic.ID)
	require.NoError(t, err)
	require.EqualValues(t, 200, r.seq, "no place is lost")
}

// A topic has as many as it may, never more, whoever asks.
func TestSubscriptionLimitAtOnce(t *testing.T) {
	db, _ := open(t)
	topic := newTopic(t, db)
	const limit = 30
	var group sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for range 12 {
		group.Go(func() {
			added, err := db.AddSubscriptions(t.Context(), topic.Project, topic.ID, newItems(5), limit)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, a := range added {
				if a.Created {
					created++
				} else if !errors.Is(a.Err, store.ErrLimit) {
					t.Error(a.Err)
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, limit, created)
}

// Churn leaves nothing behind.
func TestBlocksGoWithTheirSubscriptions(t *testing.T) {
	db, _ := open(t)
	topic := newTopic(t, db)
	last := addItems(t, db, topic, newItems(1)...)
	for range 6 {
		some := addItems(t, db, topic, newItems(100)...)
		keys := []store.SubscriptionKey{last[0].SubscriptionKey}
		for _, sub := range some[1:] {
			keys = append(keys, sub.SubscriptionKey)
		}
		outcomes, err := db.DeleteSubscriptions(t.Context(), keys)
		require.NoError(t, err)
		require.NoError(t, errors.Join(outcomes...))
		last = some[:1]
	}
	blocks, err := db.closedBlocks(t.Context(), topic.ID, "", highest)
	require.NoError(t, err)
	require.LessOrEqual(t, len(blocks), 2)
	requireExact(t, db, topic, map[string]store.Subscription{last[0].ID: last[0]})
}

// What is far apart in the lists does not fit one transaction.
func TestScatteredSubscriptions(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	other, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: topic.Project, Name: "other"}, 10)
	require.NoError(t, err)
	const count = 1800
	var near, far []store.AddSubscription
	for i := range count {
		if item := newItem(smn.NewID()); i%60 == 0 {
			far = append(far, item)
		} else {
			near = append(near, item)
		}
	}
	subs := addItems(t, db, topic, near...)
	addItems(t, db, other, far...)
	total := func() int {
		page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Limit: 10_000})
		require.NoError(t, err)
		require.Len(t, page.Subscriptions, page.Total)
		return page.Total
	}
	require.Equal(t, count, total())
	var keys []store.SubscriptionKey
	var filters []store.FilterChange
	for i := 0; i < len(subs); i += 50 {
		keys = append(keys, subs[i].SubscriptionKey)
		filters = append(filters, store.FilterChange{SubscriptionKey: subs[i].SubscriptionKey, Filters: []smn.FilterPolicy{{Name: "a", StringEquals: []string{"b"}}}})
	}
	outcomes, err := db.SetFilters(ctx, filters, true)
	require.NoError(t, err)
	require.NoError(t, errors.Join(outcomes...))
	outcomes, err = db.DeleteSubscriptions(ctx, keys)
	require.NoError(t, err)
	require.NoError(t, errors.Join(outcomes...))
	require.Equal(t, count-len(keys), total())

	_, err = db.AddSubscriptions(ctx, smn.NewID(), topic.ID, newItems(1), 10_000)
	require.ErrorIs(t, err, store.ErrNotFound, "of another project")

	writes, err := db.leaveSubscriptions(ctx, other.Project, other.ID)
	require.NoError(t, err)
	require.NoError(t, db.transact(ctx, writes...))
	for more := true; more; {
		more, err = db.clearSubscriptions(ctx, other.Project, other.ID)
		require.NoError(t, err)
	}
	require.Equal(t, count-len(keys)-len(far), total())
}

// failingQueue takes no tasks as long as it is told so.
type failingQueue struct {
	queue.Queue
	fails bool
}

func (q *failingQueue) Put(ctx context.Context, tasks ...queue.Task) error {
	if q.fails {
		return errors.New("the queue is away")
	}
	return q.Queue.Put(ctx, tasks...)
}

// Where the rows are there and the tasks are not, a second try puts them.
func TestAddingAgainPutsTheTasks(t *testing.T) {
	db, q := open(t)
	away := &failingQueue{Queue: q, fails: true}
	db.queue = away
	topic := newTopic(t, db)
	items := newItems(3)
	for i := range items {
		items[i].Task = queue.NewFanOut(topic.Project, topic.ID, smn.NewID(), i)
	}
	_, err := db.AddSubscriptions(t.Context(), topic.Project, topic.ID, items, 10)
	require.ErrorContains(t, err, "the queue is away")
	away.fails = false
	added, err := db.AddSubscriptions(t.Context(), topic.Project, topic.ID, items, 10)
	require.NoError(t, err)
	for i, a := range added {
		require.Equal(t, items[i].ID, a.ID)
		require.False(t, a.Created)
	}
	leases, err := q.Receive(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, leases, 3)
	require.NoError(t, q.Ack(t.Context(), leases...))

	others := newItems(3) // the endpoints of these, added by another call
	for i := range others {
		others[i].Endpoint, others[i].Task = items[i].Endpoint, queue.NewFanOut(topic.Project, topic.ID, smn.NewID(), i)
	}
	_, err = db.AddSubscriptions(t.Context(), topic.Project, topic.ID, others, 10)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = q.Receive(ctx, 10, time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// What a deleted topic leaves is found by nobody, while it goes away and after.
func TestSubscriptionsOfDeletedTopics(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	other, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: topic.Project, Name: "other"}, 10)
	require.NoError(t, err)
	var stays, goes []store.Subscription
	for range 5 {
		goes = append(goes, addItems(t, db, topic, newItems(30)...)...)
		stays = append(stays, addItems(t, db, other, newItems(25)...)...)
	}
	h := store.Health{SubscriptionKey: goes[0].SubscriptionKey, Seq: goes[0].Seq, Failures: 1, Since: time.Now()}
	require.NoError(t, db.PutHealth(ctx, h))

	writes, err := db.leaveSubscriptions(ctx, topic.Project, topic.ID)
	require.NoError(t, err)
	require.NoError(t, db.transact(ctx, append(writes, remove(listedTopicKey(topic.Project, topic.ID)))...))
	gone := func() {
		t.Helper()
		k := goes[0].SubscriptionKey
		_, err := db.GetSubscription(ctx, k)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, db.DeleteSubscription(ctx, k), store.ErrNotFound)
		require.ErrorIs(t, db.SetRemark(ctx, k, ""), store.ErrNotFound)
		_, err = db.GetHealth(ctx, k)
		require.ErrorIs(t, err, store.ErrNotFound)
		list, err := db.ListHealth(ctx, topic.Project, topic.ID, 0)
		require.NoError(t, err)
		require.Empty(t, list)
		_, err = db.AddSubscriptions(ctx, topic.Project, topic.ID, newItems(1), 1000)
		require.ErrorIs(t, err, store.ErrNotFound)
		chunk, err := db.GetChunk(ctx, topic.Project, topic.ID, 0)
		require.NoError(t, err)
		require.Equal(t, store.Chunk{Next: -1}, chunk)
		page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, TopicID: topic.ID, Limit: 10})
		require.NoError(t, err)
		require.Zero(t, page)
		for _, offset := range []int{0, 1, 60, 124, 125} {
			page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Offset: offset, Limit: 40})
			require.NoError(t, err)
			require.Equal(t, len(stays), page.Total)
			require.Equal(t, stays[offset:min(offset+40, len(stays))], append([]store.Subscription{}, page.Subscriptions...), "offset %d", offset)
		}
		page, err = db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, Protocol: smn.HTTPS, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, len(stays), page.Total)
	}
	gone()
	steps := 0
	for more := true; more; steps++ {
		more, err = db.clearSubscriptions(ctx, topic.Project, topic.ID)
		require.NoError(t, err)
		gone()
	}
	require.Greater(t, steps, 3)
	for r, err := range db.query(ctx, query{pk: rosterKey(topic.ID).pk}) {
		require.NoError(t, err)
		t.Fatal("left: ", r.key)
	}
	more, err := db.clearSubscriptions(ctx, topic.Project, topic.ID)
	require.NoError(t, err)
	require.False(t, more)

	writes, err = db.leaveSubscriptions(ctx, other.Project, smn.NewID()) // one without any
	require.NoError(t, err)
	require.NoError(t, db.transact(ctx, writes...))
	writes, err = db.leaveSubscriptions(ctx, other.Project, other.ID)
	require.NoError(t, err)
	addItems(t, db, other, newItem(smn.NewID()))
	require.ErrorIs(t, db.transact(ctx, writes...), errCondition, "someone has subscribed meanwhile")
}
