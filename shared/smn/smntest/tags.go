package smntest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// named is a topic by its name.
func named(name string) smn.Resource {
	return smn.Resource{Type: smn.TopicResource, ID: name, ByName: true}
}

func (s *suite) setTags(r smn.Resource, tags ...smn.Tag) error {
	return s.owner.SetTags(s.owner.ctx, smn.SetTagsInput{Resource: r, Tags: tags})
}

func (s *suite) tags(t *testing.T, r smn.Resource) []smn.Tag {
	t.Helper()
	tags, err := s.owner.ListTags(s.owner.ctx, smn.ResourceInput{Resource: r})
	require.NoError(t, err)
	require.NotNil(t, tags, "an empty list is a list")
	return tags
}

func setTags(t *testing.T, s *suite) {
	s.topic(t, "topic")
	require.Empty(t, s.tags(t, named("topic")))
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "env", Value: "test"}))
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "team", Value: "ops & dev"}, smn.Tag{Key: "empty"}))
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "env", Value: "live"}))
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "env", Value: "live"}), "the second time")
	want := []smn.Tag{{Key: "empty"}, {Key: "env", Value: "live"}, {Key: "team", Value: "ops & dev"}}
	require.Equal(t, want, s.tags(t, named("topic")), "overwritten, by key")
	requireCode(t, smn.TopicNotFound, s.setTags(named("missing"), smn.Tag{Key: "a"}))
	_, err := s.owner.ListTags(s.owner.ctx, smn.ResourceInput{Resource: named("missing")})
	requireCode(t, smn.TopicNotFound, err)
}

func tagRules(t *testing.T, s *suite) {
	s.topic(t, "topic")
	for _, tag := range []smn.Tag{
		{Key: "k"},
		{Key: strings.Repeat("k", smn.MaxTagKey-1)},
		{Key: strings.Repeat("ü", smn.MaxTagKey)},
		{Key: "v", Value: strings.Repeat("v", smn.MaxTagValue-1)},
		{Key: "v", Value: strings.Repeat("ü", smn.MaxTagValue)},
		{Key: "a b/c:d@e=f", Value: "<&> \"'"},
	} {
		require.NoError(t, s.setTags(named("topic"), tag), tag)
		require.Contains(t, s.tags(t, named("topic")), tag)
	}
	before := s.tags(t, named("topic"))
	for _, tag := range []smn.Tag{
		{},
		{Value: "v"},
		{Key: "a\nb"},
		{Key: "a\x00"},
		{Key: "k", Value: "a\r\nb"},
		{Key: strings.Repeat("k", smn.MaxTagKey+1)},
		{Key: "v", Value: strings.Repeat("v", smn.MaxTagValue+1)},
	} {
		requireCode(t, smn.InvalidTag, s.setTags(named("topic"), tag), tag)
		requireCode(t, smn.InvalidTag, s.setTags(named("topic"), smn.Tag{Key: "good"}, tag), "all or nothing")
	}
	requireCode(t, smn.InvalidTag, s.setTags(named("topic"), smn.Tag{Key: "twice", Value: "1"}, smn.Tag{Key: "twice", Value: "2"}))
	requireCode(t, smn.InvalidTag, s.setTags(named("topic")), "none")
	requireCode(t, smn.InvalidTag, s.owner.RemoveTags(s.owner.ctx, smn.RemoveTagsInput{Resource: named("topic")}))
	requireCode(t, smn.InvalidTag, s.owner.RemoveTags(s.owner.ctx, smn.RemoveTagsInput{Resource: named("topic"), Keys: make([]string, smn.MaxTags+1)}))
	require.Equal(t, before, s.tags(t, named("topic")), "what was refused has changed nothing")
	requireCode(t, smn.InvalidParameter, s.setTags(smn.Resource{Type: "smn_other", ID: "x"}, smn.Tag{Key: "a"}))
	requireCode(t, smn.InvalidParameter, s.setTags(named(strings.Repeat("n", smn.MaxTopicName+1)), smn.Tag{Key: "a"}))
}

func numberedTags(from, to int) (tags []smn.Tag) {
	for i := from; i < to; i++ {
		tags = append(tags, smn.Tag{Key: fmt.Sprintf("key-%02d", i)})
	}
	return tags
}

func tagLimit(t *testing.T, s *suite) {
	s.topic(t, "topic")
	requireCode(t, smn.InvalidTag, s.setTags(named("topic"), numberedTags(0, smn.MaxTags+1)...))
	require.NoError(t, s.setTags(named("topic"), numberedTags(0, smn.MaxTags-1)...))
	requireCode(t, smn.InvalidTag, s.setTags(named("topic"), numberedTags(smn.MaxTags-1, smn.MaxTags+1)...))
	require.Len(t, s.tags(t, named("topic")), smn.MaxTags-1, "all or nothing")
	require.NoError(t, s.setTags(named("topic"), numberedTags(smn.MaxTags-1, smn.MaxTags)...))
	requireCode(t, smn.InvalidTag, s.setTags(named("topic"), smn.Tag{Key: "more"}))
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "key-00", Value: "changed"}), "one that is there is no more")
	require.Len(t, s.tags(t, named("topic")), smn.MaxTags)
}

func removeTags(t *testing.T, s *suite) {
	s.topic(t, "topic")
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "a"}, smn.Tag{Key: "b"}, smn.Tag{Key: "ü c+d?e#f"}, smn.Tag{Key: "d"}))
	remove := func(keys ...string) error {
		return s.owner.RemoveTags(s.owner.ctx, smn.RemoveTagsInput{Resource: named("topic"), Keys: keys})
	}
	require.NoError(t, remove("a", "absent", "a"))
	require.NoError(t, remove("a"), "the second time")
	require.Equal(t, []smn.Tag{{Key: "b"}, {Key: "d"}, {Key: "ü c+d?e#f"}}, s.tags(t, named("topic")))
	requireCode(t, smn.TopicNotFound, s.owner.RemoveTags(s.owner.ctx, smn.RemoveTagsInput{Resource: named("missing"), Keys: []string{"a"}}))

	drop := func(key string) error {
		return s.owner.DeleteTag(s.owner.ctx, smn.DeleteTagInput{Resource: named("topic"), Key: key})
	}
	require.NoError(t, drop("ü c+d?e#f"))
	requireCode(t, smn.ResourceNotFound, drop("ü c+d?e#f"), "the second time")
	requireCode(t, smn.ResourceNotFound, drop("B"))
	requireCode(t, smn.InvalidTag, drop(""))
	requireCode(t, smn.InvalidTag, drop(strings.Repeat("k", smn.MaxTagKey+1)))
	requireCode(t, smn.TopicNotFound, s.owner.DeleteTag(s.owner.ctx, smn.DeleteTagInput{Resource: named("missing"), Key: "b"}))
	require.Equal(t, []smn.Tag{{Key: "b"}, {Key: "d"}}, s.tags(t, named("topic")))
}

func tagsByID(t *testing.T, s *suite) {
	topic, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.topic(t, "topic")})
	require.NoError(t, err)
	byID := smn.Resource{Type: smn.TopicResource, ID: topic.ID}
	require.NoError(t, s.setTags(byID, smn.Tag{Key: "a"}))
	require.Equal(t, []smn.Tag{{Key: "a"}}, s.tags(t, named("topic")))
	require.Equal(t, []smn.Tag{{Key: "a"}}, s.tags(t, byID))
	requireCode(t, smn.TopicNotFound, s.setTags(smn.Resource{Type: smn.TopicResource, ID: "topic"}, smn.Tag{Key: "a"}), "a name is no id")
	requireCode(t, smn.TopicNotFound, s.setTags(named(topic.ID), smn.Tag{Key: "a"}), "an id is no name")
}

func tagsGoWithTopic(t *testing.T, s *suite) {
	urn := s.topic(t, "topic")
	require.NoError(t, s.setTags(named("topic"), smn.Tag{Key: "a"}))
	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn}))
	requireCode(t, smn.TopicNotFound, s.setTags(named("topic"), smn.Tag{Key: "a"}))
	s.topic(t, "topic")
	require.Empty(t, s.tags(t, named("topic")), "a new topic of the name inherits nothing")
	all, err := s.owner.ListProjectTags(s.owner.ctx, smn.ListProjectTagsInput{Type: smn.TopicResource})
	require.NoError(t, err)
	require.Empty(t, all)
}

func listProjectTags(t *testing.T, s *suite) {
	in := smn.ListProjectTagsInput{Type: smn.TopicResource}
	all, err := s.owner.ListProjectTags(s.owner.ctx, in)
	require.NoError(t, err)
	require.NotNil(t, all, "an empty list is a list")
	require.Empty(t, all)
	for name, tags := range map[string][]smn.Tag{
		"first":  {{Key: "env", Value: "test"}, {Key: "a"}},
		"second": {{Key: "env", Value: "live"}},
		"third":  {{Key: "env", Value: "test"}, {Key: "Env"}},
	} {
		s.topic(t, name)
		require.NoError(t, s.setTags(named(name), tags...))
	}
	all, err = s.owner.ListProjectTags(s.owner.ctx, in)
	require.NoError(t, err)
	require.Equal(t, []smn.TagValues{
		{Key: "Env", Values: []string{""}}, {Key: "a", Values: []string{""}}, {Key: "env", Values: []string{"live", "test"}},
	}, all)
	_, err = s.owner.ListProjectTags(s.owner.ctx, smn.ListProjectTagsInput{Type: "smn_other"})
	requireCode(t, smn.InvalidParameter, err)
}

// found are the names that a query finds, newest first.
func (s *suite) found(t *testing.T, in smn.FindResourcesInput) []string {
	t.Helper()
	in.Type = smn.TopicResource
	page, err := s.owner.FindResources(s.owner.ctx, in)
	require.NoError(t, err)
	names := []string{}
	for _, r := range page.Resources {
		require.NotNil(t, r.Tags)
		names = append(names, r.Name)
	}
	in.CountOnly = true
	count, err := s.owner.FindResources(s.owner.ctx, in)
	require.NoError(t, err)
	require.Equal(t, page.Total, count.Total)
	require.Empty(t, count.Resources)
	return names
}

// findResources knows how conditions are read; that they are read so in every
// combination is tested beside the broker.
func findResources(t *testing.T, s *suite) {
	urn := s.topic(t, "plain")
	for _, topic := range []struct {
		name string
		tags []smn.Tag
	}{
		{"test", []smn.Tag{{Key: "env", Value: "test"}}},
		{"live", []smn.Tag{{Key: "env", Value: "live"}, {Key: "team", Value: "ops"}}},
	} {
		s.topic(t, topic.name)
		require.NoError(t, s.setTags(named(topic.name), topic.tags...))
	}
	env, live, team := smn.TagValues{Key: "env"}, smn.TagValues{Key: "env", Values: []string{"live", "other"}}, smn.TagValues{Key: "team", Values: []string{"ops"}}
	for _, c := range []struct {
		name string
		in   smn.FindResourcesInput
		want []string
	}{
		{"all", smn.FindResourcesInput{}, []string{"live", "test", "plain"}},
		{"any value", smn.FindResourcesInput{Tags: []smn.TagValues{env}}, []string{"live", "test"}},
		{"one of the values", smn.FindResourcesInput{Tags: []smn.TagValues{live}}, []string{"live"}},
		{"all keys", smn.FindResourcesInput{Tags: []smn.TagValues{env, team}}, []string{"live"}},
		{"any key", smn.FindResourcesInput{TagsAny: []smn.TagValues{team, {Key: "env", Values: []string{"test"}}}}, []string{"live", "test"}},
		{"not all", smn.FindResourcesInput{NotTags: []smn.TagValues{env, team}}, []string{"test", "plain"}},
		{"none", smn.FindResourcesInput{NotTagsAny: []smn.TagValues{live, team}}, []string{"test", "plain"}},
		{"several conditions", smn.FindResourcesInput{Tags: []smn.TagValues{env}, NotTagsAny: []smn.TagValues{team}}, []string{"test"}},
		{"without", smn.FindResourcesInput{WithoutAnyTag: true, Tags: []smn.TagValues{env}}, []string{"plain"}},
		{"name", smn.FindResourcesInput{Matches: []smn.ResourceMatch{{Key: smn.MatchName, Value: "test"}}}, []string{"test"}},
		{"name and tag", smn.FindResourcesInput{Matches: []smn.ResourceMatch{{Key: smn.MatchName, Value: "test"}}, Tags: []smn.TagValues{team}}, []string{}},
		{"part of a name", smn.FindResourcesInput{Matches: []smn.ResourceMatch{{Key: smn.MatchName, Value: "tes"}}}, []string{}},
		{"case counts", smn.FindResourcesInput{Tags: []smn.TagValues{{Key: "ENV"}}}, []string{}},
	} {
		require.Equal(t, c.want, s.found(t, c.in), c.name)
	}
	topic, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: urn})
	require.NoError(t, err)
	page, err := s.owner.FindResources(s.owner.ctx, smn.FindResourcesInput{Type: smn.TopicResource, WithoutAnyTag: true})
	require.NoError(t, err)
	require.Equal(t, smn.TaggedResourcePage{Total: 1, Resources: []smn.TaggedResource{{
		ID: topic.ID, Name: "plain", Tags: []smn.Tag{}, TopicURN: urn, EnterpriseProjectID: "0",
	}}}, page)
}

func findResourcesRules(t *testing.T, s *suite) {
	many := func(n int) (keys []smn.TagValues) {
		for i := range n {
			keys = append(keys, smn.TagValues{Key: fmt.Sprint("k", i)})
		}
		return keys
	}
	values := func(n int) []smn.TagValues { return []smn.TagValues{{Key: "k", Values: make([]string, n)}} }
	matches := func(n int) (list []smn.ResourceMatch) {
		for range n {
			list = append(list, smn.ResourceMatch{Key: smn.MatchName})
		}
		return list
	}
	for _, in := range []smn.FindResourcesInput{
		{Tags: many(smn.MaxTags - 1)},
		{Tags: many(smn.MaxTags)},
		{NotTagsAny: values(smn.MaxTagValues - 1)},
		{NotTagsAny: values(smn.MaxTagValues)},
		{Matches: matches(smn.MaxTags - 1)},
		{Matches: matches(smn.MaxTags)},
		{Limit: 1},
		{Limit: smn.MaxResources - 1},
		{Limit: smn.MaxResources},
		{Offset: 1 << 30},
	} {
		require.Empty(t, s.found(t, in))
	}
	for _, c := range []struct {
		code smn.Code
		in   smn.FindResourcesInput
	}{
		{smn.InvalidTag, smn.FindResourcesInput{Tags: many(smn.MaxTags + 1)}},
		{smn.InvalidTag, smn.FindResourcesInput{TagsAny: values(smn.MaxTagValues + 1)}},
		{smn.InvalidTag, smn.FindResourcesInput{NotTags: []smn.TagValues{{}}}},
		{smn.InvalidTag, smn.FindResourcesInput{NotTagsAny: []smn.TagValues{{Key: "k", Values: []string{"a\nb"}}}}},
		{smn.InvalidParameter, smn.FindResourcesInput{Matches: []smn.ResourceMatch{{Key: "color", Value: "red"}}}},
		{smn.InvalidParameter, smn.FindResourcesInput{Matches: matches(smn.MaxTags + 1)}},
		{smn.InvalidPage, smn.FindResourcesInput{Offset: -1}},
		{smn.InvalidPage, smn.FindResourcesInput{Limit: -1}},
		{smn.InvalidPage, smn.FindResourcesInput{Limit: smn.MaxResources + 1}},
	} {
		c.in.Type = smn.TopicResource
		_, err := s.owner.FindResources(s.owner.ctx, c.in)
		requireCode(t, c.code, err, c.in)
	}
	_, err := s.owner.FindResources(s.owner.ctx, smn.FindResourcesInput{Type: "smn_other"})
	requireCode(t, smn.InvalidParameter, err)
}

func findResourcesPages(t *testing.T, s *suite) {
	var newestFirst []string
	for i := range 5 {
		name := fmt.Sprint("topic", i)
		s.topic(t, name)
		newestFirst = append([]string{name}, newestFirst...)
	}
	for offset := range 7 {
		for _, limit := range []int{1, 2, 5, 6} {
			require.Equal(t, naivePage(newestFirst, offset, limit), s.found(t, smn.FindResourcesInput{Offset: offset, Limit: limit}))
		}
	}
}

// tagsOfApplications begins without any: that is an empty list and no error.
func tagsOfApplications(t *testing.T, s *suite) {
	for _, r := range []smn.Resource{{Type: smn.ApplicationResource, ID: "missing"}, {Type: smn.ApplicationResource, ID: "missing", ByName: true}} {
		requireCode(t, smn.ResourceNotFound, s.setTags(r, smn.Tag{Key: "a"}))
		_, err := s.owner.ListTags(s.owner.ctx, smn.ResourceInput{Resource: r})
		requireCode(t, smn.ResourceNotFound, err)
	}
	page, err := s.owner.FindResources(s.owner.ctx, smn.FindResourcesInput{Type: smn.ApplicationResource})
	require.NoError(t, err)
	require.Equal(t, smn.TaggedResourcePage{Resources: []smn.TaggedResource{}}, page)

	id := s.application(t, "shop").ID
	s.topic(t, "shop")
	byID, byName := smn.Resource{Type: smn.ApplicationResource, ID: id}, smn.Resource{Type: smn.ApplicationResource, ID: "shop", ByName: true}
	require.NoError(t, s.setTags(byID, smn.Tag{Key: "a", Value: "1"}))
	require.NoError(t, s.setTags(byName, smn.Tag{Key: "b"}))
	want := []smn.Tag{{Key: "a", Value: "1"}, {Key: "b"}}
	require.Equal(t, want, s.tags(t, byID))
	require.Equal(t, want, s.tags(t, byName))
	require.Empty(t, s.tags(t, named("shop")), "a topic of the name is another resource")
	all, err := s.owner.ListProjectTags(s.owner.ctx, smn.ListProjectTagsInput{Type: smn.ApplicationResource})
	require.NoError(t, err)
	require.Equal(t, []smn.TagValues{{Key: "a", Values: []string{"1"}}, {Key: "b", Values: []string{""}}}, all)
	page, err = s.owner.FindResources(s.owner.ctx, smn.FindResourcesInput{Type: smn.ApplicationResource, Tags: []smn.TagValues{{Key: "a"}}})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Equal(t, id, page.Resources[0].ID)
	require.Equal(t, "shop", page.Resources[0].Name)
	require.Equal(t, want, page.Resources[0].Tags)

	require.NoError(t, s.owner.DeleteTag(s.owner.ctx, smn.DeleteTagInput{Resource: byName, Key: "a"}))
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteTag(s.owner.ctx, smn.DeleteTagInput{Resource: byName, Key: "a"}), "the second time")
	require.NoError(t, s.owner.RemoveTags(s.owner.ctx, smn.RemoveTagsInput{Resource: byID, Keys: []string{"b"}}))
	require.Empty(t, s.tags(t, byID))
	_, err = s.owner.CreateApplication(s.owner.ctx, smn.CreateApplicationInput{
		Name: "shop", Platform: smn.APNS, PushCredentials: smn.PushCredentials{Principal: "Y2VydA==", Credential: "a2V5"},
	})
	require.NoError(t, err)
	requireCode(t, smn.ResourceNotFound, s.setTags(byName, smn.Tag{Key: "a"}), "two platforms have the name")
	require.NoError(t, s.setTags(byID, smn.Tag{Key: "a"}))
}

func tagsForeign(t *testing.T, s *suite) {
	topic, err := s.owner.GetTopic(s.owner.ctx, smn.TopicInput{TopicURN: s.topic(t, "private")})
	require.NoError(t, err)
	require.NoError(t, s.setTags(named("private"), smn.Tag{Key: "a", Value: "secret"}))
	x := s.stranger
	for _, r := range []smn.Resource{named("private"), {Type: smn.TopicResource, ID: topic.ID}} {
		requireCode(t, smn.TopicNotFound, x.SetTags(x.ctx, smn.SetTagsInput{Resource: r, Tags: []smn.Tag{{Key: "a"}}}))
		requireCode(t, smn.TopicNotFound, x.RemoveTags(x.ctx, smn.RemoveTagsInput{Resource: r, Keys: []string{"a"}}))
		requireCode(t, smn.TopicNotFound, x.DeleteTag(x.ctx, smn.DeleteTagInput{Resource: r, Key: "a"}))
		_, err := x.ListTags(x.ctx, smn.ResourceInput{Resource: r})
		requireCode(t, smn.TopicNotFound, err)
	}
	all, err := x.ListProjectTags(x.ctx, smn.ListProjectTagsInput{Type: smn.TopicResource})
	require.NoError(t, err)
	require.Empty(t, all)
	page, err := x.FindResources(x.ctx, smn.FindResourcesInput{Type: smn.TopicResource})
	require.NoError(t, err)
	require.Zero(t, page.Total)
	require.Equal(t, []smn.Tag{{Key: "a", Value: "secret"}}, s.tags(t, named("private")))
}
