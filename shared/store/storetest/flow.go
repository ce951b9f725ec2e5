package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var flowCases = []testCase{
	{"messages are admitted up to a limit", testAdmit},
	{"a limit holds for all windows", testAdmitWindows},
	{"messages are admitted one after the other", testAdmitMany},
	{"what is not bounded is not counted", testAdmitUnbounded},
	{"admitting at once counts right", testAdmitAtOnce},
	{"a clock that is set back opens nothing", testAdmitBackwards},
	{"new subscriptions are counted", testAddCounted},
	{"confirming forgets", testConfirmForgets},
}

// bounded is a limit of its own.
func bounded(windows ...flow.Window) flow.Limit {
	return flow.Limit{Key: smn.NewID(), Windows: windows}
}

func reminder() queue.Task {
	return queue.NewNotice(queue.Notice{MessageID: smn.NewID(), Kind: queue.Subscribed, Attempt: 1, IssuedAt: moment}, time.Time{})
}

// admit admits one message.
func (e env) admit(t *testing.T, limit flow.Limit, now time.Time) error {
	t.Helper()
	outcomes, err := e.Admit(t.Context(), now, store.Admission{Limit: limit})
	require.NoError(t, err)
	require.Len(t, outcomes, 1)
	return outcomes[0]
}

func requireThrottled(t *testing.T, until time.Time, err error, about ...any) {
	t.Helper()
	var throttled store.Throttled
	require.ErrorAs(t, err, &throttled, about...)
	require.WithinDuration(t, until, throttled.Until, time.Millisecond, about...)
}

func testAdmit(t *testing.T, e env) {
	const limit = 5
	l, other := bounded(flow.Window{Limit: limit, Length: time.Hour}), bounded(flow.Window{Limit: 1, Length: time.Hour})
	require.NoError(t, e.admit(t, other, moment))
	end := moment.Add(time.Hour)
	for i := range limit {
		require.NoError(t, e.admit(t, l, moment.Add(time.Duration(i)*time.Minute)))
	}
	for _, now := range []time.Time{moment.Add(limit * time.Minute), end.Add(-time.Millisecond)} {
		requireThrottled(t, end, e.admit(t, l, now))
	}
	for range limit {
		require.NoError(t, e.admit(t, l, end), "the next window")
	}
	requireThrottled(t, end.Add(time.Hour), e.admit(t, l, end))
	requireThrottled(t, end, e.admit(t, other, moment), "each recipient has its own")
}

func testAdmitWindows(t *testing.T, e env) {
	l := bounded(flow.Window{Limit: 2, Length: time.Hour}, flow.Window{Limit: 3, Length: 48 * time.Hour, Block: 7 * 24 * time.Hour})
	for range 2 {
		require.NoError(t, e.admit(t, l, moment))
	}
	requireThrottled(t, moment.Add(time.Hour), e.admit(t, l, moment))
	third := moment.Add(2 * time.Hour)
	require.NoError(t, e.admit(t, l, third))
	blocked := third.Add(7 * 24 * time.Hour)
	requireThrottled(t, blocked, e.admit(t, l, third))
	requireThrottled(t, blocked, e.admit(t, l, blocked.Add(-time.Millisecond)))
	require.NoError(t, e.admit(t, l, blocked))

	fewer := l
	fewer.Windows = l.Windows[:1]
	require.NoError(t, e.admit(t, fewer, blocked), "windows may change")
	requireThrottled(t, blocked.Add(time.Hour), e.admit(t, fewer, blocked))
}

func testAdmitMany(t *testing.T, e env) {
	one, two := bounded(flow.Window{Limit: 1, Length: time.Hour}), bounded(flow.Window{Limit: 2, Length: time.Hour})
	var messages []store.Admission
	for _, l := range []flow.Limit{two, one, two, one, two, {}} {
		messages = append(messages, store.Admission{Limit: l, Task: reminder()})
	}
	messages[2].Task = queue.Task{} // counted all the same
	outcomes, err := e.Admit(t.Context(), moment, messages...)
	require.NoError(t, err)
	require.Len(t, outcomes, len(messages))
	want := map[string]bool{}
	for i, outcome := range outcomes {
		switch i {
		case 3, 4:
			requireThrottled(t, moment.Add(time.Hour), outcome)
		case 2:
			require.NoError(t, outcome)
		default:
			require.NoError(t, outcome)
			want[messages[i].Task.ID] = true
		}
	}
	for id := range e.tasks(t, len(want)) {
		require.Contains(t, want, id)
	}
	outcomes, err = e.Admit(t.Context(), moment)
	require.NoError(t, err)
	require.Empty(t, outcomes)
}

func testAdmitUnbounded(t *testing.T, e env) {
	l := bounded(flow.Window{Limit: 1, Length: time.Hour})
	for range 3 {
		require.NoError(t, e.admit(t, flow.Limit{Key: l.Key}, moment))
		require.NoError(t, e.admit(t, flow.Limit{}, moment))
	}
	require.NoError(t, e.admit(t, l, moment))
	requireThrottled(t, moment.Add(time.Hour), e.admit(t, l, moment))
}

func testAdmitAtOnce(t *testing.T, e env) {
	const limit, callers = 7, 20
	l := bounded(flow.Window{Limit: limit, Length: time.Hour})
	admitted := 0
	for _, outcome := range atOnce(t, callers, func(int) (error, error) {
		outcomes, err := e.Admit(context.Background(), moment, store.Admission{Limit: l, Task: reminder()})
		return errors.Join(outcomes...), err
	}) {
		if outcome == nil {
			admitted++
		}
	}
	require.Equal(t, limit, admitted)
	e.tasks(t, limit)
}

func testAdmitBackwards(t *testing.T, e env) {
	l := bounded(flow.Window{Limit: 2, Length: time.Hour})
	require.NoError(t, e.admit(t, l, moment))
	require.NoError(t, e.admit(t, l, moment.AddDate(-1, 0, 0)))
	for _, now := range []time.Time{moment.AddDate(-1, 0, 0), moment.AddDate(-100, 0, 0), moment} {
		requireThrottled(t, moment.Add(time.Hour), e.admit(t, l, now))
	}
}

func testAddCounted(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	l := bounded(flow.Window{Limit: 2, Length: time.Hour})
	item := func(endpoint string) store.AddSubscription {
		s := newSubscription(topic, endpoint)
		s.Flow = l
		return s
	}
	first, again, second, third, free := item("https://a"), item("https://a"), item("https://b"), item("https://c"), newSubscription(topic, "https://d")
	added, err := e.AddSubscriptions(t.Context(), topic.Project, topic.ID, []store.AddSubscription{first, again, second, third, free}, noLimit)
	require.NoError(t, err)
	require.True(t, added[0].Created)
	require.Equal(t, first.ID, added[1].ID)
	require.NoError(t, added[1].Err, "one that is there is not counted")
	require.True(t, added[2].Created)
	requireThrottled(t, moment.Add(time.Hour), added[3].Err)
	require.False(t, added[3].Created)
	require.True(t, added[4].Created)
	require.Equal(t, int64(2), added[4].Seq, "what was refused has taken no place")
	page, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: topic.Project, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, 3, page.Total)
	require.NotContains(t, e.tasks(t, 3), third.Task.ID)

	elsewhere := item("https://a")
	added, err = e.AddSubscriptions(t.Context(), other.Project, other.ID, []store.AddSubscription{elsewhere}, noLimit)
	require.NoError(t, err)
	requireThrottled(t, moment.Add(time.Hour), added[0].Err)
	elsewhere.CreatedAt = moment.Add(time.Hour)
	added, err = e.AddSubscriptions(t.Context(), other.Project, other.ID, []store.AddSubscription{elsewhere}, noLimit)
	require.NoError(t, err)
	require.True(t, added[0].Created)
	full := item("https://e")
	full.CreatedAt = moment.Add(time.Hour)
	added, err = e.AddSubscriptions(t.Context(), other.Project, other.ID, []store.AddSubscription{full}, 1)
	require.NoError(t, err)
	require.ErrorIs(t, added[0].Err, store.ErrLimit)
	require.NoError(t, e.admit(t, l, moment.Add(time.Hour)), "what the topic has no room for is not counted")
	requireThrottled(t, moment.Add(2*time.Hour), e.admit(t, l, moment.Add(time.Hour)))
}

func testConfirmForgets(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	sub := e.add(t, topic, newSubscription(topic, "https://a"))[0]
	l, other := flow.Confirmations(sub.Protocol, sub.Endpoint), flow.Confirmations(sub.Protocol, "https://b")
	for _, l := range []*flow.Limit{&l, &other} {
		l.Windows = []flow.Window{{Limit: 1, Length: time.Hour}, {Limit: 1, Length: 2 * time.Hour}}
	}
	blocked := func(l flow.Limit) { t.Helper(); requireThrottled(t, moment.Add(2*time.Hour), e.admit(t, l, moment)) }
	require.NoError(t, e.admit(t, l, moment))
	require.NoError(t, e.admit(t, other, moment))
	blocked(l)
	require.ErrorIs(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 7, smn.Confirmed), store.ErrConflict)
	blocked(l)
	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 0, smn.Confirmed))
	require.NoError(t, e.admit(t, l, moment))
	blocked(l)
	require.NoError(t, e.ChangeStatus(t.Context(), sub.SubscriptionKey, 1, smn.Cancelled))
	blocked(l)
	blocked(other)
}
