// Package storetest holds the suites that every implementation of the ports in
// package store passes: the promises of their comments, sentence by sentence.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// env is a store under test, and the queue that its tasks go to.
type env struct {
	store.Store
	queue queue.Queue
}

// Run runs the suite of store.Store. open gives an empty store, with the queue
// that it puts its tasks into, and closes both with the test.
func Run(t *testing.T, open func(t *testing.T) (store.Store, queue.Queue)) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"topics", topicCases},
		{"attributes", attributeCases},
		{"subscriptions", subscriptionCases},
		{"subscriptions with names", nameCases},
		{"paging", pagingCases},
		{"chunks of subscriptions", chunkCases},
		{"messages", messageCases},
		{"messages with a key", onceCases},
		{"deliveries", deliveryCases},
		{"reports", reportCases},
		{"health of endpoints", healthCases},
		{"documents", documentCases},
		{"templates", templateCases},
		{"direct SMS", smsCases},
		{"statistics", statisticsCases},
		{"tags", tagCases},
		{"flow", flowCases},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					s, q := open(t)
					c.test(t, env{Store: s, queue: q})
				})
			}
		})
	}
}

type testCase struct {
	name string
	test func(*testing.T, env)
}

const noLimit = 1_000_000

// moment is a time as stores keep it: whole milliseconds.
var moment = time.Date(2026, 11, 3, 4, 5, 6, 789_000_000, time.UTC)

func newTopic(project, name string) store.Topic {
	return store.Topic{
		ID: smn.NewID(), Project: project, Name: name, DisplayName: "Ünïcode ✓", EnterpriseProjectID: "0",
		TopicOptions: smn.TopicOptions{MaxMessage: 1024, Logging: true},
		CreatedAt:    moment, UpdatedAt: moment.Add(time.Second),
	}
}

func (e env) topic(t *testing.T, project, name string) store.Topic {
	t.Helper()
	topic, created, err := e.CreateTopic(t.Context(), newTopic(project, name), noLimit)
	require.NoError(t, err)
	require.True(t, created)
	return topic
}

// newSubscription makes an item with a task of its own.
func newSubscription(topic store.Topic, endpoint string) store.AddSubscription {
	sub := store.Subscription{
		SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
		Protocol:        smn.HTTPS, Endpoint: endpoint, Remark: "ünï", CreatedAt: moment,
	}
	return store.AddSubscription{Subscription: sub, Task: queue.NewNotice(queue.Notice{
		MessageID: smn.NewID(), Kind: queue.Subscribed, Attempt: 1, IssuedAt: moment,
		Subscription: queue.NoticeRecipient{TopicID: topic.ID, ID: sub.ID, Endpoint: endpoint},
	}, time.Time{})}
}

// subscribe adds endpoints e0, e1, … to a topic, in batches.
func (e env) subscribe(t *testing.T, topic store.Topic, n int) []store.Subscription {
	t.Helper()
	var items []store.AddSubscription
	for i := range n {
		items = append(items, newSubscription(topic, fmt.Sprintf("https://e%d.example.org", i)))
	}
	return e.add(t, topic, items...)
}

// add adds items that must all be new.
func (e env) add(t *testing.T, topic store.Topic, items ...store.AddSubscription) (subs []store.Subscription) {
	t.Helper()
	for batch := range slices.Chunk(items, smn.MaxBatch) {
		added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, batch, noLimit)
		require.NoError(t, err)
		require.Len(t, added, len(batch))
		for _, a := range added {
			require.NoError(t, a.Err)
			require.True(t, a.Created)
			subs = append(subs, a.Subscription)
		}
	}
	return subs
}

// tasks takes n tasks out of the queue and makes sure that there are no more.
func (e env) tasks(t *testing.T, n int) map[string]queue.Task {
	t.Helper()
	got := map[string]queue.Task{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(got) < n {
		leases, err := e.queue.Receive(ctx, 10, time.Minute)
		require.NoError(t, err)
		for _, lease := range leases {
			require.NotContains(t, got, lease.ID)
			got[lease.ID] = lease.Task
		}
		require.NoError(t, e.queue.Ack(ctx, leases...))
	}
	e.noTasks(t)
	return got
}

func (e env) noTasks(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	leases, err := e.queue.Receive(ctx, 10, time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, leases)
}

// atOnce calls f n times at once and gives the answers.
func atOnce[T any](t *testing.T, n int, f func(i int) (T, error)) []T {
	t.Helper()
	type answer struct {
		value T
		err   error
	}
	answers, start := make(chan answer, n), make(chan struct{})
	for i := range n {
		go func() {
			<-start
			value, err := f(i)
			answers <- answer{value, err}
		}()
	}
	close(start)
	var all []T
	for range n {
		a := <-answers
		require.NoError(t, a.err)
		all = append(all, a.value)
	}
	return all
}
