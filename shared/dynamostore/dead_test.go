package dynamostore

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// grave is a table with dead failures of one message.
type grave struct {
	*DB
	now time.Time
	q   queue.Queue
	m   store.Message
}

func newGrave(t *testing.T, n int) (*grave, []store.Failure) {
	t.Helper()
	g := &grave{now: moment, m: newMessage("text")}
	g.DB, g.q = openAt(t, &g.now)
	require.NoError(t, g.PutMessage(t.Context(), g.m, queue.Task{}))
	failures := make([]store.Failure, n)
	for i := range failures {
		failures[i] = failureOf(g.m)
		failures[i].Dead = true
	}
	require.NoError(t, g.FinishChunk(t.Context(), store.ChunkKey{MessageID: g.m.ID}, store.Tally{Matched: n}, failures))
	return g, failures
}

// revival begins a dead failure anew, now.
func (g *grave) revival(f store.Failure) store.Redelivery {
	f.Dead, f.Attempts, f.At, f.Next = false, 0, g.now, g.now
	return store.Redelivery{Failure: f, Task: queue.NewRetry(f.Project, f.TopicID, queue.Retry{
		MessageID: f.MessageID, SubscriptionID: f.SubscriptionID, Attempt: 1, Expires: g.now.Add(time.Hour),
	}, g.now)}
}

func (g *grave) listed(t *testing.T) (ids []string) {
	t.Helper()
	list, err := g.ListDead(t.Context(), store.DeadQuery{TopicID: g.m.TopicID, Limit: 100})
	require.NoError(t, err)
	for _, d := range list {
		require.True(t, d.Dead)
		ids = append(ids, d.SubscriptionID)
	}
	return ids
}

// A redelivery that ends before its task is put can be made again, soon.
func TestRedeliverEndsEarly(t *testing.T) {
	g, dead := newGrave(t, 1)
	g.queue = deaf{g.q}
	g.now = g.now.Add(time.Hour)
	n, err := g.Redeliver(t.Context(), []store.Redelivery{g.revival(dead[0])})
	require.ErrorIs(t, err, errFault)
	require.Zero(t, n)
	g.queue = g.q
	redeliver := func() int {
		n, err := g.Redeliver(t.Context(), []store.Redelivery{g.revival(dead[0])})
		require.NoError(t, err)
		return n
	}
	require.Empty(t, g.listed(t), "its task may be on the way")
	require.Zero(t, redeliver())
	g.now = g.now.Add(maxRevival)
	require.Equal(t, []string{dead[0].SubscriptionID}, g.listed(t))
	require.Equal(t, 1, redeliver())
	require.Equal(t, []string{g.revival(dead[0]).Task.ID}, tasks(t, g.q))
	g.now = g.now.Add(maxRevival)
	require.Empty(t, g.listed(t), "it is on its way")
}

// A redelivery whose answer is lost is sent again, and is not another's then.
func TestRedeliverySentTwice(t *testing.T) {
	g, dead := newGrave(t, 1)
	fail(g.DB).after = lostAnswer()
	n, err := g.Redeliver(t.Context(), []store.Redelivery{g.revival(dead[0])})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Len(t, tasks(t, g.q), 1)
}

// fatal is a queue whose tasks fail as soon as they are put.
type fatal struct {
	queue.Queue
	put func()
}

func (f fatal) Put(context.Context, ...queue.Task) error { f.put(); return nil }

// What dies again while its redelivery is still going on is listed.
func TestDeadAgainAtOnce(t *testing.T) {
	g, dead := newGrave(t, 1)
	again := dead[0]
	g.now = g.now.Add(time.Hour)
	again.At = g.now.Add(5 * time.Millisecond)
	g.queue = fatal{put: func() { require.NoError(t, g.PutFailure(t.Context(), again)) }}
	n, err := g.Redeliver(t.Context(), []store.Redelivery{g.revival(dead[0])})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{again.SubscriptionID}, g.listed(t))
}

// What is revived after a long time and dies again is seen as long as what died the
// first time, with a report that is whole.
func TestRevivedIsKept(t *testing.T) {
	g, dead := newGrave(t, 40)
	for _, at := range []time.Duration{12 * time.Hour, smn.KeepDead, 2 * smn.KeepDead, 3 * smn.KeepDead} {
		g.now = moment.Add(at)
		n, err := g.Redeliver(t.Context(), []store.Redelivery{g.revival(dead[0])})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		g.now = g.now.Add(smn.DefaultTimeToLive)
		again := dead[0]
		again.At = g.now
		require.NoError(t, g.PutFailure(t.Context(), again))
		g.now = g.now.Add(smn.KeepDead)
		require.Contains(t, g.listed(t), again.SubscriptionID)
		report, err := g.GetReport(t.Context(), g.m.ID)
		require.NoError(t, err)
		require.Equal(t, store.Report{Tally: store.Tally{Matched: len(dead)}, Dead: len(dead)}, report)
	}
	g.now = g.now.Add(keepMessages)
	require.Empty(t, g.listed(t))
}

// Places of what is dead no longer do not count, wherever they stand in the list.
func TestListDeadReadsOn(t *testing.T) {
	const n = 3 * deadPage
	g, dead := newGrave(t, n)
	for i, f := range dead {
		if i%deadPage != 0 {
			require.NoError(t, g.ResolveFailure(t.Context(), f.MessageID, f.SubscriptionID, smn.HTTPS))
		}
	}
	want := []string{dead[2*deadPage].SubscriptionID, dead[deadPage].SubscriptionID, dead[0].SubscriptionID}
	require.Equal(t, want, g.listed(t))
	for limit := range 3 {
		list, err := g.ListDead(t.Context(), store.DeadQuery{TopicID: g.m.TopicID, Limit: limit + 1})
		require.NoError(t, err)
		require.Len(t, list, limit+1)
		require.Equal(t, want[limit], list[limit].SubscriptionID)
	}
}

// A mark of another message is behind all of a message or before it.
func TestListDeadBehindAnotherMessage(t *testing.T) {
	before := smn.NewID()
	g, dead := newGrave(t, 1)
	for messageID, want := range map[string]int{before: 0, smn.NewID(): 1} {
		list, err := g.ListDead(t.Context(), store.DeadQuery{
			TopicID: g.m.TopicID, MessageID: g.m.ID, After: store.DeadKey{MessageID: messageID, SubscriptionID: dead[0].SubscriptionID}, Limit: 9,
		})
		require.NoError(t, err)
		require.Len(t, list, want)
	}
}
