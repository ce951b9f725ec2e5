package compat

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var attributes = scenarios{
	"ListTopicAttributes":        listTopicAttributes,
	"UpdateTopicAttribute":       updateTopicAttribute,
	"DeleteTopicAttributeByName": deleteTopicAttributeByName,
	"DeleteTopicAttributes":      deleteTopicAttributes,
}

// The attributes that a topic has.
const (
	accessPolicy = "access_policy"
	introduction = "introduction"
)

// policy lets another service publish to a topic. The line breaks around it and
// the blanks in it must survive.
func policy(topic string) string {
	return fmt.Sprintf(`
{
  "Version": "2016-09-07",
  "Id": "__default_policy_ID",
  "Statement": [
    {
      "Sid": "__service_pub_0",
      "Effect": "Allow",
      "Principal": {"Service": ["obs"]},
      "Action": ["SMN:Publish", "SMN:QueryTopicDetail"],
      "Resource": %q
    }
  ]
}
`, topic)
}

func (s *service) setAttribute(topic, name, value string) (*model.UpdateTopicAttributeResponse, error) {
	return s.UpdateTopicAttribute(&model.UpdateTopicAttributeRequest{
		TopicUrn: topic, Name: name, Body: &model.UpdateTopicAttributeRequestBody{Value: value},
	})
}

func (s *service) attributes(t *testing.T, topic string) *model.TopicAttribute {
	t.Helper()
	out, err := s.ListTopicAttributes(&model.ListTopicAttributesRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.NotNil(t, out.Attributes)
	return out.Attributes
}

func listTopicAttributes(t *testing.T, s *service) {
	topic := s.topic(t)
	for range 2 {
		unset := s.attributes(t, topic)
		require.Empty(t, text(t, unset.AccessPolicy), "what is not set is empty, and there")
		require.Empty(t, text(t, unset.Introduction), "what is not set is empty, and there")
	}
	_, err := s.setAttribute(topic, accessPolicy, policy(topic))
	require.NoError(t, err)
	_, err = s.setAttribute(topic, introduction, "值班 alarms")
	require.NoError(t, err)
	set := s.attributes(t, topic)
	require.Equal(t, policy(topic), text(t, set.AccessPolicy))
	require.Equal(t, "值班 alarms", text(t, set.Introduction))
	moment(t, text(t, set.CreateTime))
	moment(t, text(t, set.UpdateTime))

	one, err := s.ListTopicAttributes(&model.ListTopicAttributesRequest{TopicUrn: topic, Name: new(introduction)})
	require.NoError(t, err)
	require.NotNil(t, one.Attributes)
	require.Equal(t, "值班 alarms", text(t, one.Attributes.Introduction))

	_, err = s.ListTopicAttributes(&model.ListTopicAttributesRequest{TopicUrn: topic, Name: new("colour")})
	refused(t, err, "SMN.0046")
	_, err = s.ListTopicAttributes(&model.ListTopicAttributesRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")
}

func updateTopicAttribute(t *testing.T, s *service) {
	topic := s.topic(t)
	for range 2 {
		out, err := s.setAttribute(topic, accessPolicy, policy(topic))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, policy(topic), text(t, s.attributes(t, topic).AccessPolicy))
	}
	_, err := s.setAttribute(topic, introduction, strings.Repeat("a", 120))
	require.NoError(t, err)

	_, err = s.setAttribute(topic, accessPolicy, "no policy")
	refused(t, err, "SMN.0048")
	_, err = s.setAttribute(topic, accessPolicy, strings.Replace(policy(topic), "2016-09-07", "2016-09-08", 1))
	refused(t, err, "SMN.0049")
	_, err = s.setAttribute(topic, accessPolicy, policy(topic)+strings.Repeat(" ", 30<<10))
	refused(t, err, "SMN.0047")
	_, err = s.setAttribute(topic, "colour", "red")
	refused(t, err, "SMN.0046")
	_, err = s.setAttribute(nowhere(), introduction, "")
	refused(t, err, "SMN.0006")
	require.Equal(t, policy(topic), text(t, s.attributes(t, topic).AccessPolicy), "what was refused changes nothing")

	_, err = s.setAttribute(topic, accessPolicy, "")
	require.NoError(t, err, "an empty value clears it")
	require.Empty(t, text(t, s.attributes(t, topic).AccessPolicy))
}

func deleteTopicAttributeByName(t *testing.T, s *service) {
	topic := s.topic(t)
	_, err := s.setAttribute(topic, accessPolicy, policy(topic))
	require.NoError(t, err)
	_, err = s.setAttribute(topic, introduction, "alarms")
	require.NoError(t, err)
	for range 2 {
		out, err := s.DeleteTopicAttributeByName(&model.DeleteTopicAttributeByNameRequest{TopicUrn: topic, Name: accessPolicy})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		left := s.attributes(t, topic)
		require.Empty(t, text(t, left.AccessPolicy))
		require.Equal(t, "alarms", text(t, left.Introduction))
	}
	_, err = s.DeleteTopicAttributeByName(&model.DeleteTopicAttributeByNameRequest{TopicUrn: topic, Name: "colour"})
	refused(t, err, "SMN.0046")
	_, err = s.DeleteTopicAttributeByName(&model.DeleteTopicAttributeByNameRequest{TopicUrn: nowhere(), Name: accessPolicy})
	refused(t, err, "SMN.0006")
}

func deleteTopicAttributes(t *testing.T, s *service) {
	topic := s.topic(t)
	_, err := s.setAttribute(topic, accessPolicy, policy(topic))
	require.NoError(t, err)
	_, err = s.setAttribute(topic, introduction, "alarms")
	require.NoError(t, err)
	for range 2 {
		out, err := s.DeleteTopicAttributes(&model.DeleteTopicAttributesRequest{TopicUrn: topic})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		left := s.attributes(t, topic)
		require.Empty(t, text(t, left.AccessPolicy))
		require.Empty(t, text(t, left.Introduction))
	}
	_, err = s.DeleteTopicAttributes(&model.DeleteTopicAttributesRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")
}
