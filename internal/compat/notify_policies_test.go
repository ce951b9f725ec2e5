package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var notifyPolicies = scenarios{
	"CreateNotifyPolicy": createNotifyPolicy,
	"ShowNotifyPolicy":   showNotifyPolicy,
	"UpdateNotifyPolicy": updateNotifyPolicy,
	"DeleteNotifyPolicy": deleteNotifyPolicy,
}

// onCall is a topic with two telephones that are called one after the other.
func (s *service) onCall(t *testing.T) (topic, first, second string) {
	t.Helper()
	topic = s.topic(t)
	return topic, s.subscribe(t, topic, "callnotify", "+8613600000001"), s.subscribe(t, topic, "callnotify", "+8613600000002")
}

// polling calls subscriptions in an order.
func polling(subscriptions ...string) *model.NotifyPolicyRequestBody {
	body := &model.NotifyPolicyRequestBody{Protocol: model.GetNotifyPolicyRequestBodyProtocolEnum().CALLNOTIFY}
	for n, subscription := range subscriptions {
		body.Polling = append(body.Polling, model.PollingPolicyRequest{Order: int32(n + 1), SubscriptionUrns: []string{subscription}})
	}
	return body
}

func (s *service) createNotifyPolicy(topic string, subscriptions ...string) (*model.CreateNotifyPolicyResponse, error) {
	return s.CreateNotifyPolicy(&model.CreateNotifyPolicyRequest{TopicUrn: topic, Body: polling(subscriptions...)})
}

// shown checks the notify policy of a topic: its id, and who is called, in order.
func (s *service) shown(t *testing.T, topic, policyID string, subscriptions ...string) {
	t.Helper()
	out, err := s.ShowNotifyPolicy(&model.ShowNotifyPolicyRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Equal(t, policyID, text(t, out.Id))
	require.NotNil(t, out.Protocol)
	require.Equal(t, "callnotify", out.Protocol.Value())
	require.NotNil(t, out.Polling)
	require.Len(t, *out.Polling, len(subscriptions))
	listed := map[string]model.ListSubscriptionsItem{}
	for _, item := range s.subscriptions(t, topic) {
		listed[item.SubscriptionUrn] = item
	}
	for n, subscription := range subscriptions {
		step := (*out.Polling)[n]
		require.NotNil(t, step.Order)
		require.EqualValues(t, n+1, *step.Order)
		require.NotNil(t, step.Subscriptions)
		require.Len(t, *step.Subscriptions, 1)
		details := (*step.Subscriptions)[0]
		require.Equal(t, subscription, details.SubscriptionUrn)
		require.Equal(t, listed[subscription].Endpoint, details.Endpoint)
		require.Empty(t, text(t, details.Remark))
		require.NotNil(t, details.Status)
		require.Equal(t, listed[subscription].Status, *details.Status)
	}
}

func createNotifyPolicy(t *testing.T, s *service) {
	topic, first, second := s.onCall(t)
	out, err := s.createNotifyPolicy(topic, first, second)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	s.shown(t, topic, text(t, out.Id), first, second)

	_, err = s.DeleteNotifyPolicy(&model.DeleteNotifyPolicyRequest{TopicUrn: topic, NotifyPolicyId: *out.Id})
	require.NoError(t, err)
	again, err := s.createNotifyPolicy(topic, second)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, again.HttpStatusCode)
	require.NotEqual(t, out.Id, again.Id)
	s.shown(t, topic, *again.Id, second)

	_, err = s.createNotifyPolicy(nowhere(), first)
	refused(t, err, "SMN.0006")
	_, err = s.createNotifyPolicy(malformed, first)
	refused(t, err, "SMN.0005")
}

func showNotifyPolicy(t *testing.T, s *service) {
	topic, first, second := s.onCall(t)
	out, err := s.createNotifyPolicy(topic, second, first)
	require.NoError(t, err)
	for range 2 {
		s.shown(t, topic, text(t, out.Id), second, first)
	}
	_, err = s.ShowNotifyPolicy(&model.ShowNotifyPolicyRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")
}

func updateNotifyPolicy(t *testing.T, s *service) {
	topic, first, second := s.onCall(t)
	created, err := s.createNotifyPolicy(topic, first, second)
	require.NoError(t, err)
	update := func(topic, policyID string, subscriptions ...string) (*model.UpdateNotifyPolicyResponse, error) {
		return s.UpdateNotifyPolicy(&model.UpdateNotifyPolicyRequest{TopicUrn: topic, NotifyPolicyId: policyID, Body: polling(subscriptions...)})
	}
	for range 2 {
		out, err := update(topic, text(t, created.Id), second)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		s.shown(t, topic, *created.Id, second) // everything is replaced
	}
	_, err = update(topic, unknownID, first)
	undocumented(t, err, http.StatusNotFound)
	_, err = update(nowhere(), *created.Id, first)
	refused(t, err, "SMN.0006")
	s.shown(t, topic, *created.Id, second)
}

func deleteNotifyPolicy(t *testing.T, s *service) {
	topic, first, _ := s.onCall(t)
	created, err := s.createNotifyPolicy(topic, first)
	require.NoError(t, err)
	remove := &model.DeleteNotifyPolicyRequest{TopicUrn: topic, NotifyPolicyId: text(t, created.Id)}
	out, err := s.DeleteNotifyPolicy(remove)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)

	_, err = s.DeleteNotifyPolicy(remove)
	undocumented(t, err, http.StatusNotFound)
	remove.TopicUrn = nowhere()
	_, err = s.DeleteNotifyPolicy(remove)
	refused(t, err, "SMN.0006")
}
