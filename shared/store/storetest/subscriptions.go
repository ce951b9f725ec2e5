package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var subscriptionCases = []testCase{
	{"add stores rows and tasks", testAddSubscriptions},
	{"an endpoint that is there already answers with its subscription", testAddSubscriptionsTwice},
	{"fifty adders of one endpoint at once make one subscription", testAddSubscriptionsAtOnce},
	{"limit", testSubscriptionLimit},
	{"a topic that is gone is not found", testAddToUnknownTopic},
	{"get finds by the whole key", testGetSubscription},
	{"change of status", testChangeStatus},
	{"one of many changes at once wins", testChangeStatusAtOnce},
	{"delete", testDeleteSubscription},
	{"delete several", testDeleteSubscriptions},
	{"set remark", testSetRemark},
	{"set filters", testSetFilters},
	{"one of many who set the first filters at once wins", testSetFiltersAtOnce},
	{"places are never used again", testSeqNeverReused},
}

func (e env) list(t *testing.T, topic store.Topic) store.SubscriptionPage {
	t.Helper()
	page, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: topic.Project, TopicID: topic.ID, Limit: 1000})
	require.NoError(t, err)
	return page
}

func testAddSubscriptions(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	plain := newSubscription(topic, "https://plain")
	rich := newSubscription(topic, "https://rich")
	rich.Extension.Header = map[string]string{"x-team": "night & day", "X-Env": "prod"}
	rich.Extension.Retry = &smn.RetryPolicy{Delays: []int{5, 15}}
	rich.Subscriber = smn.NewID()
	rich.Status = smn.Confirmed
	empty := newSubscription(topic, "https://empty")
	empty.Extension.Header = map[string]string{}
	empty.Extension.Retry = &smn.RetryPolicy{Delays: []int{}} // is not none
	empty.Project, empty.TopicID = "", ""                     // said by the call
	mail := newSubscription(topic, "https://plain")           // another protocol, the same endpoint
	mail.Protocol = smn.Email
	quiet := newSubscription(topic, "urn:cff:local:0123456789abcdef0123456789abcdef:function:default:report")
	quiet.Protocol, quiet.Status, quiet.Task = smn.FunctionGraph, smn.Exempt, queue.Task{} // makes no work
	chat := newSubscription(topic, "https://chat")
	chat.Protocol, chat.Extension.Keyword, chat.Extension.SignSecret = smn.Feishu, "Alarm", "s"
	items := []store.AddSubscription{plain, rich, empty, mail, quiet, chat}

	added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, items, noLimit)
	require.NoError(t, err)
	require.Len(t, added, len(items))
	var want []store.Subscription
	tasks := map[string]queue.Task{}
	for i, item := range items {
		sub := item.Subscription
		sub.Project, sub.TopicID, sub.TopicName, sub.Seq = topic.Project, topic.ID, topic.Name, int64(i)
		if len(sub.Extension.Header) == 0 {
			sub.Extension.Header = nil
		}
		require.Equal(t, store.AddedSubscription{Subscription: sub, Created: true}, added[i])
		got, err := e.GetSubscription(t.Context(), sub.SubscriptionKey)
		require.NoError(t, err)
		require.Equal(t, sub, got)
		want = append(want, sub)
		if item.Task.ID != "" {
			tasks[item.Task.ID] = item.Task
		}
	}
	require.Equal(t, store.SubscriptionPage{Subscriptions: want, Total: len(want)}, e.list(t, topic))
	require.Equal(t, tasks, e.tasks(t, len(tasks)))
}

func testAddSubscriptionsTwice(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	first := newSubscription(topic, "https://a")
	kept := e.add(t, topic, first)[0]
	require.NoError(t, e.ChangeStatus(t.Context(), kept.SubscriptionKey, 0, smn.Confirmed))
	kept.Status, kept.Version = smn.Confirmed, 1

	again := newSubscription(topic, "https://a")
	again.Remark = "changed"
	other := newSubscription(topic, "https://b")
	twin := newSubscription(topic, "https://b")
	added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, []store.AddSubscription{again, other, twin}, 2)
	require.NoError(t, err)
	require.Equal(t, store.AddedSubscription{Subscription: kept}, added[0])
	require.True(t, added[1].Created)
	require.Equal(t, store.AddedSubscription{Subscription: added[1].Subscription}, added[2], "twice in one call")
	require.Equal(t, other.ID, added[1].ID)
	require.Equal(t, 2, e.list(t, topic).Total)
	require.Equal(t, map[string]queue.Task{first.Task.ID: first.Task, other.Task.ID: other.Task}, e.tasks(t, 2))

	elsewhere := e.topic(t, topic.Project, "elsewhere") // the endpoint is free in another topic
	e.add(t, elsewhere, newSubscription(elsewhere, "https://a"))
}

func testAddSubscriptionsAtOnce(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	answers := atOnce(t, 50, func(i int) (store.AddedSubscription, error) {
		items := []store.AddSubscription{newSubscription(topic, "https://a"), newSubscription(topic, fmt.Sprint("https://", i))}
		added, err := e.AddSubscriptions(context.Background(), topic.Project, topic.ID, items, noLimit)
		if err != nil {
			return store.AddedSubscription{}, err
		}
		return added[0], added[1].Err
	})
	created := 0
	for _, a := range answers {
		require.Equal(t, answers[0].ID, a.ID)
		if a.Created {
			created++
		}
	}
	require.Equal(t, 1, created)

	page := e.list(t, topic)
	require.Equal(t, 51, page.Total)
	seqs := map[int64]bool{}
	for _, sub := range page.Subscriptions {
		seqs[sub.Seq] = true
	}
	require.Len(t, seqs, 51, "each has a place of its own")
	e.tasks(t, 51)
}

func testSubscriptionLimit(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	const limit = 5
	e.subscribe(t, topic, limit-2)
	items := []store.AddSubscription{
		newSubscription(topic, "https://below"), newSubscription(topic, "https://at"),
		newSubscription(topic, "https://beyond"), newSubscription(topic, "https://e0.example.org"),
	}
	added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, items, limit)
	require.NoError(t, err)
	require.True(t, added[0].Created)
	require.True(t, added[1].Created)
	require.ErrorIs(t, added[2].Err, store.ErrLimit)
	require.False(t, added[2].Created)
	require.NoError(t, added[3].Err, "one that is there already needs no room")
	require.False(t, added[3].Created)
	require.Equal(t, limit, e.list(t, topic).Total)
	e.tasks(t, limit)

	require.NoError(t, e.DeleteSubscription(t.Context(), added[0].SubscriptionKey))
	added, err = e.AddSubscriptions(t.Context(), topic.Project, topic.ID, items[2:3], limit)
	require.NoError(t, err)
	require.True(t, added[0].Created)
}

func testAddToUnknownTopic(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	items := []store.AddSubscription{newSubscription(topic, "https://a")}
	_, err := e.AddSubscriptions(t.Context(), topic.Project, smn.NewID(), items, noLimit)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = e.AddSubscriptions(t.Context(), smn.NewID(), topic.ID, items, noLimit)
	require.ErrorIs(t, err, store.ErrNotFound, "of another project")
	require.Zero(t, e.list(t, topic).Total)
	e.noTasks(t)
}

func testGetSubscription(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	other := e.topic(t, topic.Project, "other")
	sub := e.subscribe(t, topic, 1)[0]
	got, err := e.GetSubscription(t.Context(), sub.SubscriptionKey)
	require.NoError(t, err)
	require.Equal(t, sub, got)
	for _, key := range []store.SubscriptionKey{
		{Project: smn.NewID(), TopicID: topic.ID, ID: sub.ID},
		{Project: topic.Project, TopicID: other.ID, ID: sub.ID},
		{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
	} {
		_, err := e.GetSubscription(t.Context(), key)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, e.DeleteSubscription(t.Context(), key), store.ErrNotFound)
		require.ErrorIs(t, e.ChangeStatus(t.Context(), key, 0, smn.Confirmed), store.ErrNotFound)
	}
}

func testChangeStatus(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	sub := e.subscribe(t, topic, 1)[0]
	e.tasks(t, 1)
	task := func() queue.Task { return queue.NewFanOut(topic.Project, topic.ID, smn.NewID(), 0) }

	first, second, dropped := task(), task(), task()
	require.ErrorIs(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 1, smn.Confirmed, dropped), store.ErrConflict)
	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 0, smn.Confirmed, first, second))
	require.ErrorIs(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 0, smn.Cancelled, dropped), store.ErrConflict)
	sub.Status, sub.Version = smn.Confirmed, 1
	got, err := e.GetSubscription(t.Context(), sub.SubscriptionKey)
	require.NoError(t, err)
	require.Equal(t, sub, got)
	require.Equal(t, map[string]queue.Task{first.ID: first, second.ID: second}, e.tasks(t, 2))

	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 1, smn.Cancelled))
	require.NoError(t, e.DeleteSubscription(t.Context(), sub.SubscriptionKey))
	require.ErrorIs(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 2, smn.Confirmed, dropped), store.ErrNotFound)
	e.noTasks(t)
}

func testChangeStatusAtOnce(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	sub := e.subscribe(t, topic, 1)[0]
	won := 0
	for _, err := range atOnce(t, 20, func(int) (error, error) {
		return e.ChangeStatus(context.Background(), sub.SubscriptionKey, 0, smn.Confirmed), nil
	}) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, store.ErrConflict)
	}
	require.Equal(t, 1, won)
}

func testDeleteSubscription(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 3)
	require.NoError(t, e.DeleteSubscription(t.Context(), subs[1].SubscriptionKey))
	require.ErrorIs(t, e.DeleteSubscription(t.Context(), subs[1].SubscriptionKey), store.ErrNotFound)
	_, err := e.GetSubscription(t.Context(), subs[1].SubscriptionKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	want := store.SubscriptionPage{Subscriptions: []store.Subscription{subs[0], subs[2]}, Total: 2}
	require.Equal(t, want, e.list(t, topic))
	all, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: topic.Project, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, want, all)
}

func testDeleteSubscriptions(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	subs, others := e.subscribe(t, topic, 3), e.subscribe(t, other, 2)
	misplaced := store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: others[1].ID}
	outcomes, err := e.DeleteSubscriptions(t.Context(), []store.SubscriptionKey{
		subs[2].SubscriptionKey, others[0].SubscriptionKey, misplaced, subs[2].SubscriptionKey, subs[0].SubscriptionKey,
	})
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, true, true, false}, refused(t, outcomes, store.ErrNotFound))
	require.Equal(t, store.SubscriptionPage{Subscriptions: subs[1:2], Total: 1}, e.list(t, topic))
	require.Equal(t, store.SubscriptionPage{Subscriptions: others[1:], Total: 1}, e.list(t, other))

	outcomes, err = e.DeleteSubscriptions(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, outcomes)
}

// refused says which items failed, all for the same reason.
func refused(t *testing.T, outcomes []error, reason error) []bool {
	t.Helper()
	failed := make([]bool, len(outcomes))
	for i, err := range outcomes {
		if failed[i] = err != nil; failed[i] {
			require.ErrorIs(t, err, reason)
		}
	}
	return failed
}

func testSetRemark(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 2)
	for _, remark := range []string{"nüw", "a\x00b %_", ""} {
		require.NoError(t, e.SetRemark(t.Context(), subs[1].SubscriptionKey, remark))
		subs[1].Remark = remark
		require.Equal(t, subs, e.list(t, topic).Subscriptions)
	}
	for _, key := range []store.SubscriptionKey{
		{Project: smn.NewID(), TopicID: topic.ID, ID: subs[0].ID},
		{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
	} {
		require.ErrorIs(t, e.SetRemark(t.Context(), key, "x"), store.ErrNotFound)
	}
	require.Equal(t, subs, e.list(t, topic).Subscriptions)
}

func testSetFilters(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 3)
	filters := func(value string) []smn.FilterPolicy {
		return []smn.FilterPolicy{{Name: "level", StringEquals: []string{value, "告警"}}, {Name: "team", StringEquals: []string{"ops"}}}
	}
	change := func(i int, f []smn.FilterPolicy) store.FilterChange {
		return store.FilterChange{SubscriptionKey: subs[i].SubscriptionKey, Filters: f}
	}
	missing := store.FilterChange{SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()}}
	astray := store.FilterChange{SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: smn.NewID(), ID: subs[0].ID}}
	set := func(onlyNew bool, changes ...store.FilterChange) []error {
		outcomes, err := e.SetFilters(t.Context(), changes, onlyNew)
		require.NoError(t, err)
		require.Len(t, outcomes, len(changes))
		return outcomes
	}

	require.Equal(t, []bool{true, false, true}, refused(t, set(true, missing, change(0, filters("a")), astray), store.ErrNotFound))
	require.Equal(t, []bool{true, false, true}, refused(t, set(true, change(0, filters("b")), change(1, filters("b")), change(1, filters("c"))), store.ErrConflict))
	subs[0].Filters, subs[1].Filters = filters("a"), filters("b")
	require.Equal(t, subs, e.list(t, topic).Subscriptions)

	require.Equal(t, []bool{false, false}, refused(t, set(false, change(1, filters("d")), change(2, filters("d"))), store.ErrConflict))
	subs[1].Filters, subs[2].Filters = filters("d"), filters("d")
	got, err := e.GetSubscription(t.Context(), subs[2].SubscriptionKey)
	require.NoError(t, err)
	require.Equal(t, subs[2], got)

	require.Equal(t, []bool{false, false, true}, refused(t, set(false, change(0, nil), change(1, []smn.FilterPolicy{}), missing), store.ErrNotFound))
	subs[0].Filters, subs[1].Filters = nil, nil
	require.Equal(t, []bool{false}, refused(t, set(true, change(0, filters("e"))), store.ErrConflict), "removed ones leave room for new ones")
	subs[0].Filters = filters("e")
	require.Equal(t, subs, e.list(t, topic).Subscriptions)
}

func testSetFiltersAtOnce(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	key := e.subscribe(t, topic, 1)[0].SubscriptionKey
	won := 0
	for _, outcomes := range atOnce(t, 20, func(i int) ([]error, error) {
		filters := []smn.FilterPolicy{{Name: "level", StringEquals: []string{fmt.Sprint(i)}}}
		return e.SetFilters(context.Background(), []store.FilterChange{{SubscriptionKey: key, Filters: filters}}, true)
	}) {
		if !refused(t, outcomes, store.ErrConflict)[0] {
			won++
		}
	}
	require.Equal(t, 1, won)
}

func testSeqNeverReused(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 3)
	for _, sub := range subs[1:] { // the last place, too
		require.NoError(t, e.DeleteSubscription(t.Context(), sub.SubscriptionKey))
	}
	again := e.add(t, topic, newSubscription(topic, subs[2].Endpoint), newSubscription(topic, subs[1].Endpoint))
	require.Equal(t, int64(3), again[0].Seq)
	require.Equal(t, int64(4), again[1].Seq)
}
