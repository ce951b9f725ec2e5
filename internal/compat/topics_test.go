package compat

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var topics = scenarios{
	"CreateTopic":                       createTopic,
	"ListTopics":                        listTopics,
	"ListTopicDetails":                  listTopicDetails,
	"UpdateTopic":                       updateTopic,
	"DeleteTopic":                       deleteTopic,
	"ListTopicsWithAssociatedResources": listTopicsWithAssociatedResources,
	"ListTopicMessageStatistics":        listTopicMessageStatistics,
}

func createTopic(t *testing.T, s *service) {
	create := func(name, displayName string) (*model.CreateTopicResponse, error) {
		return s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: name, DisplayName: displayName}})
	}
	name := newName()
	out, err := create(name, "警"+strings.Repeat("a", 189)) // 192 bytes
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Equal(t, urn(name), text(t, out.TopicUrn))

	again, err := create(name, "")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, again.HttpStatusCode)
	require.Equal(t, urn(name), text(t, again.TopicUrn))
	require.NotEqual(t, out.RequestId, again.RequestId)

	_, err = create("-"+name, "")
	refused(t, err, "SMN.0002")
	_, err = create(newName(), strings.Repeat("a", 193))
	refused(t, err, "SMN.0003")
	_, err = s.stranger(t).CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: newName()}})
	refused(t, err, "APIGW.0301")
}

func listTopics(t *testing.T, s *service) {
	prefix := newName()
	for _, suffix := range []string{"-a", "-b", "-c"} {
		_, err := s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: prefix + suffix, DisplayName: prefix + " shown"}})
		require.NoError(t, err)
	}
	list := func(t *testing.T, req model.ListTopicsRequest) []string {
		t.Helper()
		out, err := s.ListTopics(&req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.TopicCount)
		require.NotNil(t, out.Topics)
		names := []string{}
		for _, topic := range *out.Topics {
			names = append(names, strings.TrimPrefix(topic.Name, prefix))
		}
		return names
	}
	require.Equal(t, []string{"-c", "-b", "-a"}, list(t, model.ListTopicsRequest{FuzzyName: &prefix}), "the newest comes first")
	require.Equal(t, []string{"-c", "-b", "-a"}, list(t, model.ListTopicsRequest{FuzzyName: &prefix}))
	require.Equal(t, []string{"-b"}, list(t, model.ListTopicsRequest{FuzzyName: &prefix, Offset: new(int32(1)), Limit: new(int32(1))}))
	require.Empty(t, list(t, model.ListTopicsRequest{FuzzyName: &prefix, Offset: new(int32(3))}), "beyond the end is an empty list")
	require.Equal(t, []string{"-b"}, list(t, model.ListTopicsRequest{Name: new(prefix + "-b")}))

	out, err := s.ListTopics(&model.ListTopicsRequest{Name: new(prefix + "-a")})
	require.NoError(t, err)
	require.EqualValues(t, 1, *out.TopicCount)
	item := (*out.Topics)[0]
	require.Equal(t, urn(prefix+"-a"), item.TopicUrn)
	require.Equal(t, prefix+" shown", item.DisplayName)
	require.Zero(t, item.PushPolicy)
	require.Equal(t, "0", item.EnterpriseProjectId)
	id(t, &item.TopicId)
	moment(t, item.CreateTime)
	moment(t, item.UpdateTime)

	for _, limit := range []int32{0, 101} {
		_, err = s.ListTopics(&model.ListTopicsRequest{Limit: &limit})
		refused(t, err, "SMN.0015")
	}
	_, err = s.ListTopics(&model.ListTopicsRequest{Offset: new(int32(-1))})
	refused(t, err, "SMN.0015")

	t.Run("Filters", func(t *testing.T) {
		require.Equal(t, []string{"-a"}, list(t, model.ListTopicsRequest{TopicId: &item.TopicId}))
		require.Empty(t, list(t, model.ListTopicsRequest{TopicId: new(unknownID)}))
		require.Equal(t, []string{"-c", "-b", "-a"}, list(t, model.ListTopicsRequest{FuzzyDisplayName: new(prefix + " sh")}))
		require.Equal(t, []string{"-a"}, list(t, model.ListTopicsRequest{EnterpriseProjectId: new("0"), Name: &item.Name}))
	})
}

func listTopicDetails(t *testing.T, s *service) {
	name := newName()
	_, err := s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: name, DisplayName: "告警 <&>"}})
	require.NoError(t, err)
	out, err := s.ListTopicDetails(&model.ListTopicDetailsRequest{TopicUrn: urn(name)})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Equal(t, urn(name), text(t, out.TopicUrn))
	require.Equal(t, name, text(t, out.Name))
	require.Equal(t, "告警 <&>", text(t, out.DisplayName))
	require.NotNil(t, out.PushPolicy)
	require.Zero(t, *out.PushPolicy)
	require.Equal(t, "0", text(t, out.EnterpriseProjectId))
	id(t, out.TopicId)
	require.Equal(t, moment(t, text(t, out.CreateTime)), moment(t, text(t, out.UpdateTime)))

	again := s.details(t, urn(name))
	again.RequestId = out.RequestId
	require.Equal(t, out, again)

	for topic, code := range map[string]string{nowhere(): "SMN.0006", malformed: "SMN.0005", foreignTopic: "SMN.0001"} {
		_, err = s.ListTopicDetails(&model.ListTopicDetailsRequest{TopicUrn: topic})
		refused(t, err, code)
	}
}

func updateTopic(t *testing.T, s *service) {
	topic := s.topic(t)
	update := func(topic, displayName string) (*model.UpdateTopicResponse, error) {
		return s.UpdateTopic(&model.UpdateTopicRequest{TopicUrn: topic, Body: &model.UpdateTopicRequestBody{DisplayName: displayName}})
	}
	for range 2 {
		out, err := update(topic, "renamed")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, "renamed", text(t, s.details(t, topic).DisplayName))
	}
	_, err := update(topic, strings.Repeat("a", 193))
	refused(t, err, "SMN.0003")
	require.Equal(t, "renamed", text(t, s.details(t, topic).DisplayName))
	_, err = update(nowhere(), "renamed")
	refused(t, err, "SMN.0006")
}

func deleteTopic(t *testing.T, s *service) {
	topic := s.topic(t)
	subscription := s.subscribe(t, topic, "email", "ops@example.com")
	out, err := s.DeleteTopic(&model.DeleteTopicRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)

	_, err = s.DeleteTopic(&model.DeleteTopicRequest{TopicUrn: topic})
	refused(t, err, "SMN.0006")
	_, err = s.ListTopicDetails(&model.ListTopicDetailsRequest{TopicUrn: topic})
	refused(t, err, "SMN.0006")
	_, err = s.CancelSubscription(&model.CancelSubscriptionRequest{SubscriptionUrn: subscription})
	refused(t, err, "SMN.0013")
}

func listTopicsWithAssociatedResources(t *testing.T, s *service) {
	prefix := newName()
	bare, rich := prefix+"-bare", prefix+"-rich"
	for _, name := range []string{bare, rich} {
		_, err := s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: name}})
		require.NoError(t, err)
	}
	topicID := text(t, s.details(t, urn(rich)).TopicId)
	_, err := s.CreateResourceTag(&model.CreateResourceTagRequest{
		ResourceType: topicType, ResourceId: topicID,
		Body: &model.CreateResourceTagRequestBody{Tag: &model.ResourceTag{Key: "team", Value: "ops"}},
	})
	require.NoError(t, err)
	_, err = s.UpdateTopicAttribute(&model.UpdateTopicAttributeRequest{
		TopicUrn: urn(rich), Name: accessPolicy,
		Body: &model.UpdateTopicAttributeRequestBody{Value: policy(urn(rich))},
	})
	require.NoError(t, err)
	logtank := s.logtank(t, urn(rich))

	for range 2 {
		out, err := s.ListTopicsWithAssociatedResources(&model.ListTopicsWithAssociatedResourcesRequest{FuzzyName: &prefix})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.TopicCount)
		require.EqualValues(t, 2, *out.TopicCount)
		require.NotNil(t, out.Topics)
		require.Len(t, *out.Topics, 2)
		item := (*out.Topics)[0]
		require.Equal(t, urn(rich), item.TopicUrn)
		require.Equal(t, rich, item.Name)
		require.Equal(t, topicID, item.TopicId)
		require.Equal(t, "0", item.EnterpriseProjectId)
		require.Zero(t, item.PushPolicy)
		moment(t, item.CreateTime)
		moment(t, item.UpdateTime)
		require.Equal(t, []model.ResourceTag{{Key: "team", Value: "ops"}}, item.Tags)
		require.NotNil(t, item.Attributes)
		require.Equal(t, policy(urn(rich)), text(t, item.Attributes.AccessPolicy))
		moment(t, text(t, item.Attributes.CreateTime))
		moment(t, text(t, item.Attributes.UpdateTime))
		require.Len(t, item.Logtanks, 1)
		require.Equal(t, logtank, item.Logtanks[0].Id)
		require.Equal(t, logGroup, item.Logtanks[0].LogGroupId)
		require.Equal(t, logStream, item.Logtanks[0].LogStreamId)

		item = (*out.Topics)[1]
		require.Equal(t, bare, item.Name)
		require.NotNil(t, item.Tags, "a list is never null")
		require.Empty(t, item.Tags)
		require.NotNil(t, item.Logtanks, "a list is never null")
		require.Empty(t, item.Logtanks)
		require.NotNil(t, item.Attributes)
	}

	out, err := s.ListTopicsWithAssociatedResources(&model.ListTopicsWithAssociatedResourcesRequest{FuzzyName: &prefix, Offset: new(int32(2))})
	require.NoError(t, err)
	require.NotNil(t, out.Topics)
	require.Empty(t, *out.Topics)
	_, err = s.ListTopicsWithAssociatedResources(&model.ListTopicsWithAssociatedResourcesRequest{Limit: new(int32(101))})
	refused(t, err, "SMN.0015")
}

func listTopicMessageStatistics(t *testing.T, s *service) {
	topic := s.topic(t)
	count := func(topic string, from, to time.Time) (*model.ListTopicMessageStatisticsResponse, error) {
		return s.ListTopicMessageStatistics(&model.ListTopicMessageStatisticsRequest{
			TopicUrn: topic, StartTime: from.UTC().Format(time.RFC3339), EndTime: to.UTC().Format(time.RFC3339),
		})
	}
	now := time.Now()
	for range 2 {
		out, err := count(topic, now.Add(-time.Hour), now)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.Total)
		require.Zero(t, out.Total.Sms)
		require.NotNil(t, out.Statistics, "a list is never null")
		for _, detail := range *out.Statistics {
			require.NotNil(t, detail.Count)
			require.Zero(t, detail.Count.Sms)
			require.NotEmpty(t, detail.StartTime)
		}
	}
	_, err := count(nowhere(), now.Add(-time.Hour), now)
	refused(t, err, "SMN.0006")
	_, err = count(topic, now.Add(-32*24*time.Hour), now)
	undocumented(t, err, http.StatusBadRequest)
	_, err = count(topic, now, now.Add(-time.Hour))
	undocumented(t, err, http.StatusBadRequest)
}
