package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var tags = scenarios{
	"CreateResourceTag":               createResourceTag,
	"BatchCreateOrDeleteResourceTags": batchCreateOrDeleteResourceTags,
	"DeleteResourceTag":               deleteResourceTag,
	"ListResourceTags":                listResourceTags,
	"ListProjectTags":                 listProjectTags,
	"ListResourceInstances":           listResourceInstances,
}

// topicType is the type of resource whose ids are those of topics.
const topicType = "smn_topic"

// tag sets one of a topic.
func (s *service) tag(topicID, key, value string) (*model.CreateResourceTagResponse, error) {
	return s.CreateResourceTag(&model.CreateResourceTagRequest{
		ResourceType: topicType, ResourceId: topicID,
		Body: &model.CreateResourceTagRequestBody{Tag: &model.ResourceTag{Key: key, Value: value}},
	})
}

// tagged creates a topic with tags, of which key and value follow each other, and
// gives its id.
func (s *service) tagged(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	_, err := s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: name, DisplayName: "shown"}})
	require.NoError(t, err)
	topicID := id(t, s.details(t, urn(name)).TopicId)
	for n := 0; n < len(pairs); n += 2 {
		_, err := s.tag(topicID, pairs[n], pairs[n+1])
		require.NoError(t, err)
	}
	return topicID
}

// tagsOf are those of a topic.
func (s *service) tagsOf(t *testing.T, topicID string) []model.ResourceTag {
	t.Helper()
	out, err := s.ListResourceTags(&model.ListResourceTagsRequest{ResourceType: topicType, ResourceId: topicID})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	require.NotNil(t, out.Tags, "a list is never null")
	return *out.Tags
}

func createResourceTag(t *testing.T, s *service) {
	topic := s.tagged(t, newName())
	for _, value := range []string{"ops", "dev"} {
		out, err := s.tag(topic, "team", value)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, out.HttpStatusCode)
		require.Equal(t, []model.ResourceTag{{Key: "team", Value: value}}, s.tagsOf(t, topic), "the same key is overwritten")
	}
	_, err := s.tag(topic, "", "ops")
	refused(t, err, "SMN.0038")
	_, err = s.tag(unknownID, "team", "ops")
	undocumented(t, err, http.StatusNotFound)
}

func batchCreateOrDeleteResourceTags(t *testing.T, s *service) {
	topic := s.tagged(t, newName())
	act := func(topic, action string, tags ...model.ResourceTag) (*model.BatchCreateOrDeleteResourceTagsResponse, error) {
		return s.BatchCreateOrDeleteResourceTags(&model.BatchCreateOrDeleteResourceTagsRequest{
			ResourceType: topicType, ResourceId: topic,
			Body: &model.BatchCreateOrDeleteResourceTagsRequestBody{Action: action, Tags: tags},
		})
	}
	team, env := model.ResourceTag{Key: "team", Value: "ops"}, model.ResourceTag{Key: "env", Value: "prod"}
	for range 2 {
		out, err := act(topic, "create", team, env)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, out.HttpStatusCode)
		require.ElementsMatch(t, []model.ResourceTag{team, env}, s.tagsOf(t, topic))
	}
	for range 2 {
		out, err := act(topic, "delete", team)
		require.NoError(t, err, "what is absent is deleted as well")
		require.Equal(t, http.StatusNoContent, out.HttpStatusCode)
		require.Equal(t, []model.ResourceTag{env}, s.tagsOf(t, topic))
	}
	_, err := act(topic, "create", team, model.ResourceTag{Key: "team", Value: "dev"})
	undocumented(t, err, http.StatusBadRequest)
	_, err = act(topic, "paint", team)
	refused(t, err, "SMN.0073")
	require.Equal(t, []model.ResourceTag{env}, s.tagsOf(t, topic), "what was refused changes nothing")
	_, err = act(unknownID, "create", team)
	undocumented(t, err, http.StatusNotFound)
}

func deleteResourceTag(t *testing.T, s *service) {
	topic := s.tagged(t, newName(), "team", "ops", "env", "prod")
	remove := func() (*model.DeleteResourceTagResponse, error) {
		return s.DeleteResourceTag(&model.DeleteResourceTagRequest{ResourceType: topicType, ResourceId: topic, Key: "team"})
	}
	out, err := remove()
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, out.HttpStatusCode)
	require.Equal(t, []model.ResourceTag{{Key: "env", Value: "prod"}}, s.tagsOf(t, topic))
	_, err = remove()
	undocumented(t, err, http.StatusNotFound)
}

func listResourceTags(t *testing.T, s *service) {
	require.Empty(t, s.tagsOf(t, s.tagged(t, newName())))
	topic := s.tagged(t, newName(), "team", "值班", "empty", "")
	for range 2 {
		require.ElementsMatch(t, []model.ResourceTag{{Key: "team", Value: "值班"}, {Key: "empty"}}, s.tagsOf(t, topic))
	}
	_, err := s.ListResourceTags(&model.ListResourceTagsRequest{ResourceType: topicType, ResourceId: unknownID})
	undocumented(t, err, http.StatusNotFound)
}

func listProjectTags(t *testing.T, s *service) {
	key := newName()
	s.tagged(t, newName(), key, "a")
	s.tagged(t, newName(), key, "b")
	s.tagged(t, newName(), key, "b")
	for range 2 {
		out, err := s.ListProjectTags(&model.ListProjectTagsRequest{ResourceType: topicType})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		require.NotNil(t, out.Tags)
		found := 0
		for _, tag := range *out.Tags {
			if tag.Key == key {
				found++
				require.ElementsMatch(t, []string{"a", "b"}, tag.Values)
			}
		}
		require.Equal(t, 1, found)
	}
	_, err := s.stranger(t).ListProjectTags(&model.ListProjectTagsRequest{ResourceType: topicType})
	refused(t, err, "APIGW.0301")
}

func listResourceInstances(t *testing.T, s *service) {
	key, first, second := newName(), newName(), newName()
	firstID := s.tagged(t, first, key, "a", "env", "prod")
	secondID := s.tagged(t, second, key, "b")
	having := func(key string, values ...string) *[]model.ResourceTags {
		return &[]model.ResourceTags{{Key: key, Values: append([]string{}, values...)}}
	}
	ask := func(body model.ListInstanceRequestBody) (*model.ListResourceInstancesResponse, error) {
		return s.ListResourceInstances(&model.ListResourceInstancesRequest{ResourceType: topicType, Body: &body})
	}
	filter := func(body model.ListInstanceRequestBody) []string {
		t.Helper()
		body.Action = "filter"
		out, err := ask(body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		require.NotNil(t, out.TotalCount)
		require.NotNil(t, out.Resources)
		ids := []string{}
		for _, resource := range *out.Resources {
			ids = append(ids, resource.ResourceId)
		}
		return ids
	}
	for range 2 {
		require.ElementsMatch(t, []string{firstID, secondID}, filter(model.ListInstanceRequestBody{Tags: having(key)}), "no values stand for any")
	}
	require.Equal(t, []string{firstID}, filter(model.ListInstanceRequestBody{Tags: having(key, "a", "c")}))
	require.Equal(t, []string{firstID}, filter(model.ListInstanceRequestBody{TagsAny: having(key, "a")}))
	require.Equal(t, []string{secondID}, filter(model.ListInstanceRequestBody{Tags: having(key), NotTags: having("env", "prod")}))
	require.Equal(t, []string{secondID}, filter(model.ListInstanceRequestBody{Tags: having(key), NotTagsAny: having("env", "prod")}))
	require.Equal(t, []string{secondID}, filter(model.ListInstanceRequestBody{Matches: &[]model.TagMatch{{Key: "resource_name", Value: second}}}))
	require.Len(t, filter(model.ListInstanceRequestBody{Tags: having(key), Limit: new("1"), Offset: new("1")}), 1)
	require.Empty(t, filter(model.ListInstanceRequestBody{Tags: having(key), Offset: new("2")}))
	require.NotContains(t, filter(model.ListInstanceRequestBody{WithoutAnyTag: new(true)}), firstID)

	out, err := ask(model.ListInstanceRequestBody{Action: "filter", Tags: having(key, "a")})
	require.NoError(t, err)
	require.EqualValues(t, 1, *out.TotalCount)
	resource := (*out.Resources)[0]
	require.Equal(t, first, resource.ResourceName)
	require.ElementsMatch(t, []model.ResourceTag{{Key: key, Value: "a"}, {Key: "env", Value: "prod"}}, resource.Tags)
	require.NotNil(t, resource.ResourceDetail)
	require.Equal(t, urn(first), resource.ResourceDetail.TopicUrn)
	require.Equal(t, "shown", resource.ResourceDetail.DisplayName)
	require.Equal(t, "0", resource.ResourceDetail.EnterpriseProjectId)
	require.NotEmpty(t, resource.ResourceDetail.DetailId)

	count, err := ask(model.ListInstanceRequestBody{Action: "count", Tags: having(key)})
	require.NoError(t, err)
	require.NotNil(t, count.TotalCount)
	require.EqualValues(t, 2, *count.TotalCount)

	_, err = ask(model.ListInstanceRequestBody{Action: "Filter"})
	refused(t, err, "SMN.0073")
}
