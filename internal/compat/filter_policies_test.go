package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var filterPolicies = scenarios{
	"BatchCreateSubscriptionsFilterPolices": batchCreateFilterPolicies,
	"BatchUpdateSubscriptionsFilterPolices": batchUpdateFilterPolicies,
	"BatchDeleteSubscriptionsFilterPolices": batchDeleteFilterPolicies,
}

// policyFor lets a subscription have only messages whose attribute "level" is one
// of some values.
func policyFor(subscription string, levels ...string) *model.BatchSubscriptionsFilterPolicesRequestBody {
	return &model.BatchSubscriptionsFilterPolicesRequestBody{Polices: []model.BatchSubscriptionsFilterPolicesRequestBodyPolices{{
		SubscriptionUrn: subscription,
		FilterPolices:   []model.SubscriptionsFilterPolicy{{Name: "level", StringEquals: levels}},
	}}}
}

func (s *service) createPolicy(t *testing.T, subscription string, levels ...string) {
	t.Helper()
	out, err := s.BatchCreateSubscriptionsFilterPolices(&model.BatchCreateSubscriptionsFilterPolicesRequest{Body: policyFor(subscription, levels...)})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	done(t, out.BatchResult, subscription)
}

// levels are what a topic's first subscription filters by.
func (s *service) levels(t *testing.T, topic string) []string {
	t.Helper()
	all := s.subscriptions(t, topic)[0].FilterPolices
	if all == nil || len(*all) == 0 {
		return nil
	}
	require.Len(t, *all, 1)
	require.Equal(t, "level", (*all)[0].Name)
	return (*all)[0].StringEquals
}

// done checks the result for one subscription for which a batch has worked, and
// missed that for one which does not exist.
func done(t *testing.T, results *[]model.BatchResult, subscription string) {
	t.Helper()
	require.NotNil(t, results)
	require.Len(t, *results, 1)
	require.Equal(t, subscription, text(t, (*results)[0].SubscriptionUrn))
	if code := (*results)[0].Code; code != nil {
		require.NotContains(t, *code, "SMN.")
	}
}

func missed(t *testing.T, results *[]model.BatchResult, subscription string) {
	t.Helper()
	require.NotNil(t, results)
	require.Len(t, *results, 1)
	require.Equal(t, subscription, text(t, (*results)[0].SubscriptionUrn))
	require.Equal(t, "SMN.0013", text(t, (*results)[0].Code))
	require.Equal(t, refusals["SMN.0013"].message, text(t, (*results)[0].Message))
}

// leveled is a message with the attribute "level".
func leveled(level string) *model.PublishMessageRequestBody {
	return &model.PublishMessageRequestBody{
		Message: new("a message of level " + level),
		MessageAttributes: &[]model.MessageAttribute{
			{Name: "level", Type: model.GetMessageAttributeTypeEnum().STRING, Value: new(any(level))},
		},
	}
}

func batchCreateFilterPolicies(t *testing.T, s *service) {
	topic := s.topic(t)
	endpoint, subscription := s.confirmed(t, topic)
	s.createPolicy(t, subscription, "high", "critical")
	require.Equal(t, []string{"high", "critical"}, s.levels(t, topic))

	s.publish(t, topic, leveled("low"))
	s.publish(t, topic, &model.PublishMessageRequestBody{Message: new("of no level")})
	wanted := s.publish(t, topic, leveled("critical"))
	require.Equal(t, wanted, s.receiver.next(t, endpoint, notification).MessageID, "the first that the policy lets through")

	again, err := s.BatchCreateSubscriptionsFilterPolices(&model.BatchCreateSubscriptionsFilterPolicesRequest{Body: policyFor(subscription, "high", "critical")})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, again.HttpStatusCode)
	require.NotNil(t, again.BatchResult)
	require.Len(t, *again.BatchResult, 1)
	require.Equal(t, []string{"high", "critical"}, s.levels(t, topic), "one policy of a name")

	unknown := topic + ":" + unknownID
	out, err := s.BatchCreateSubscriptionsFilterPolices(&model.BatchCreateSubscriptionsFilterPolicesRequest{Body: policyFor(unknown, "high")})
	require.NoError(t, err)
	missed(t, out.BatchResult, unknown)
	_, err = s.stranger(t).BatchCreateSubscriptionsFilterPolices(&model.BatchCreateSubscriptionsFilterPolicesRequest{Body: policyFor(subscription, "high")})
	refused(t, err, "APIGW.0301")
}

func batchUpdateFilterPolicies(t *testing.T, s *service) {
	topic := s.topic(t)
	_, subscription := s.confirmed(t, topic)
	s.createPolicy(t, subscription, "high")
	for range 2 {
		out, err := s.BatchUpdateSubscriptionsFilterPolices(&model.BatchUpdateSubscriptionsFilterPolicesRequest{Body: policyFor(subscription, "low")})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		done(t, out.BatchResult, subscription)
		require.Equal(t, []string{"low"}, s.levels(t, topic))
	}
	unknown := topic + ":" + unknownID
	out, err := s.BatchUpdateSubscriptionsFilterPolices(&model.BatchUpdateSubscriptionsFilterPolicesRequest{Body: policyFor(unknown, "low")})
	require.NoError(t, err)
	missed(t, out.BatchResult, unknown)
	_, err = s.stranger(t).BatchUpdateSubscriptionsFilterPolices(&model.BatchUpdateSubscriptionsFilterPolicesRequest{Body: policyFor(subscription, "high")})
	refused(t, err, "APIGW.0301")
}

func batchDeleteFilterPolicies(t *testing.T, s *service) {
	topic := s.topic(t)
	endpoint, subscription := s.confirmed(t, topic)
	s.createPolicy(t, subscription, "high")
	remove := func(subscription string) *model.BatchDeleteSubscriptionsFilterPolicesResponse {
		t.Helper()
		out, err := s.BatchDeleteSubscriptionsFilterPolices(&model.BatchDeleteSubscriptionsFilterPolicesRequest{
			Body: &model.BatchDeleteSubscriptionsFilterPolicesRequestBody{SubscriptionUrns: []string{subscription}},
		})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		return out
	}
	done(t, remove(subscription).BatchResult, subscription)
	require.Empty(t, s.levels(t, topic))
	wanted := s.publish(t, topic, leveled("low"))
	require.Equal(t, wanted, s.receiver.next(t, endpoint, notification).MessageID)

	require.Len(t, *remove(subscription).BatchResult, 1)
	require.Empty(t, s.levels(t, topic))
	missed(t, remove(topic+":"+unknownID).BatchResult, topic+":"+unknownID)
	_, err := s.stranger(t).BatchDeleteSubscriptionsFilterPolices(&model.BatchDeleteSubscriptionsFilterPolicesRequest{
		Body: &model.BatchDeleteSubscriptionsFilterPolicesRequestBody{SubscriptionUrns: []string{subscription}},
	})
	refused(t, err, "APIGW.0301")
}
