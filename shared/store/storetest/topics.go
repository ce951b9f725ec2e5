package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var topicCases = []testCase{
	{"create stores what get finds", testCreateTopic},
	{"a name that is taken answers with its topic", testCreateTopicTwice},
	{"fifty creators at once make one topic", testCreateTopicAtOnce},
	{"limit", testTopicLimit},
	{"list is newest first and filtered by bytes", testListTopics},
	{"list is filtered by all filters together", testFilterTopics},
	{"list begins behind a topic", testListTopicsAfter},
	{"update changes what it is given", testUpdateTopic},
	{"delete removes a topic and what it had", testDeleteTopic},
	{"a new topic of the same name inherits nothing", testTopicInheritsNothing},
	{"a cancelled context changes nothing", testTopicCancelled},
}

func testCreateTopic(t *testing.T, e env) {
	want := newTopic(smn.NewID(), "alerts")
	_, err := e.GetTopic(t.Context(), want.Project, want.Name)
	require.ErrorIs(t, err, store.ErrNotFound)

	got, created, err := e.CreateTopic(t.Context(), want, noLimit)
	require.NoError(t, err)
	require.True(t, created)
	require.Equal(t, want, got)

	got, err = e.GetTopic(t.Context(), want.Project, want.Name)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = e.GetTopic(t.Context(), smn.NewID(), want.Name)
	require.ErrorIs(t, err, store.ErrNotFound, "of another project")
	_, err = e.GetTopic(t.Context(), want.Project, "ALERTS")
	require.ErrorIs(t, err, store.ErrNotFound, "case counts")
}

func testCreateTopicTwice(t *testing.T, e env) {
	first := e.topic(t, smn.NewID(), "alerts")
	second := newTopic(first.Project, first.Name)
	second.DisplayName = "changed"
	got, created, err := e.CreateTopic(t.Context(), second, 1) // at the limit, too
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, first, got)
	got, err = e.GetTopic(t.Context(), first.Project, first.Name)
	require.NoError(t, err)
	require.Equal(t, first, got)

	other := e.topic(t, smn.NewID(), first.Name) // the name is free in another project
	require.NotEqual(t, first.ID, other.ID)
}

func testCreateTopicAtOnce(t *testing.T, e env) {
	project := smn.NewID()
	type answer struct {
		topic   store.Topic
		created bool
	}
	answers := atOnce(t, 50, func(int) (answer, error) {
		topic, created, err := e.CreateTopic(context.Background(), newTopic(project, "alerts"), 1)
		return answer{topic, created}, err
	})
	created := 0
	for _, a := range answers {
		require.Equal(t, answers[0].topic, a.topic)
		if a.created {
			created++
		}
	}
	require.Equal(t, 1, created)
	page, err := e.ListTopics(t.Context(), store.TopicQuery{Project: project, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, store.TopicPage{Topics: []store.Topic{answers[0].topic}, Total: 1}, page)
}

func testTopicLimit(t *testing.T, e env) {
	project, other := smn.NewID(), smn.NewID()
	const limit = 3
	for i := range limit { // limit − 1 and limit fit
		_, created, err := e.CreateTopic(t.Context(), newTopic(project, fmt.Sprint("t", i)), limit)
		require.NoError(t, err)
		require.True(t, created)
	}
	_, _, err := e.CreateTopic(t.Context(), newTopic(project, "beyond"), limit)
	require.ErrorIs(t, err, store.ErrLimit)
	_, err = e.GetTopic(t.Context(), project, "beyond")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, _, err = e.CreateTopic(t.Context(), newTopic(other, "mine"), limit)
	require.NoError(t, err, "each project has its own")

	require.NoError(t, e.DeleteTopic(t.Context(), project, "t0"))
	_, created, err := e.CreateTopic(t.Context(), newTopic(project, "beyond"), limit)
	require.NoError(t, err)
	require.True(t, created)
}

func testListTopics(t *testing.T, e env) {
	project := smn.NewID()
	byName := map[string]store.Topic{}
	for _, name := range []string{"a", "ab", "abc", "b", "A", "a_c", "a%"} {
		byName[name] = e.topic(t, project, name)
	}
	e.topic(t, smn.NewID(), "abc")
	for _, c := range []struct {
		query store.TopicQuery
		want  []string
		total int
	}{
		{store.TopicQuery{Limit: 100}, []string{"a%", "a_c", "A", "b", "abc", "ab", "a"}, 7},
		{store.TopicQuery{Limit: 2}, []string{"a%", "a_c"}, 7},
		{store.TopicQuery{Limit: 2, Offset: 5}, []string{"ab", "a"}, 7},
		{store.TopicQuery{Limit: 2, Offset: 6}, []string{"a"}, 7},
		{store.TopicQuery{Limit: 2, Offset: 7}, nil, 7},
		{store.TopicQuery{Limit: 2, Offset: 1 << 40}, nil, 7},
		{store.TopicQuery{Limit: 100, Name: "ab"}, []string{"ab"}, 1},
		{store.TopicQuery{Limit: 100, Name: "ab", Offset: 1}, nil, 1},
		{store.TopicQuery{Limit: 100, Name: "abcd"}, nil, 0},
		{store.TopicQuery{Limit: 100, Prefix: "a"}, []string{"a%", "a_c", "abc", "ab", "a"}, 5},
		{store.TopicQuery{Limit: 2, Prefix: "a", Offset: 1}, []string{"a_c", "abc"}, 5},
		{store.TopicQuery{Limit: 100, Prefix: "a_"}, []string{"a_c"}, 1},
		{store.TopicQuery{Limit: 100, Prefix: "a%"}, []string{"a%"}, 1},
		{store.TopicQuery{Limit: 100, Prefix: "\xff"}, nil, 0},
		{store.TopicQuery{Limit: 100, Prefix: "ab", Name: "abc"}, []string{"abc"}, 1},
		{store.TopicQuery{Limit: 100, Prefix: "b", Name: "abc"}, nil, 0},
	} {
		c.query.Project = project
		page, err := e.ListTopics(t.Context(), c.query)
		require.NoError(t, err)
		require.Equal(t, c.total, page.Total, "%+v", c.query)
		var want []store.Topic
		for _, name := range c.want {
			want = append(want, byName[name])
		}
		require.Len(t, page.Topics, len(want), "%+v", c.query)
		for i := range want {
			require.Equal(t, want[i], page.Topics[i], "%+v", c.query)
		}
	}
	page, err := e.ListTopics(t.Context(), store.TopicQuery{Project: smn.NewID(), Limit: 1})
	require.NoError(t, err)
	require.Empty(t, page.Topics)
	require.Zero(t, page.Total)
}

func testFilterTopics(t *testing.T, e env) {
	project := smn.NewID()
	add := func(name, display, enterprise string) string {
		topic := newTopic(project, name)
		topic.DisplayName, topic.EnterpriseProjectID = display, enterprise
		_, _, err := e.CreateTopic(t.Context(), topic, noLimit)
		require.NoError(t, err)
		return topic.ID
	}
	a := add("alpha", "Disk full", "0")
	b := add("beta", "Disk %_ ünder", "e1")
	c := add("alps", "", "e1")
	for _, x := range []struct {
		query store.TopicQuery
		want  []string // newest first
	}{
		{store.TopicQuery{ID: a}, []string{a}},
		{store.TopicQuery{ID: "A"}, nil},
		{store.TopicQuery{Display: "Disk"}, []string{b, a}},
		{store.TopicQuery{Display: "disk"}, nil},
		{store.TopicQuery{Display: "%_"}, []string{b}},
		{store.TopicQuery{Display: "ü"}, []string{b}},
		{store.TopicQuery{EnterpriseProject: "e1"}, []string{c, b}},
		{store.TopicQuery{EnterpriseProject: "e1", Prefix: "al"}, []string{c}},
		{store.TopicQuery{EnterpriseProject: "e1", Prefix: "be", Display: "Disk", ID: b, Name: "beta"}, []string{b}},
		{store.TopicQuery{EnterpriseProject: "e1", Prefix: "be", Display: "Disk", ID: c, Name: "beta"}, nil},
		{store.TopicQuery{EnterpriseProject: "e"}, nil},
		{store.TopicQuery{EnterpriseProject: "e1", After: c}, []string{b}},
	} {
		x.query.Project, x.query.Limit = project, 100
		page, err := e.ListTopics(t.Context(), x.query)
		require.NoError(t, err)
		var ids []string
		for _, topic := range page.Topics {
			ids = append(ids, topic.ID)
		}
		require.Equal(t, x.want, ids, "%+v", x.query)
		if x.query.After == "" {
			require.Equal(t, len(x.want), page.Total, "%+v", x.query)
		} else {
			require.Equal(t, 2, page.Total, "the total is that of the whole list")
		}
	}
}

func testListTopicsAfter(t *testing.T, e env) {
	project := smn.NewID()
	var all []store.Topic // newest first
	for i := range 7 {
		all = append([]store.Topic{e.topic(t, project, fmt.Sprint("t", i))}, all...)
	}
	list := func(after string) []store.Topic {
		page, err := e.ListTopics(t.Context(), store.TopicQuery{Project: project, After: after, Limit: 3})
		require.NoError(t, err)
		return page.Topics
	}
	first := list("")
	require.Equal(t, all[:3], first)
	require.NoError(t, e.DeleteTopic(t.Context(), project, first[2].Name))
	e.topic(t, project, "newest")
	second := list(first[2].ID)
	require.Equal(t, all[3:6], second, "also behind one that is gone")
	require.Equal(t, all[6:], list(second[2].ID))
	require.Empty(t, list(all[6].ID))
}

func testUpdateTopic(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	display, at := "Näw", moment.Add(time.Hour)
	require.NoError(t, e.UpdateTopic(t.Context(), topic.Project, topic.ID, store.TopicChange{DisplayName: &display}, at))
	want := topic
	want.DisplayName, want.UpdatedAt = display, at
	got, err := e.GetTopic(t.Context(), topic.Project, topic.Name)
	require.NoError(t, err)
	require.Equal(t, want, got)

	most, logging := 2048, false
	require.NoError(t, e.UpdateTopic(t.Context(), topic.Project, topic.ID, store.TopicChange{MaxMessage: &most, Logging: &logging}, at))
	want.MaxMessage, want.Logging = most, logging
	got, err = e.FindTopic(t.Context(), topic.Project, topic.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)

	want.UpdatedAt = at.Add(time.Hour)
	require.NoError(t, e.UpdateTopic(t.Context(), topic.Project, topic.ID, store.TopicChange{}, want.UpdatedAt))
	got, err = e.GetTopic(t.Context(), topic.Project, topic.Name)
	require.NoError(t, err)
	require.Equal(t, want, got)

	require.ErrorIs(t, e.UpdateTopic(t.Context(), other.Project, topic.ID, store.TopicChange{DisplayName: &display}, at), store.ErrNotFound, "of another project")
	require.ErrorIs(t, e.UpdateTopic(t.Context(), topic.Project, smn.NewID(), store.TopicChange{DisplayName: &display}, at), store.ErrNotFound)
	got, err = e.GetTopic(t.Context(), other.Project, other.Name)
	require.NoError(t, err)
	require.Equal(t, other, got)
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.ErrorIs(t, e.UpdateTopic(t.Context(), topic.Project, topic.ID, store.TopicChange{}, at), store.ErrNotFound)
}

func testDeleteTopic(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	stays := e.topic(t, topic.Project, "stays")
	subs := e.subscribe(t, topic, 3)
	kept := e.subscribe(t, stays, 2)
	tagKey := store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}
	require.NoError(t, e.PutTags(t.Context(), tagKey, []smn.Tag{{Key: "k", Value: "v"}}, noLimit))
	require.NoError(t, e.PutAttribute(t.Context(), topic.Project, store.Attribute{TopicID: topic.ID, Name: "introduction", Value: "x"}))
	require.ErrorIs(t, e.DeleteTopic(t.Context(), smn.NewID(), topic.Name), store.ErrNotFound, "of another project")
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.ErrorIs(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name), store.ErrNotFound)

	_, err := e.GetTopic(t.Context(), topic.Project, topic.Name)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = e.GetSubscription(t.Context(), subs[0].SubscriptionKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, e.DeleteSubscription(t.Context(), subs[0].SubscriptionKey), store.ErrNotFound)
	require.ErrorIs(t, e.ChangeStatus(t.Context(), subs[0].SubscriptionKey, 0, smn.Confirmed), store.ErrNotFound)
	_, err = e.AddSubscriptions(t.Context(), topic.Project, topic.ID, []store.AddSubscription{newSubscription(topic, "https://x")}, noLimit)
	require.ErrorIs(t, err, store.ErrNotFound)
	chunk, err := e.GetChunk(t.Context(), topic.Project, topic.ID, 0)
	require.NoError(t, err)
	require.Empty(t, chunk.Subscriptions)
	require.Equal(t, -1, chunk.Next)

	_, err = e.FindTopic(t.Context(), topic.Project, topic.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, e.UpdateTopic(t.Context(), topic.Project, topic.ID, store.TopicChange{}, moment), store.ErrNotFound)
	require.ErrorIs(t, e.PutTags(t.Context(), tagKey, []smn.Tag{{Key: "k", Value: "v"}}, noLimit), store.ErrNotFound)
	tagged, err := e.ListTagged(t.Context(), topic.Project, store.TopicKind)
	require.NoError(t, err)
	require.Empty(t, tagged)
	require.ErrorIs(t, e.PutAttribute(t.Context(), topic.Project, store.Attribute{TopicID: topic.ID, Name: "introduction", Value: "x"}), store.ErrNotFound)
	attributes, err := e.ListAttributes(t.Context(), topic.ID)
	require.NoError(t, err)
	require.Empty(t, attributes)

	for _, q := range []store.SubscriptionQuery{{Limit: 100}, {Limit: 100, Protocol: smn.HTTPS}} {
		q.Project = topic.Project
		page, err := e.ListSubscriptions(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, store.SubscriptionPage{Subscriptions: kept, Total: 2}, page)
	}
	topics, err := e.ListTopics(t.Context(), store.TopicQuery{Project: topic.Project, Limit: 100})
	require.NoError(t, err)
	require.Equal(t, store.TopicPage{Topics: []store.Topic{stays}, Total: 1}, topics)
}

func testTopicInheritsNothing(t *testing.T, e env) {
	old := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, old, 3)
	require.NoError(t, e.DeleteTopic(t.Context(), old.Project, old.Name))
	again := e.topic(t, old.Project, old.Name)

	page, err := e.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: again.Project, TopicID: again.ID, Limit: 100})
	require.NoError(t, err)
	require.Empty(t, page.Subscriptions)
	require.Zero(t, page.Total)
	for _, topicID := range []string{old.ID, again.ID} {
		_, err = e.GetSubscription(t.Context(), store.SubscriptionKey{Project: again.Project, TopicID: topicID, ID: subs[0].ID})
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	fresh := e.subscribe(t, again, 1) // the endpoint is free, and the places begin anew
	require.Zero(t, fresh[0].Seq)
	require.NotEqual(t, subs[0].ID, fresh[0].ID)
}

func testTopicCancelled(t *testing.T, e env) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	topic := newTopic(smn.NewID(), "alerts")
	_, _, err := e.CreateTopic(ctx, topic, noLimit)
	require.ErrorIs(t, err, context.Canceled)
	_, err = e.GetTopic(t.Context(), topic.Project, topic.Name)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = e.GetTopic(ctx, topic.Project, topic.Name)
	require.ErrorIs(t, err, context.Canceled)
}
