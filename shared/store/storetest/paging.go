package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var pagingCases = []testCase{
	{"a page of topics is the slice of the list", testTopicPages},
	{"a page of subscriptions is the slice of the list", testSubscriptionPages},
	{"a filtered page is the slice of those that fit", testSubscriptionFilters},
	{"paging by marker under change repeats and misses none", testMarkerPaging},
	{"a subscription of another project is in no list", testListsOfProjects},
}

// slice is the naive page, never nil.
func slice[T any](list []T, offset, limit int) []T {
	from := min(offset, len(list))
	return append([]T{}, list[from:min(from+limit, len(list))]...)
}

// testTopicPages compares pages and filters with a scan of the whole list.
func testTopicPages(t *testing.T, e env) {
	displays := rapid.StringOfN(rapid.SampledFrom([]rune("aA%_\\*ä中'")), 0, 4, -1)
	enterprises := rapid.SampledFrom([]string{"0", "e-1", "E-1"})
	rapid.Check(t, func(rt *rapid.T) {
		project := smn.NewID()
		var all []store.Topic // newest first
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[ab]{1,3}[0-9]{0,2}`), 0, 15, rapid.ID).Draw(rt, "names") {
			topic := newTopic(project, name)
			topic.DisplayName, topic.EnterpriseProjectID = displays.Draw(rt, "display name"), enterprises.Draw(rt, "enterprise project")
			topic, created, err := e.CreateTopic(t.Context(), topic, noLimit)
			require.NoError(rt, err)
			require.True(rt, created)
			all = append([]store.Topic{topic}, all...)
		}
		if len(all) > 0 && rapid.Bool().Draw(rt, "delete one") {
			i := rapid.IntRange(0, len(all)-1).Draw(rt, "which")
			require.NoError(rt, e.DeleteTopic(t.Context(), project, all[i].Name))
			all = slices.Delete(all, i, i+1)
		}
		for range 5 {
			q := store.TopicQuery{
				Project: project,
				Prefix:  rapid.StringMatching(`[ab]{0,2}`).Draw(rt, "prefix"),
				Display: rapid.OneOf(rapid.Just(""), displays).Draw(rt, "part of the display name"),
				Offset:  rapid.IntRange(0, 20).Draw(rt, "offset"),
				Limit:   rapid.IntRange(1, 20).Draw(rt, "limit"),
			}
			if len(all) > 0 && rapid.Bool().Draw(rt, "exact") {
				q.Name = rapid.SampledFrom(all).Draw(rt, "name").Name
			}
			if len(all) > 0 && rapid.IntRange(0, 3).Draw(rt, "by id") == 0 {
				q.ID = rapid.SampledFrom(all).Draw(rt, "id").ID
			}
			if rapid.Bool().Draw(rt, "by enterprise project") {
				q.EnterpriseProject = enterprises.Draw(rt, "which enterprise project")
			}
			if len(all) > 0 && rapid.Bool().Draw(rt, "by marker") {
				q.After = rapid.SampledFrom(all).Draw(rt, "after").ID
			}
			fits := slices.DeleteFunc(slices.Clone(all), func(topic store.Topic) bool {
				return !strings.HasPrefix(topic.Name, q.Prefix) ||
					!strings.Contains(topic.DisplayName, q.Display) ||
					q.Name != "" && topic.Name != q.Name ||
					q.ID != "" && topic.ID != q.ID ||
					q.EnterpriseProject != "" && topic.EnterpriseProjectID != q.EnterpriseProject
			})
			behind := slices.DeleteFunc(slices.Clone(fits), func(topic store.Topic) bool { return q.After != "" && topic.ID >= q.After })
			page, err := e.ListTopics(t.Context(), q)
			require.NoError(rt, err)
			require.Equal(rt, len(fits), page.Total)
			require.Equal(rt, slice(behind, q.Offset, q.Limit), append([]store.Topic{}, page.Topics...))
		}
	})
}

func testSubscriptionPages(t *testing.T, e env) {
	rapid.Check(t, func(rt *rapid.T) {
		project := smn.NewID()
		var topics []store.Topic
		for i := range rapid.IntRange(1, 3).Draw(rt, "topics") {
			topics = append(topics, e.topic(t, project, fmt.Sprint("t", i)))
		}
		var all []store.Subscription // in the order of adding
		for range rapid.IntRange(0, 6).Draw(rt, "batches") {
			topic := rapid.SampledFrom(topics).Draw(rt, "topic")
			var items []store.AddSubscription
			for range rapid.IntRange(1, 8).Draw(rt, "batch") {
				items = append(items, newSubscription(topic, "https://"+smn.NewID()))
			}
			all = append(all, e.add(t, topic, items...)...)
		}
		markers := []string{""}
		for _, sub := range all {
			markers = append(markers, sub.ID) // of removed ones, too
		}
		for range rapid.IntRange(0, 3).Draw(rt, "removals") {
			if len(all) > 0 {
				i := rapid.IntRange(0, len(all)-1).Draw(rt, "removed")
				require.NoError(rt, e.DeleteSubscription(t.Context(), all[i].SubscriptionKey))
				all = slices.Delete(all, i, i+1)
			}
		}
		for range 6 {
			q := store.SubscriptionQuery{
				Project: project,
				After:   rapid.SampledFrom(markers).Draw(rt, "after"),
				Offset:  rapid.IntRange(0, 50).Draw(rt, "offset"),
				Limit:   rapid.IntRange(1, 50).Draw(rt, "limit"),
			}
			if rapid.Bool().Draw(rt, "of one topic") {
				q.TopicID = rapid.SampledFrom(topics).Draw(rt, "which topic").ID
			}
			list := slices.DeleteFunc(slices.Clone(all), func(sub store.Subscription) bool {
				return q.TopicID != "" && sub.TopicID != q.TopicID
			})
			behind := slices.DeleteFunc(slices.Clone(list), func(sub store.Subscription) bool { return sub.ID <= q.After })
			page, err := e.ListSubscriptions(t.Context(), q)
			require.NoError(rt, err)
			require.Equal(rt, len(list), page.Total)
			require.Equal(rt, slice(behind, q.Offset, q.Limit), append([]store.Subscription{}, page.Subscriptions...))
		}
	})
}

// testSubscriptionFilters compares filters with a scan of the whole list.
func testSubscriptionFilters(t *testing.T, e env) {
	endpoints := rapid.SampledFrom([]string{"https://a", "https://b", "https://A", "https://%", "https://_"})
	protocols := rapid.SampledFrom([]smn.Protocol{smn.HTTP, smn.HTTPS, smn.Email})
	statuses := rapid.SampledFrom([]smn.Status{smn.Unconfirmed, smn.Confirmed, smn.Exempt, smn.Cancelled})
	remarks := rapid.StringOfN(rapid.SampledFrom([]rune("aA%_\\*ä中\x00'")), 0, 4, -1)
	rapid.Check(t, func(rt *rapid.T) {
		project := smn.NewID()
		topics := []store.Topic{e.topic(t, project, "t0"), e.topic(t, project, "t1")}
		var all []store.Subscription // in the order of adding
		taken := map[string]bool{}
		for range rapid.IntRange(0, 20).Draw(rt, "subscriptions") {
			topic := rapid.SampledFrom(topics).Draw(rt, "topic")
			item := newSubscription(topic, endpoints.Draw(rt, "endpoint"))
			item.Protocol, item.Status, item.Remark = protocols.Draw(rt, "protocol"), statuses.Draw(rt, "status"), remarks.Draw(rt, "remark")
			if key := topic.ID + string(item.Protocol) + item.Endpoint; !taken[key] {
				taken[key] = true
				all = append(all, e.add(t, topic, item)...)
			}
		}
		for range 8 {
			q := store.SubscriptionQuery{
				Project: project,
				Offset:  rapid.IntRange(0, 8).Draw(rt, "offset"),
				Limit:   rapid.IntRange(1, 8).Draw(rt, "limit"),
				Remark:  remarks.Draw(rt, "part of the remark"),
			}
			if rapid.Bool().Draw(rt, "of one topic") {
				q.TopicID = rapid.SampledFrom(topics).Draw(rt, "which topic").ID
			}
			if rapid.Bool().Draw(rt, "by protocol") {
				q.Protocol = protocols.Draw(rt, "which protocol")
			}
			if rapid.Bool().Draw(rt, "by status") {
				status := statuses.Draw(rt, "which status")
				q.Status = &status
			}
			if rapid.Bool().Draw(rt, "by endpoint") {
				q.Endpoint = endpoints.Draw(rt, "which endpoint")
			}
			if len(all) > 0 && rapid.Bool().Draw(rt, "by marker") {
				q.After = rapid.SampledFrom(all).Draw(rt, "after").ID
			}
			fits := slices.DeleteFunc(slices.Clone(all), func(sub store.Subscription) bool {
				return q.TopicID != "" && sub.TopicID != q.TopicID ||
					q.Protocol != "" && sub.Protocol != q.Protocol ||
					q.Status != nil && sub.Status != *q.Status ||
					q.Endpoint != "" && sub.Endpoint != q.Endpoint ||
					!strings.Contains(sub.Remark, q.Remark)
			})
			behind := slices.DeleteFunc(slices.Clone(fits), func(sub store.Subscription) bool { return sub.ID <= q.After })
			page, err := e.ListSubscriptions(t.Context(), q)
			require.NoError(rt, err)
			require.Equal(rt, len(fits), page.Total)
			require.Equal(rt, slice(behind, q.Offset, q.Limit), append([]store.Subscription{}, page.Subscriptions...))
		}
	})
}

func testMarkerPaging(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 10_000)
	untouched := map[string]bool{}
	var doomed []store.Subscription
	for i, sub := range subs {
		if i%5 == 3 {
			doomed = append(doomed, sub)
		} else {
			untouched[sub.ID] = true
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	changes, began, ended := 0, make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- func() error {
			for ; ctx.Err() == nil && changes < len(doomed); changes++ {
				// Some behind the reader, some before it.
				i := changes * 761 % len(doomed)
				if err := e.DeleteSubscription(context.Background(), doomed[i].SubscriptionKey); err != nil {
					return err
				}
				items := []store.AddSubscription{newSubscription(topic, fmt.Sprint("https://new/", changes))}
				if _, err := e.AddSubscriptions(context.Background(), topic.Project, topic.ID, items, noLimit); err != nil {
					return err
				}
				if changes == 0 {
					close(began)
				}
			}
			return nil
		}()
	}()
	select {
	case <-began:
	case err := <-ended:
		require.NoError(t, err)
	}

	seen, last := map[string]bool{}, ""
	for {
		page, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{
			Project: topic.Project, TopicID: topic.ID, After: last, Limit: 100,
		})
		require.NoError(t, err)
		for _, sub := range page.Subscriptions {
			require.Less(t, last, sub.ID)
			last = sub.ID
			seen[sub.ID] = true
		}
		if len(page.Subscriptions) < 100 && len(seen) >= len(untouched) {
			break
		}
		require.NotEmpty(t, page.Subscriptions, "the list ended too early")
	}
	cancel()
	require.NoError(t, <-ended)
	require.Positive(t, changes)
	for id := range untouched {
		require.True(t, seen[id], "missed %s", id)
	}
}

func testListsOfProjects(t *testing.T, e env) {
	mine, theirs := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, mine, 2)
	e.subscribe(t, theirs, 1)
	page, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: mine.Project, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, store.SubscriptionPage{Subscriptions: subs, Total: 2}, page)
	for _, q := range []store.SubscriptionQuery{
		{Project: mine.Project, TopicID: theirs.ID, Limit: 100},
		{Project: smn.NewID(), Limit: 100},
		{Project: mine.Project, TopicID: smn.NewID(), Limit: 100},
	} {
		page, err := e.ListSubscriptions(t.Context(), q)
		require.NoError(t, err)
		require.Empty(t, page.Subscriptions)
		require.Zero(t, page.Total)
	}
}
