package dynamostore

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/flow"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// bounded makes items be counted for flow, as those are that need a confirmation.
func bounded(items []store.AddSubscription) []store.AddSubscription {
	for i := range items {
		items[i].Flow = flow.Confirmations(items[i].Protocol, items[i].Endpoint)
	}
	return items
}

func TestCostsOfSubscriptions(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	k := topic.Project
	const n = 2 * blockSize
	var reads, writes float64
	var subs []store.Subscription
	for range n {
		items := bounded(newItems(1))
		r, w := cost(t, db, func() { subs = append(subs, addItems(t, db, topic, items...)...) })
		reads, writes = reads+r, writes+w
	}
	t.Log("subscribe: read", reads/n, "write", writes/n)
	require.LessOrEqual(t, writes/n, 14.0)

	batches := 0.0
	for range 5 {
		items := bounded(newItems(50))
		r, w := cost(t, db, func() { addItems(t, db, topic, items...) })
		t.Log("subscribe 50: read", r, "write", w)
		batches += w
	}
	require.LessOrEqual(t, batches/250, 8.0)

	var r, w float64
	do := func(what string, call func() error) {
		r, w = cost(t, db, func() { require.NoError(t, call(), what) })
		t.Log(what+": read", r, "write", w)
	}
	flowless := subs[3]
	require.NoError(t, db.forgetFlow(ctx, flow.Confirmations(flowless.Protocol, flowless.Endpoint)))
	do("confirm", func() error { return db.ChangeStatus(ctx, flowless.SubscriptionKey, 0, smn.Confirmed) })
	require.LessOrEqual(t, w, 6.0)
	do("confirm, with a count to forget", func() error { return db.ChangeStatus(ctx, subs[4].SubscriptionKey, 0, smn.Confirmed) })
	require.LessOrEqual(t, w, 7.0)
	do("get", func() error { _, err := db.GetSubscription(ctx, subs[5].SubscriptionKey); return err })
	require.LessOrEqual(t, r, 2.0)
	do("delete", func() error { return db.DeleteSubscription(ctx, subs[5].SubscriptionKey) })
	require.LessOrEqual(t, w, 16.0)
	h := store.Health{SubscriptionKey: subs[6].SubscriptionKey, Seq: subs[6].Seq, Since: time.Now(), Reason: "HTTP 503"}
	do("first trouble", func() error { return db.PutHealth(ctx, h) })
	require.LessOrEqual(t, w, 4.0)
	do("more trouble", func() error { return db.PutHealth(ctx, h) })
	require.LessOrEqual(t, w, 1.0)
	do("list health", func() error { _, err := db.ListHealth(ctx, k, topic.ID, 0); return err })
	require.LessOrEqual(t, r, 2.0)
	do("list no health", func() error { _, err := db.ListHealth(ctx, k, topic.ID, 1); return err })
	require.LessOrEqual(t, r, 1.0)
	do("health", func() error { _, err := db.GetHealth(ctx, h.SubscriptionKey); return err })
	require.LessOrEqual(t, r, 3.0)
	do("well again", func() error { return db.ClearHealth(ctx, h.SubscriptionKey) })
	require.LessOrEqual(t, w, 1.0)

	left, err := db.leaveSubscriptions(ctx, k, topic.ID)
	require.NoError(t, err)
	do("leave", func() error { return db.transact(ctx, left...) })
	require.LessOrEqual(t, w, 6.0)
	do("clear 20", func() error { _, err := db.clearSubscriptions(ctx, k, topic.ID); return err })
	require.LessOrEqual(t, w, 170.0)
}

// fill makes subscriptions as they are kept, but for the list of the project.
func fill(t testing.TB, db *DB, topic store.Topic, count int) (subs []store.Subscription) {
	t.Helper()
	r := roster{topicID: topic.ID, project: topic.Project, name: topic.Name, block: block{chunks: map[int]int64{}}}
	var writes []write
	for range count {
		sub := newItem(smn.NewID()).Subscription
		sub.Project, sub.TopicID, sub.TopicName, sub.CreatedAt = topic.Project, topic.ID, topic.Name, kept(sub.CreatedAt)
		if closed, is := r.grow(sub.ID); is {
			writes = append(writes, put(blockKey(topic.ID, closed.first), closed.item()))
		}
		sub.Seq = r.place(sub.ID)
		writes = append(writes, put(subscriptionKey(topic.ID, sub.ID), subscriptionItem(sub)))
		subs = append(subs, sub)
	}
	require.NoError(t, db.batch(t.Context(), append(writes, put(rosterKey(topic.ID), r.item()))...))
	return subs
}

func TestCostsOfPagesAndChunks(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	topic := newTopic(t, db)
	const n = 10_000
	subs := fill(t, db, topic, n)
	dearest := 0.0
	for _, offset := range []int{0, 1, 63, 64, 100, 2047, 5000, 7777, 9900, 9950, n, 2 * n} {
		r, _ := cost(t, db, func() {
			page, err := db.ListSubscriptions(ctx, store.SubscriptionQuery{Project: topic.Project, TopicID: topic.ID, Offset: offset, Limit: 100})
			require.NoError(t, err)
			require.Equal(t, n, page.Total)
			require.Equal(t, subs[min(offset, n):min(offset+100, n)], append([]store.Subscription{}, page.Subscriptions...))
		})
		dearest = max(dearest, r)
	}
	t.Log("page of 100 of a topic: read", dearest)
	require.LessOrEqual(t, dearest, 30.0)

	var uncached, cached float64
	for number, next := 0, 0; next >= 0; number = next {
		for _, total := range []*float64{&uncached, &cached} {
			r, _ := cost(t, db, func() {
				chunk, err := db.GetChunk(ctx, topic.Project, topic.ID, number)
				require.NoError(t, err)
				require.Equal(t, subs[number*store.ChunkSize:min((number+1)*store.ChunkSize, n)], chunk.Subscriptions)
				next = chunk.Next
			})
			*total += r
		}
	}
	t.Log("chunks of 256: read", uncached/40, "and again", cached/40)
	require.LessOrEqual(t, uncached, n/7.0)
	require.LessOrEqual(t, cached/40, 2.0)
}

// The list of a project of a million, of which there are the blocks, and the rows
// where it is read.
func TestCostsOfPagesOfProjects(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	const total = 1_000_000
	d := projectSubscriptions(project)
	span := int(d.size * d.groupSize)
	id := func(i int) string { return fmt.Sprintf("01a203%026x", i) }
	var writes []write
	neighbours := func(prefix string, from, to, size int, attrs item) {
		for i := from; i < min(to, total); i += size {
			first := id(i)
			if i == 0 {
				first = ""
			}
			block := item{"n": n(min(size, total-i)), "last": s(id(i + size - 1))}
			if i+size < total {
				block["next"] = s(id(i + size))
			}
			maps.Copy(block, attrs)
			writes = append(writes, put(key{d.pk, prefix + first}, block))
		}
	}
	neighbours(d.groups, 0, total, span, item{"blocks": n(d.groupSize - 1)})
	offsets := []int{0, span - 50, total / 2, total - 150, total - 50}
	topic := newTopic(t, db)
	for _, offset := range offsets {
		group := offset / span * span
		neighbours(d.blocks, group, group+2*span, int(d.size), nil)
		for i := max(0, offset-int(d.size)); i < min(total, offset+200); i++ {
			attrs := subscriptionItem(newItem(id(i)).Subscription)
			attrs["topic"], attrs["name"] = s(topic.ID), s(topic.Name)
			writes = append(writes, put(listedSubscriptionKey(project, id(i)), attrs))
		}
	}
	distinct := map[key]write{}
	for _, w := range writes {
		distinct[w.key] = w
	}
	require.NoError(t, db.batch(t.Context(), slices.Collect(maps.Values(distinct))...))
	dearest := 0.0
	for _, offset := range offsets {
		r, _ := cost(t, db, func() {
			page, err := db.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: project, Offset: offset, Limit: 100})
			require.NoError(t, err)
			require.Equal(t, total, page.Total)
			require.Len(t, page.Subscriptions, min(100, total-offset))
			require.Equal(t, id(offset), page.Subscriptions[0].ID)
		})
		t.Log("offset", offset, "read", r)
		dearest = max(dearest, r)
	}
	require.LessOrEqual(t, dearest, 30.0)
}
