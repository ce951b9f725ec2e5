package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var publishing = scenarios{
	"PublishMessage": publishMessage,
}

func publishMessage(t *testing.T, s *service) {
	topic := s.topic(t)
	endpoint, subscription := s.confirmed(t, topic)
	body := &model.PublishMessageRequestBody{Subject: new("磁盘 <full>"), Message: new("line 1\nline 2 <&>"), TimeToLive: new("3600")}
	out, err := s.PublishMessage(&model.PublishMessageRequest{TopicUrn: topic, Body: body})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	got := s.receiver.next(t, endpoint, notification)
	require.Equal(t, id(t, out.MessageId), got.MessageID)
	require.Equal(t, topic, got.TopicURN)
	require.Equal(t, "磁盘 <full>", got.Subject)
	require.Equal(t, "line 1\nline 2 <&>", got.Message)
	require.Equal(t, got.MessageID, got.Header.Get("X-SMN-MESSAGE-ID"))
	require.Equal(t, notification, got.Header.Get("X-SMN-MESSAGE-TYPE"))
	require.Equal(t, topic, got.Header.Get("X-SMN-TOPIC-URN"))
	require.Contains(t, got.UnsubscribeURL, subscription)

	second := s.publish(t, topic, body)
	require.NotEqual(t, got.MessageID, second)
	require.Equal(t, second, s.receiver.next(t, endpoint, notification).MessageID)

	publish := func(topic string, body model.PublishMessageRequestBody) error {
		_, err := s.PublishMessage(&model.PublishMessageRequest{TopicUrn: topic, Body: &body})
		return err
	}
	refused(t, publish(topic, model.PublishMessageRequestBody{Subject: new("no content")}), "SMN.0009")
	refused(t, publish(topic, model.PublishMessageRequestBody{Message: new(strings.Repeat("a", 256<<10+1))}), "SMN.0009")
	refused(t, publish(topic, model.PublishMessageRequestBody{Message: new("m"), Subject: new(strings.Repeat("a", 513))}), "SMN.0008")
	refused(t, publish(topic, model.PublishMessageRequestBody{Message: new("m"), Subject: new("two\nlines")}), "SMN.0008")
	refused(t, publish(topic, model.PublishMessageRequestBody{MessageStructure: new(`{"http":"no default"}`)}), "SMN.0021")
	refused(t, publish(topic, model.PublishMessageRequestBody{MessageTemplateName: new(newName()), Tags: map[string]string{"a": "b"}}), "SMN.0027")
	refused(t, publish(nowhere(), model.PublishMessageRequestBody{Message: new("m")}), "SMN.0006")
	refused(t, publish(foreignTopic, model.PublishMessageRequestBody{Message: new("m")}), "SMN.0001")

	t.Run("Structure", func(t *testing.T) {
		for structure, want := range map[string]string{
			`{"default":"for all","http":"for http"}`:   "for http",
			`{"default":"for all","https":"for https"}`: "for all",
		} {
			sent := s.publish(t, topic, &model.PublishMessageRequestBody{MessageStructure: &structure, Message: new("not this")})
			got := s.receiver.next(t, endpoint, notification)
			require.Equal(t, sent, got.MessageID)
			require.Equal(t, want, got.Message)
		}
	})
	t.Run("Template", func(t *testing.T) {
		name := newName()
		s.template(t, name, "http", "http: {host} is {state}")
		byTemplate := model.PublishMessageRequestBody{
			MessageTemplateName: &name, Tags: map[string]string{"host": "db1", "state": "down"}, Locale: new("en-us"),
		}
		refused(t, publish(topic, byTemplate), "SMN.0076")
		s.template(t, name, "default", "{host} is {state}")
		sent := s.publish(t, topic, &byTemplate)
		got := s.receiver.next(t, endpoint, notification)
		require.Equal(t, sent, got.MessageID)
		require.Equal(t, "http: db1 is down", got.Message)
	})
	t.Run("Attributes", func(t *testing.T) {
		only := func(protocol string) *model.PublishMessageRequestBody {
			return &model.PublishMessageRequestBody{Message: new("for " + protocol), MessageAttributes: &[]model.MessageAttribute{
				{Name: "protocol", Type: model.GetMessageAttributeTypeEnum().PROTOCOL, Value: new(any([]string{protocol}))},
				{Name: "teams", Type: model.GetMessageAttributeTypeEnum().STRING_ARRAY, Value: new(any([]string{"ops", "dev"}))},
			}}
		}
		s.publish(t, topic, only("email"))
		sent := s.publish(t, topic, only("http"))
		require.Equal(t, sent, s.receiver.next(t, endpoint, notification).MessageID, "the first for this protocol")
	})
}
