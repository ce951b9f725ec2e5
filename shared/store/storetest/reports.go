package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var reportCases = []testCase{
	{"a report sums up the finished chunks", testReport},
	{"a message that is unknown or new has an empty report", testEmptyReport},
	{"a report counts what retries and what is dead", testReportCounts},
	{"a report tells whether the fan-out is over", testReportFanningOut},
	{"a fan-out is over with its last chunk", testReportChain},
	{"failures are listed by subscription", testListFailures},
	{"messages of a topic are listed newest first", testListMessages},
	{"dead deliveries are listed newest first", testListDead},
	{"dead deliveries come to life once", testRedeliver},
	{"many dead deliveries come to life in steps", testRedeliverMany},
	{"of many redeliveries at once one counts", testRedeliverAtOnce},
}

func (e env) report(t *testing.T, messageID string) store.Report {
	t.Helper()
	report, err := e.GetReport(t.Context(), messageID)
	require.NoError(t, err)
	return report
}

// failures are those of a message.
func (e env) failures(t *testing.T, messageID string) (failures []store.Failure) {
	t.Helper()
	list, err := e.ListFailures(t.Context(), store.FailureQuery{MessageID: messageID, Limit: 100})
	require.NoError(t, err)
	for _, f := range list {
		failures = append(failures, f.Failure)
	}
	return failures
}

func testReport(t *testing.T, e env) {
	message := smn.NewID()
	e.claim(t, store.ChunkKey{MessageID: message, Chunk: 2}, moment, moment.Add(time.Minute)) // never finished
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: message, Chunk: 0}, store.Tally{Matched: 200, Filtered: 3}, nil))
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: message, Chunk: 1}, store.Tally{Matched: 56, Filtered: 4, Waiting: 9}, nil))
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: message, Chunk: 1 << 20}, store.Tally{Waiting: -6}, nil)) // a later round
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: smn.NewID(), Chunk: 1}, store.Tally{Matched: 1}, nil))
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 256, Filtered: 7, Waiting: 3}}, e.report(t, message))
}

func testEmptyReport(t *testing.T, e env) {
	require.Zero(t, e.report(t, smn.NewID()))
	m := messageTo(e.heard(t))
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
	require.Equal(t, store.Report{FanningOut: true}, e.report(t, m.ID))
}

func testReportCounts(t *testing.T, e env) {
	m := e.message(t, smn.NewID(), moment)
	e.dead(t, m, smn.NewID())
	for range 2 {
		require.NoError(t, e.PutFailure(t.Context(), failureOf(m.ID)))
	}
	e.dead(t, e.message(t, m.TopicID, moment), smn.NewID()) // of another message
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 9, Filtered: 1}, nil))
	report := e.report(t, m.ID)
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 9, Filtered: 1}, Retrying: 2, Dead: 1}, report)
	require.Equal(t, 6, report.Delivered())
}

func testReportFanningOut(t *testing.T, e env) {
	e.message(t, smn.NewID(), moment)
	m := messageTo(e.heard(t))
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
	require.True(t, e.report(t, m.ID).FanningOut)
	require.NoError(t, e.queue.Put(t.Context(), queue.NewRetry(m.Project, m.TopicID, queue.Retry{MessageID: m.ID, Attempt: 1}, time.Time{})))
	for range 2 {
		leases, err := e.queue.Receive(t.Context(), 1, time.Minute)
		require.NoError(t, err)
		require.Len(t, leases, 1)
		if leases[0].FanOut != nil {
			require.True(t, e.report(t, m.ID).FanningOut, "it is in someone's hands")
			require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{}, nil))
		}
		require.NoError(t, e.queue.Ack(t.Context(), leases[0]))
	}
	require.NoError(t, e.PutFailure(t.Context(), failureOf(m.ID))) // what was acknowledged before it is gone
	require.False(t, e.report(t, m.ID).FanningOut)
}

// Chunks are delivered side by side, so the last one may be finished first.
func testReportChain(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
	until := moment.Add(time.Minute)
	chunk := func(number int) store.ChunkKey { return store.ChunkKey{MessageID: m.ID, Chunk: number} }
	e.claim(t, chunk(0), moment, until, queue.NewFanOut(m.Project, m.TopicID, m.ID, 3))
	require.NoError(t, e.FinishChunk(t.Context(), chunk(0), store.Tally{Matched: 1}, nil))
	require.True(t, e.report(t, m.ID).FanningOut)
	e.claim(t, chunk(3), moment, until, queue.NewFanOut(m.Project, m.TopicID, m.ID, 4))
	e.claim(t, chunk(4), moment, until)
	require.NoError(t, e.FinishChunk(t.Context(), chunk(4), store.Tally{Matched: 1}, nil))
	require.True(t, e.report(t, m.ID).FanningOut)
	require.NoError(t, e.FinishChunk(t.Context(), chunk(3), store.Tally{Matched: 1}, nil))
	round := store.ChunkKey{MessageID: m.ID, Chunk: 1 << 20}
	e.claim(t, round, moment, until)
	e.drain(t)
	require.NoError(t, e.SaveChunk(t.Context(), round, store.Places{}))
	e.topic(t, smn.NewID(), "other") // a write that is waited for: what came before it has been done
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 3}}, e.report(t, m.ID), "a later round is none of it")
}

// message stores a message of a topic and takes its task out of the queue, if it has
// one.
func (e env) message(t *testing.T, topicID string, accepted time.Time) store.Message {
	t.Helper()
	m := newMessage()
	m.TopicID, m.AcceptedAt = topicID, accepted
	require.NoError(t, e.PutMessage(t.Context(), m, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0)))
	e.drain(t)
	return m
}

func headOf(m store.Message) store.MessageHead {
	return store.MessageHead{ID: m.ID, Subject: m.Subject, AcceptedAt: m.AcceptedAt}
}

// dead puts a dead delivery of a message.
func (e env) dead(t *testing.T, m store.Message, subscriptionID string) store.Failure {
	t.Helper()
	f := failureOf(m.ID)
	f.SubscriptionID, f.Project, f.TopicID, f.Dead, f.Next = subscriptionID, m.Project, m.TopicID, true, time.Time{}
	require.NoError(t, e.PutFailure(t.Context(), f))
	return f
}

func testListFailures(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "topic")
	subs := e.subscribe(t, topic, 3)
	e.tasks(t, 3)
	m := e.message(t, topic.ID, moment)
	var want []store.ListedFailure
	for i, s := range subs {
		f := failureOf(m.ID)
		f.SubscriptionID, f.Project, f.TopicID = s.ID, m.Project, topic.ID
		if i == 2 {
			f.Dead, f.Next = true, time.Time{}
		}
		require.NoError(t, e.PutFailure(t.Context(), f))
		want = append(want, store.ListedFailure{Failure: f, Protocol: smn.HTTPS})
	}
	require.NoError(t, e.DeleteSubscription(t.Context(), subs[1].SubscriptionKey))
	want[1].Protocol = ""
	e.dead(t, e.message(t, topic.ID, moment), subs[0].ID) // of another message
	list := func(after string, limit int) []store.ListedFailure {
		got, err := e.ListFailures(t.Context(), store.FailureQuery{MessageID: m.ID, After: after, Limit: limit})
		require.NoError(t, err)
		return got
	}
	require.Equal(t, want, list("", 3))
	require.Equal(t, want[:2], list("", 2))
	require.Equal(t, want[1:], list(subs[0].ID, 100))
	require.Empty(t, list(subs[2].ID, 1))
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.Len(t, list("", 100), 3)
}

func testListMessages(t *testing.T, e env) {
	topic := smn.NewID()
	list := func(topic, after string, limit int) []store.MessageHead {
		got, err := e.ListMessages(t.Context(), store.MessageQuery{TopicID: topic, After: after, Limit: limit})
		require.NoError(t, err)
		return got
	}
	require.Empty(t, list(topic, "", 1))
	var want []store.MessageHead
	var between store.Message
	for i := range 5 {
		if i == 3 {
			between = e.message(t, smn.NewID(), moment)
		}
		want = append(want, headOf(e.message(t, topic, moment.Add(-time.Duration(i)*time.Hour)))) // the clock may step back
	}
	slices.Reverse(want)
	require.Equal(t, want, list(topic, "", 5))
	require.Equal(t, want[:2], list(topic, "", 2))
	require.Equal(t, want[2:], list(topic, want[1].ID, 100))
	require.Equal(t, want[2:], list(topic, between.ID, 100))
	require.Empty(t, list(topic, want[4].ID, 1))
	require.Empty(t, list(topic, smn.NewID(), 100), "behind what is gone there is nothing")
	require.Equal(t, []store.MessageHead{headOf(between)}, list(between.TopicID, "", 100))
	twin := e.message(t, topic[:15]+strings.Repeat("0", 17), moment) // the ids of topics may begin alike
	require.Equal(t, want, list(topic, "", 100))
	require.Equal(t, []store.MessageHead{headOf(twin)}, list(twin.TopicID, "", 100))
}

func (e env) listDead(t *testing.T, q store.DeadQuery) []store.DeadFailure {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := e.ListDead(t.Context(), q)
	require.NoError(t, err)
	return list
}

func testListDead(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "topic")
	subs := e.subscribe(t, topic, 2)
	e.tasks(t, 2)
	require.Empty(t, e.listDead(t, store.DeadQuery{TopicID: topic.ID}))
	gone := smn.NewID() // a subscription; ids ascend
	var want []store.DeadFailure
	var messages []store.Message
	for range 2 {
		m := e.message(t, topic.ID, moment)
		messages = append(messages, m)
		for i, id := range []string{subs[0].ID, subs[1].ID, gone} {
			f := store.ListedFailure{Failure: e.dead(t, m, id), Protocol: smn.HTTPS}
			if i == 2 {
				f.Protocol = ""
			}
			want = append(want, store.DeadFailure{ListedFailure: f, Message: headOf(m)})
		}
	}
	slices.Reverse(want)
	retrying := failureOf(messages[0].ID)
	retrying.TopicID = topic.ID
	require.NoError(t, e.PutFailure(t.Context(), retrying))
	e.dead(t, e.message(t, smn.NewID(), moment), subs[0].ID) // of another topic
	unknown := newMessage()
	unknown.TopicID = topic.ID
	e.dead(t, unknown, subs[0].ID) // its message was not kept

	require.Equal(t, want, e.listDead(t, store.DeadQuery{TopicID: topic.ID, Limit: 6}))
	require.Equal(t, want[:4], e.listDead(t, store.DeadQuery{TopicID: topic.ID, Limit: 4}))
	keyOf := func(d store.DeadFailure) store.DeadKey {
		return store.DeadKey{MessageID: d.MessageID, SubscriptionID: d.SubscriptionID}
	}
	for i, d := range want {
		after := e.listDead(t, store.DeadQuery{TopicID: topic.ID, After: keyOf(d)})
		require.Equal(t, want[i+1:], append([]store.DeadFailure{}, after...))
		require.Equal(t, want[i:i+1], e.listDead(t, store.DeadQuery{TopicID: topic.ID, MessageID: d.MessageID, SubscriptionID: d.SubscriptionID}))
	}
	require.Equal(t, want[3:], e.listDead(t, store.DeadQuery{TopicID: topic.ID, MessageID: messages[0].ID}))
	require.Equal(t, want[4:], e.listDead(t, store.DeadQuery{TopicID: topic.ID, MessageID: messages[0].ID, After: keyOf(want[3])}))
	require.Equal(t, []store.DeadFailure{want[1], want[4]}, e.listDead(t, store.DeadQuery{TopicID: topic.ID, SubscriptionID: subs[1].ID}))
	require.Equal(t, []store.DeadFailure{want[4]}, e.listDead(t, store.DeadQuery{TopicID: topic.ID, SubscriptionID: subs[1].ID, After: keyOf(want[2])}))
	require.Empty(t, e.listDead(t, store.DeadQuery{TopicID: smn.NewID()}))

	require.NoError(t, e.ResolveFailure(t.Context(), want[0].MessageID, want[0].SubscriptionID, smn.HTTPS))
	require.Equal(t, want[1:], e.listDead(t, store.DeadQuery{TopicID: topic.ID}))
}

// revived is a redelivery of a dead failure.
func revived(f store.Failure, expires time.Time) store.Redelivery {
	f.Dead, f.Attempts, f.Next, f.At = false, 0, moment.Add(time.Hour), moment.Add(time.Hour)
	return store.Redelivery{Failure: f, Task: queue.NewRetry(f.Project, f.TopicID, queue.Retry{
		MessageID: f.MessageID, SubscriptionID: f.SubscriptionID, Attempt: 1, Expires: expires,
	}, time.Time{})}
}

func (e env) redeliver(t *testing.T, items ...store.Redelivery) int {
	t.Helper()
	n, err := e.Redeliver(t.Context(), items)
	require.NoError(t, err)
	return n
}

func testRedeliver(t *testing.T, e env) {
	require.Zero(t, e.redeliver(t))
	m := e.message(t, smn.NewID(), moment)
	expires := moment.Add(2 * time.Hour)
	dead, retrying := e.dead(t, m, smn.NewID()), failureOf(m.ID)
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 2}, []store.Failure{retrying}))
	unknown := failureOf(m.ID)
	item := revived(dead, expires)
	require.Equal(t, 1, e.redeliver(t, revived(retrying, expires), item, revived(unknown, expires)))
	require.Equal(t, []store.Failure{item.Failure, retrying}, e.failures(t, m.ID))
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 2}, Retrying: 2}, e.report(t, m.ID))
	require.Equal(t, map[string]queue.Task{item.Task.ID: item.Task}, e.tasks(t, 1))
	require.Zero(t, e.redeliver(t, revived(dead, expires.Add(time.Minute))), "it is not dead any more")

	// It dies again while the task of the first redelivery waits: the second has one of its own.
	require.NoError(t, e.PutFailure(t.Context(), dead))
	require.Equal(t, 1, e.redeliver(t, revived(dead, expires)))
	require.NoError(t, e.PutFailure(t.Context(), dead))
	require.Equal(t, 1, e.redeliver(t, revived(dead, expires.Add(time.Microsecond))))
	e.tasks(t, 2)
}

func testRedeliverMany(t *testing.T, e env) {
	m := e.message(t, smn.NewID(), moment)
	const n = 250
	var items []store.Redelivery
	var failures []store.Failure
	for range n {
		f := failureOf(m.ID)
		f.TopicID, f.Dead, f.Next = m.TopicID, true, time.Time{}
		failures = append(failures, f)
		items = append(items, revived(f, moment.Add(time.Hour)))
	}
	require.NoError(t, e.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: n}, failures))
	require.Equal(t, store.Report{Tally: store.Tally{Matched: n}, Dead: n}, e.report(t, m.ID))
	require.Equal(t, n, e.redeliver(t, items...))
	require.Equal(t, store.Report{Tally: store.Tally{Matched: n}, Retrying: n}, e.report(t, m.ID))
	e.tasks(t, n)
}

func testRedeliverAtOnce(t *testing.T, e env) {
	m := e.message(t, smn.NewID(), moment)
	f := e.dead(t, m, smn.NewID())
	sum := 0
	for _, n := range atOnce(t, 20, func(i int) (int, error) {
		return e.Redeliver(t.Context(), []store.Redelivery{revived(f, moment.Add(time.Duration(i)*time.Second))})
	}) {
		sum += n
	}
	require.Equal(t, 1, sum)
	e.tasks(t, 1)
}
