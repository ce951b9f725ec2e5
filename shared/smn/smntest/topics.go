package smntest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func createTopic(t *testing.T, s *suite) {
	before := time.Now().Add(-time.Second)
	out, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "disk-alerts", DisplayName: "Disk"})
	require.NoError(t, err)
	require.True(t, out.Created)
	require.Equal(t, s.urn(Owner.Project, "disk-alerts"), out.URN)

	again, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "disk-alerts", DisplayName: "Other"})
	require.NoError(t, err)
	require.False(t, again.Created, "the second time it is there already")
	require.Equal(t, out.URN, again.URN)

	topic, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: out.URN})
	require.NoError(t, err)
	require.Equal(t, out.URN, topic.URN.String())
	require.Equal(t, "Disk", topic.DisplayName, "creating again changes nothing")
	require.Equal(t, "0", topic.EnterpriseProjectID)
	require.True(t, smn.IsID(topic.ID))
	require.WithinRange(t, topic.CreatedAt, before, time.Now().Add(time.Second))
	require.Equal(t, topic.CreatedAt, topic.UpdatedAt)

	_, err = s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "Disk-alerts", EnterpriseProjectID: "0aad99bc-f5f6-4f78-8404-c598d76b0ed2"})
	require.NoError(t, err)
	other, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "Disk-alerts")})
	require.NoError(t, err)
	require.NotEqual(t, topic.ID, other.ID, "names differ by case")
	require.Equal(t, "0aad99bc-f5f6-4f78-8404-c598d76b0ed2", other.EnterpriseProjectID)
}

func createTopicRules(t *testing.T, s *suite) {
	create := func(in smn.CreateTopicInput) error {
		_, err := s.owner.CreateTopic(s.owner.ctx, in)
		return err
	}
	for _, name := range []string{"a", "9", "A_b-c", strings.Repeat("n", smn.MaxTopicName-1), strings.Repeat("n", smn.MaxTopicName)} {
		require.NoError(t, create(smn.CreateTopicInput{Name: name}), name)
	}
	for _, name := range []string{"", "-a", "_a", "a b", "a:b", "a/b", "a.b", "ä", "a\n", strings.Repeat("n", smn.MaxTopicName+1)} {
		requireCode(t, smn.InvalidTopicName, create(smn.CreateTopicInput{Name: name}), name)
	}
	for i, display := range []string{"", "Ä", strings.Repeat("d", smn.MaxDisplayName-1), strings.Repeat("d", smn.MaxDisplayName), strings.Repeat("ä", smn.MaxDisplayName/2)} {
		require.NoError(t, create(smn.CreateTopicInput{Name: fmt.Sprint("display", i), DisplayName: display}), display)
	}
	for _, display := range []string{"a\nb", "a\rb", "a\r\nBcc: x@example.com", strings.Repeat("d", smn.MaxDisplayName+1), strings.Repeat("ä", smn.MaxDisplayName/2) + "d"} {
		requireCode(t, smn.InvalidDisplayName, create(smn.CreateTopicInput{Name: "refused", DisplayName: display}), display)
	}
	requireCode(t, smn.Unreadable, create(smn.CreateTopicInput{Name: "refused", EnterpriseProjectID: "../../etc"}))
	_, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "refused")})
	requireCode(t, smn.TopicNotFound, err, "what was refused has changed nothing")
}

func createTopicAtOnce(t *testing.T, s *suite) {
	const creators = 50
	outputs := make([]smn.CreateTopicOutput, creators)
	errs := make([]error, creators)
	var wg sync.WaitGroup
	for i := range creators {
		wg.Go(func() { outputs[i], errs[i] = s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: "one"}) })
	}
	wg.Wait()
	created := 0
	for i := range creators {
		require.NoError(t, errs[i])
		require.Equal(t, outputs[0].URN, outputs[i].URN)
		if outputs[i].Created {
			created++
		}
	}
	require.Equal(t, 1, created)
	page, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}

func listTopics(t *testing.T, s *suite) {
	page, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Zero(t, page.Total)
	require.NotNil(t, page.Topics, "an empty list is a list")

	var newestFirst []string
	for i := range 7 {
		name := fmt.Sprintf("alpha-%d", i)
		if i%2 == 1 {
			name = fmt.Sprintf("beta-%d", i)
		}
		newestFirst = append([]string{s.topic(t, name)}, newestFirst...)
	}
	names := func(in smn.ListTopicsInput) ([]string, int) {
		page, err := s.owner.ListTopics(s.owner.ctx, in)
		require.NoError(t, err)
		urns := []string{}
		for _, topic := range page.Topics {
			urns = append(urns, topic.URN.String())
		}
		return urns, page.Total
	}
	for offset := range 9 {
		for _, limit := range []int{1, 2, 3, 100} {
			got, total := names(smn.ListTopicsInput{Page: smn.Page{Offset: offset, Limit: limit}})
			require.Equal(t, 7, total)
			require.Equal(t, naivePage(newestFirst, offset, limit), got, "offset %d, limit %d", offset, limit)
		}
	}
	got, total := names(smn.ListTopicsInput{Name: "beta-3"})
	require.Equal(t, []string{s.urn(Owner.Project, "beta-3")}, got)
	require.Equal(t, 1, total)
	got, total = names(smn.ListTopicsInput{FuzzyName: "beta", Page: smn.Page{Limit: 2}})
	require.Equal(t, []string{s.urn(Owner.Project, "beta-5"), s.urn(Owner.Project, "beta-3")}, got)
	require.Equal(t, 3, total, "the count is that of the filtered list")
	for _, nothing := range []string{"eta", "%", "beta_", "BETA", "*"} {
		got, total = names(smn.ListTopicsInput{FuzzyName: nothing})
		require.Empty(t, got, nothing)
		require.Zero(t, total)
	}
}

// naivePage is what a page should be: the slice of the list.
func naivePage[T any](list []T, offset, limit int) []T {
	offset = min(offset, len(list))
	return append([]T{}, list[offset:min(offset+limit, len(list))]...)
}

func listTopicsRules(t *testing.T, s *suite) {
	for _, p := range []smn.Page{{Offset: -1}, {Limit: -1}, {Limit: smn.DefaultLimit + 1}} {
		_, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{Page: p})
		requireCode(t, smn.InvalidPage, err, p)
	}
	for _, p := range []smn.Page{{Offset: 1 << 40}, {Limit: 1}, {Limit: smn.DefaultLimit}} {
		page, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{Page: p})
		require.NoError(t, err, p)
		require.Empty(t, page.Topics)
	}
	_, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{FuzzyName: "a\nb"})
	requireCode(t, smn.InvalidTopicName, err)
}

func listTopicsFilters(t *testing.T, s *suite) {
	create := func(name, display, enterprise string) {
		_, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: name, DisplayName: display, EnterpriseProjectID: enterprise})
		require.NoError(t, err)
	}
	create("alpha", "Disk & more", "")
	create("alps", "Disks", "e-1")
	create("beta", "Größe %", "e-1")
	id := must(s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "alps")})).ID
	for _, c := range []struct {
		in   smn.ListTopicsInput
		want []string // newest first
	}{
		{smn.ListTopicsInput{TopicID: id}, []string{"alps"}},
		{smn.ListTopicsInput{TopicID: strings.ToUpper(id)}, []string{}},
		{smn.ListTopicsInput{TopicID: "no id"}, []string{}},
		{smn.ListTopicsInput{FuzzyDisplayName: "Disk"}, []string{"alps", "alpha"}},
		{smn.ListTopicsInput{FuzzyDisplayName: "& m"}, []string{"alpha"}},
		{smn.ListTopicsInput{FuzzyDisplayName: "öß"}, []string{"beta"}},
		{smn.ListTopicsInput{FuzzyDisplayName: "%"}, []string{"beta"}},
		{smn.ListTopicsInput{FuzzyDisplayName: strings.Repeat("d", smn.MaxDisplayName)}, []string{}},
		{smn.ListTopicsInput{EnterpriseProjectID: "0"}, []string{"alpha"}},
		{smn.ListTopicsInput{EnterpriseProjectID: "e-1"}, []string{"beta", "alps"}},
		{smn.ListTopicsInput{EnterpriseProjectID: "all_granted_eps"}, []string{"beta", "alps", "alpha"}},
		{smn.ListTopicsInput{EnterpriseProjectID: "e-1", FuzzyName: "al", FuzzyDisplayName: "s", TopicID: id, Name: "alps"}, []string{"alps"}},
		{smn.ListTopicsInput{EnterpriseProjectID: "e-1", FuzzyName: "al", FuzzyDisplayName: "more"}, []string{}},
	} {
		page, err := s.owner.ListTopics(s.owner.ctx, c.in)
		require.NoError(t, err, c.in)
		got := []string{}
		for _, topic := range page.Topics {
			got = append(got, topic.URN.Name)
		}
		require.Equal(t, c.want, got, c.in)
		require.Equal(t, len(c.want), page.Total, "the count is that of the filtered list")
	}
	for code, in := range map[smn.Code]smn.ListTopicsInput{
		smn.InvalidDisplayName: {FuzzyDisplayName: strings.Repeat("d", smn.MaxDisplayName+1)},
		smn.InvalidParameter:   {TopicID: strings.Repeat("i", smn.MaxTopicName+1)},
		smn.InvalidPage:        {Marker: "alps"},
	} {
		_, err := s.owner.ListTopics(s.owner.ctx, in)
		requireCode(t, code, err, in)
	}
}

// listTopicsByMarker pages while others come and go.
func listTopicsByMarker(t *testing.T, s *suite) {
	var newestFirst []string
	for i := range 9 {
		newestFirst = append([]string{s.topic(t, fmt.Sprint("t", i))}, newestFirst...)
	}
	page := func(marker string, fuzzy string) ([]string, string, error) {
		page, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{
			Page: smn.Page{Limit: 4, Offset: 1}, Marker: marker, FuzzyName: fuzzy,
		})
		urns, last := []string{}, ""
		for _, topic := range page.Topics {
			urns, last = append(urns, topic.URN.String()), topic.ID
		}
		require.True(t, err != nil || page.Total == 9, "the count is that of the whole list")
		return urns, last, err
	}
	got, id, err := page(newestFirst[0], "t")
	require.NoError(t, err)
	require.Equal(t, newestFirst[1:5], got, "the marker replaces the offset")

	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: newestFirst[4]}))
	s.topic(t, "t9")
	_, _, err = page(newestFirst[4], "")
	requireCode(t, smn.InvalidPage, err, "the place of a topic that is gone is in its id alone")
	got, _, err = page(id, "")
	require.NoError(t, err)
	require.Equal(t, newestFirst[5:], got)
	got, _, err = page(newestFirst[8], "")
	require.NoError(t, err)
	require.Empty(t, got, "clients stop at an empty page")
	_, _, err = page(s.urn(Stranger.Project, "t1"), "")
	requireCode(t, smn.InvalidPage, err)
}

func updateTopic(t *testing.T, s *suite) {
	urn := s.topic(t, "topic")
	before := must(s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn}))
	update := func(display *string) smn.Topic {
		require.NoError(t, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: urn, DisplayName: display}))
		return must(s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn}))
	}
	for _, display := range []string{"Näw", "", strings.Repeat("d", smn.MaxDisplayName-1), strings.Repeat("d", smn.MaxDisplayName)} {
		after := update(&display)
		require.Equal(t, display, after.DisplayName)
		require.Equal(t, display, update(nil).DisplayName, "left out it stays")
		require.False(t, after.UpdatedAt.Before(before.UpdatedAt))
		after.DisplayName, after.UpdatedAt = before.DisplayName, before.UpdatedAt
		require.Equal(t, before, after, "nothing else has changed")
	}
	for _, display := range []string{"a\nb", strings.Repeat("d", smn.MaxDisplayName+1), strings.Repeat("ä", smn.MaxDisplayName/2) + "d"} {
		err := s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: urn, DisplayName: &display})
		requireCode(t, smn.InvalidDisplayName, err)
	}
	require.Len(t, update(nil).DisplayName, smn.MaxDisplayName, "what was refused has changed nothing")
	requireCode(t, smn.TopicNotFound, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: urn + "x"}))
}

func getTopic(t *testing.T, s *suite) {
	_, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "missing")})
	requireCode(t, smn.TopicNotFound, err)
	elsewhere := smn.TopicURN{Region: "another-region", Project: Owner.Project, Name: "here"}.String()
	s.topic(t, "here")
	_, err = s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: elsewhere})
	requireCode(t, smn.TopicNotFound, err, "the topic of another region is another topic")
}

func deleteTopic(t *testing.T, s *suite) {
	urn := s.topic(t, "short-lived")
	first, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn})
	require.NoError(t, err)
	sub := s.subscribed(t, urn, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com"})

	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn}))
	requireCode(t, smn.TopicNotFound, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn}), "the second time")
	_, err = s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn})
	requireCode(t, smn.TopicNotFound, err)
	_, err = s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: urn, Message: "hello"})
	requireCode(t, smn.TopicNotFound, err)
	requireCode(t, smn.SubscriptionNotFound, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: sub}))
	page, err := s.owner.ListSubscriptions(s.owner.ctx, smn.ListSubscriptionsInput{})
	require.NoError(t, err)
	require.Zero(t, page.Total, "the subscriptions went with the topic")

	require.Equal(t, urn, s.topic(t, "short-lived"))
	second, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	page, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: urn})
	require.NoError(t, err)
	require.Zero(t, page.Total, "a new topic of the name inherits nothing")
}

// topicURNs sees that every call which takes a topic URN refuses one that is
// none.
func topicURNs(t *testing.T, s *suite) {
	for _, urn := range []string{
		"", "x", "urn:smn:region", "urn:smn:" + s.Region + ":" + Owner.Project, "urn:smn:" + s.Region + ":" + Owner.Project + ":",
		"urn:sns:" + s.Region + ":" + Owner.Project + ":a", "urn:smn:" + s.Region + ":short:a",
		"urn:smn:" + s.Region + ":" + strings.ToUpper("abcdefabcdefabcdefabcdefabcdefab") + ":a",
		s.urn(Owner.Project, "a") + ":b", s.urn(Owner.Project, "a b"), s.urn(Owner.Project, "a") + "\n", s.urn(Owner.Project, strings.Repeat("n", smn.MaxTopicName+1)),
		"../../v3", "URN:SMN:" + s.Region + ":" + Owner.Project + ":a",
	} {
		in := smn.TopicInput{TopicURN: urn}
		_, err := s.owner.GetTopic(s.owner.ctx, in)
		requireCode(t, smn.InvalidTopicURN, err, urn)
		requireCode(t, smn.InvalidTopicURN, s.owner.DeleteTopic(s.owner.ctx, in), urn)
		requireCode(t, smn.InvalidTopicURN, s.owner.UpdateTopic(s.owner.ctx, smn.UpdateTopicInput{TopicURN: urn}), urn)
		_, err = s.owner.ListTopicAttributes(s.owner.ctx, smn.ListTopicAttributesInput{TopicURN: urn})
		requireCode(t, smn.InvalidTopicURN, err, urn)
		requireCode(t, smn.InvalidTopicURN, s.owner.UpdateTopicAttribute(s.owner.ctx, smn.UpdateTopicAttributeInput{TopicURN: urn, Name: smn.Introduction}), urn)
		requireCode(t, smn.InvalidTopicURN, s.owner.DeleteTopicAttribute(s.owner.ctx, smn.TopicAttributeInput{TopicURN: urn, Name: smn.Introduction}), urn)
		requireCode(t, smn.InvalidTopicURN, s.owner.DeleteTopicAttributes(s.owner.ctx, in), urn)
		_, err = s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: urn, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}})
		requireCode(t, smn.InvalidTopicURN, err, urn)
		_, err = s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: urn, Subscriptions: make([]smn.NewSubscription, 1)})
		requireCode(t, smn.InvalidTopicURN, err, urn)
		_, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: urn})
		requireCode(t, smn.InvalidTopicURN, err, urn)
		_, err = s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: urn, Message: "hello"})
		requireCode(t, smn.InvalidTopicURN, err, urn)
	}
}

// foreign sees that a stranger reaches nothing of the owner's.
func foreign(t *testing.T, s *suite) {
	urn := s.topic(t, "private")
	sub := s.subscribed(t, urn, smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com"})
	x := s.stranger
	_, err := x.GetTopic(x.ctx, smn.TopicInput{TopicURN: urn})
	requireCode(t, smn.Forbidden, err)
	requireCode(t, smn.Forbidden, x.DeleteTopic(x.ctx, smn.TopicInput{TopicURN: urn}))
	requireCode(t, smn.Forbidden, x.UpdateTopic(x.ctx, smn.UpdateTopicInput{TopicURN: urn}))
	requireCode(t, smn.Forbidden, x.UpdateTopicAttribute(x.ctx, smn.UpdateTopicAttributeInput{TopicURN: urn, Name: smn.Introduction, Value: "mine"}))
	requireCode(t, smn.Forbidden, x.DeleteTopicAttribute(x.ctx, smn.TopicAttributeInput{TopicURN: urn, Name: smn.Introduction}))
	requireCode(t, smn.Forbidden, x.DeleteTopicAttributes(x.ctx, smn.TopicInput{TopicURN: urn}))
	_, err = x.ListTopicAttributes(x.ctx, smn.ListTopicAttributesInput{TopicURN: urn})
	requireCode(t, smn.Forbidden, err)
	_, err = x.Subscribe(x.ctx, smn.SubscribeInput{TopicURN: urn, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "me@example.com"}})
	requireCode(t, smn.Forbidden, err)
	_, err = x.SubscribeBatch(x.ctx, smn.SubscribeBatchInput{TopicURN: urn, Subscriptions: []smn.NewSubscription{{Protocol: smn.Email, Endpoint: "me@example.com"}}})
	requireCode(t, smn.Forbidden, err)
	_, err = x.ListSubscriptionsByTopic(x.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: urn})
	requireCode(t, smn.Forbidden, err)
	requireCode(t, smn.Forbidden, x.CancelSubscription(x.ctx, smn.SubscriptionInput{SubscriptionURN: sub}))
	_, err = x.Publish(x.ctx, smn.PublishInput{TopicURN: urn, Message: "hello"})
	requireCode(t, smn.Forbidden, err)
	_, err = x.GetTopic(x.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "missing")})
	requireCode(t, smn.Forbidden, err, "whether it exists is nobody else's business")

	topics, err := x.ListTopics(x.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Empty(t, topics.Topics)
	require.Zero(t, topics.Total)
	subs, err := x.ListSubscriptions(x.ctx, smn.ListSubscriptionsInput{})
	require.NoError(t, err)
	require.Empty(t, subs.Subscriptions)
	out, err := x.CreateTopic(x.ctx, smn.CreateTopicInput{Name: "private"})
	require.NoError(t, err)
	require.True(t, out.Created, "names are a project's own")
	require.Equal(t, s.urn(Stranger.Project, "private"), out.URN)

	nobody := s.anyone
	_, err = nobody.CreateTopic(nobody.ctx, smn.CreateTopicInput{Name: "mine"})
	require.Error(t, err)
	require.Contains(t, []smn.Code{smn.Forbidden, smn.Unauthenticated}, smn.CodeOf(err))
	_, err = nobody.Publish(nobody.ctx, smn.PublishInput{TopicURN: urn, Message: "hello"})
	require.Contains(t, []smn.Code{smn.Forbidden, smn.Unauthenticated}, smn.CodeOf(err))

	require.Equal(t, 1, must(s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: urn})).Total)
}

// cancelled sees that a caller who has gone gets an error.
func cancelled(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(s.owner.ctx)
	cancel()
	_, err := s.owner.CreateTopic(ctx, smn.CreateTopicInput{Name: "late"})
	require.Error(t, err)
	_, err = s.owner.ListTopics(ctx, smn.ListTopicsInput{})
	require.Error(t, err)
	_, err = s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "late")})
	requireCode(t, smn.TopicNotFound, err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
