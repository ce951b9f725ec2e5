package compat

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var subscriptions = scenarios{
	"AddSubscription":                     addSubscription,
	"ListSubscriptions":                   listSubscriptions,
	"ListSubscriptionsByTopic":            listSubscriptionsByTopic,
	"CancelSubscription":                  cancelSubscription,
	"UpdateSubscription":                  updateSubscription,
	"DeleteSubscriptionsByTopic":          deleteSubscriptionsByTopic,
	"BatchDeleteSubscriptions":            batchDeleteSubscriptions,
	"BatchDeleteSubscriptionsByTopic":     batchDeleteSubscriptionsByTopic,
	"AddSubscriptionFromSubscriptionUser": addSubscriptionFromSubscriptionUser,
}

// The states of a subscription.
const (
	unconfirmed  = 0
	confirmed    = 1
	unsubscribed = 3
)

func addSubscription(t *testing.T, s *service) {
	topic := s.topic(t)
	add := func(topic string, body model.AddSubscriptionRequestBody) (*model.AddSubscriptionResponse, error) {
		return s.AddSubscription(&model.AddSubscriptionRequest{TopicUrn: topic, Body: &body})
	}
	mail := model.AddSubscriptionRequestBody{Protocol: "email", Endpoint: "ops@example.com", Remark: new(strings.Repeat("a", 128))}
	out, err := add(topic, mail)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Regexp(t, "^"+topic+":[0-9a-f]{32}$", text(t, out.SubscriptionUrn))

	again, err := add(topic, mail)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, again.HttpStatusCode)
	require.Equal(t, out.SubscriptionUrn, again.SubscriptionUrn)

	// The SDK sends protocol and endpoint with a batch too, as empty texts.
	endpoint := s.receiver.endpoint()
	batch, err := add(topic, model.AddSubscriptionRequestBody{Subscriptions: &[]model.BatchAddSubscriptionsRequestBody{
		{Protocol: "http", Endpoint: endpoint, Extension: &model.SubscriptionExtension{Header: map[string]string{"x-team": "ops on call"}}},
		{Protocol: "sms", Endpoint: "+8613600000001", Remark: new("on call")},
	}})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, batch.HttpStatusCode)
	s.receiver.next(t, endpoint, confirmation)
	all := s.subscriptions(t, topic)
	require.Len(t, all, 3)
	require.Equal(t, all[1].SubscriptionUrn, text(t, batch.SubscriptionUrn), "the first of a batch")

	_, err = add(topic, model.AddSubscriptionRequestBody{Protocol: "pigeon", Endpoint: "ops@example.com"})
	refused(t, err, "SMN.0011")
	_, err = add(topic, model.AddSubscriptionRequestBody{Protocol: "https", Endpoint: "http://example.com/"})
	refused(t, err, "SMN.0012")
	_, err = add(topic, model.AddSubscriptionRequestBody{Protocol: "email", Endpoint: "dev@example.com", Remark: new(strings.Repeat("a", 129))})
	refused(t, err, "SMN.0082", "SMN.0017")
	_, err = add(nowhere(), mail)
	refused(t, err, "SMN.0006")
	_, err = add(malformed, mail)
	refused(t, err, "SMN.0005")
	require.Equal(t, all, s.subscriptions(t, topic), "what was refused changes nothing")
}

// everySubscription reads the list of the project page by page and gives what
// belongs to a topic.
func (s *service) everySubscription(t *testing.T, topic string) (found []model.ListSubscriptionsItem) {
	t.Helper()
	for offset := int32(0); ; offset += 100 {
		out, err := s.ListSubscriptions(&model.ListSubscriptionsRequest{Offset: &offset, Limit: new(int32(100))})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.SubscriptionCount)
		require.NotNil(t, out.Subscriptions)
		if len(*out.Subscriptions) == 0 {
			return found
		}
		for _, item := range *out.Subscriptions {
			if item.TopicUrn == topic {
				found = append(found, item)
			}
		}
	}
}

func listSubscriptions(t *testing.T, s *service) {
	topic := s.topic(t)
	address := newName() + "@example.com"
	out, err := s.AddSubscription(&model.AddSubscriptionRequest{
		TopicUrn: topic,
		Body:     &model.AddSubscriptionRequestBody{Protocol: "email", Endpoint: address, Remark: new("remark of " + address)},
	})
	require.NoError(t, err)
	endpoint, second := s.confirmed(t, topic)

	all := s.everySubscription(t, topic)
	require.Equal(t, []model.ListSubscriptionsItem{
		{TopicUrn: topic, SubscriptionUrn: text(t, out.SubscriptionUrn), Protocol: "email", Endpoint: address, Owner: project, Remark: "remark of " + address, Status: unconfirmed},
		{TopicUrn: topic, SubscriptionUrn: second, Protocol: "http", Endpoint: endpoint, Owner: project, Status: confirmed},
	}, withoutPolicies(all), "in the order of adding")
	require.Equal(t, all, s.everySubscription(t, topic))

	for _, limit := range []int32{0, 101} {
		_, err = s.ListSubscriptions(&model.ListSubscriptionsRequest{Limit: &limit})
		refused(t, err, "SMN.0015")
	}

	t.Run("Filters", func(t *testing.T) {
		one := func(req model.ListSubscriptionsRequest) string {
			t.Helper()
			out, err := s.ListSubscriptions(&req)
			require.NoError(t, err)
			require.NotNil(t, out.Subscriptions)
			require.Len(t, *out.Subscriptions, 1)
			return (*out.Subscriptions)[0].SubscriptionUrn
		}
		require.Equal(t, second, one(model.ListSubscriptionsRequest{Endpoint: &endpoint}))
		require.Equal(t, second, one(model.ListSubscriptionsRequest{Endpoint: &endpoint, Protocol: new("http"), Status: new(int32(confirmed))}))
		require.Equal(t, all[0].SubscriptionUrn, one(model.ListSubscriptionsRequest{FuzzyRemark: new("remark of " + address)}))
		none, err := s.ListSubscriptions(&model.ListSubscriptionsRequest{Endpoint: &endpoint, Protocol: new("email")})
		require.NoError(t, err)
		require.NotNil(t, none.Subscriptions)
		require.Empty(t, *none.Subscriptions)
		_, err = s.ListSubscriptions(&model.ListSubscriptionsRequest{Status: new(int32(5))})
		refused(t, err, "SMN.0077")
	})
}

// withoutPolicies leaves out the filter policies, which may be missing or empty
// where there are none.
func withoutPolicies(items []model.ListSubscriptionsItem) []model.ListSubscriptionsItem {
	items = slices.Clone(items)
	for n := range items {
		items[n].FilterPolices = nil
	}
	return items
}

func listSubscriptionsByTopic(t *testing.T, s *service) {
	topic := s.topic(t)
	list := func(t *testing.T, req model.ListSubscriptionsByTopicRequest) []string {
		t.Helper()
		req.TopicUrn = topic
		out, err := s.ListSubscriptionsByTopic(&req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.SubscriptionCount)
		require.NotNil(t, out.Subscriptions)
		endpoints := []string{}
		for _, item := range *out.Subscriptions {
			endpoints = append(endpoints, item.Endpoint)
		}
		return endpoints
	}
	require.Empty(t, list(t, model.ListSubscriptionsByTopicRequest{}))
	for _, name := range []string{"a", "b", "c"} {
		_, err := s.AddSubscription(&model.AddSubscriptionRequest{
			TopicUrn: topic,
			Body:     &model.AddSubscriptionRequestBody{Protocol: "email", Endpoint: name + "@example.com", Remark: new("mail of " + name)},
		})
		require.NoError(t, err)
	}
	for range 2 {
		require.Equal(t, []string{"a@example.com", "b@example.com", "c@example.com"}, list(t, model.ListSubscriptionsByTopicRequest{}))
	}
	require.Equal(t, []string{"b@example.com"}, list(t, model.ListSubscriptionsByTopicRequest{Offset: new(int32(1)), Limit: new(int32(1))}))
	require.Empty(t, list(t, model.ListSubscriptionsByTopicRequest{Offset: new(int32(3))}))
	item := s.subscriptions(t, topic)[0]
	require.Equal(t, topic, item.TopicUrn)
	require.True(t, strings.HasPrefix(item.SubscriptionUrn, topic+":"), item.SubscriptionUrn)
	require.Equal(t, "email", item.Protocol)
	require.Equal(t, project, item.Owner)
	require.Equal(t, "mail of a", item.Remark)
	require.EqualValues(t, unconfirmed, item.Status)

	_, err := s.ListSubscriptionsByTopic(&model.ListSubscriptionsByTopicRequest{TopicUrn: topic, Limit: new(int32(101))})
	refused(t, err, "SMN.0015")
	_, err = s.ListSubscriptionsByTopic(&model.ListSubscriptionsByTopicRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")

	t.Run("Filters", func(t *testing.T) {
		require.Equal(t, []string{"b@example.com"}, list(t, model.ListSubscriptionsByTopicRequest{FuzzyRemark: new("mail of b")}))
		require.Empty(t, list(t, model.ListSubscriptionsByTopicRequest{FuzzyRemark: new("nobody's")}))
	})
}

func cancelSubscription(t *testing.T, s *service) {
	topic := s.topic(t)
	subscription := s.subscribe(t, topic, "email", "ops@example.com")
	out, err := s.CancelSubscription(&model.CancelSubscriptionRequest{SubscriptionUrn: subscription})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Empty(t, s.subscriptions(t, topic))

	_, err = s.CancelSubscription(&model.CancelSubscriptionRequest{SubscriptionUrn: subscription})
	refused(t, err, "SMN.0013")
	_, err = s.CancelSubscription(&model.CancelSubscriptionRequest{SubscriptionUrn: topic + ":x"})
	refused(t, err, "SMN.0014")
}

func updateSubscription(t *testing.T, s *service) {
	topic := s.topic(t)
	subscription := s.subscribe(t, topic, "email", "ops@example.com")
	update := func(topic, subscription, remark string) (*model.UpdateSubscriptionResponse, error) {
		return s.UpdateSubscription(&model.UpdateSubscriptionRequest{
			TopicUrn: topic, SubscriptionUrn: subscription, Body: &model.UpdateSubscriptionRequestBody{Remark: remark},
		})
	}
	for range 2 {
		out, err := update(topic, subscription, "on call")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, subscription, text(t, out.SubscriptionUrn))
		require.Equal(t, "on call", s.subscriptions(t, topic)[0].Remark)
	}
	_, err := update(topic, subscription, strings.Repeat("a", 129))
	refused(t, err, "SMN.0082", "SMN.0017")
	require.Equal(t, "on call", s.subscriptions(t, topic)[0].Remark)
	_, err = update(topic, topic+":"+unknownID, "on call")
	refused(t, err, "SMN.0013")
	_, err = update(topic, topic+":x", "on call")
	refused(t, err, "SMN.0014")
}

func deleteSubscriptionsByTopic(t *testing.T, s *service) {
	topic := s.topic(t)
	subscription := s.subscribe(t, topic, "email", "ops@example.com")
	remove := func(subscription string) (*model.DeleteSubscriptionsByTopicResponse, error) {
		return s.DeleteSubscriptionsByTopic(&model.DeleteSubscriptionsByTopicRequest{TopicUrn: topic, SubscriptionUrn: subscription})
	}
	out, err := remove(subscription)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Empty(t, s.subscriptions(t, topic))

	_, err = remove(subscription)
	refused(t, err, "SMN.0013")
	_, err = remove(topic + ":x")
	refused(t, err, "SMN.0014")
}

// removed checks the items of a batch delete: one of each status, in order.
func removed(t *testing.T, items *[]model.BatchDeleteSubscriptionsResponseItemInfo, statuses ...int) {
	t.Helper()
	require.NotNil(t, items)
	require.Len(t, *items, len(statuses))
	for n, status := range statuses {
		item := (*items)[n]
		require.EqualValues(t, status, item.HttpCode)
		id(t, &item.RequestId)
		if status == http.StatusNotFound {
			require.Equal(t, "SMN.0013", text(t, item.Code))
			require.Equal(t, refusals["SMN.0013"].message, text(t, item.Message))
		}
	}
}

func batchDeleteSubscriptions(t *testing.T, s *service) {
	topic, other := s.topic(t), s.topic(t)
	body := model.BatchDeleteSubscriptionsRequestBody{SubscriptionUrns: []model.BatchDeleteSubscriptionsRequestItemInfo{
		{SubscriptionUrn: s.subscribe(t, topic, "email", "a@example.com")},
		{SubscriptionUrn: topic + ":" + unknownID},
		{SubscriptionUrn: s.subscribe(t, other, "email", "b@example.com")},
	}}
	out, err := s.BatchDeleteSubscriptions(&model.BatchDeleteSubscriptionsRequest{Body: &body})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	removed(t, out.SubscriptionsResult, http.StatusOK, http.StatusNotFound, http.StatusOK)
	require.Empty(t, s.subscriptions(t, topic))
	require.Empty(t, s.subscriptions(t, other))

	again, err := s.BatchDeleteSubscriptions(&model.BatchDeleteSubscriptionsRequest{Body: &body})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, again.HttpStatusCode)
	removed(t, again.SubscriptionsResult, http.StatusNotFound, http.StatusNotFound, http.StatusNotFound)

	_, err = s.stranger(t).BatchDeleteSubscriptions(&model.BatchDeleteSubscriptionsRequest{Body: &body})
	refused(t, err, "APIGW.0301")
}

func batchDeleteSubscriptionsByTopic(t *testing.T, s *service) {
	topic := s.topic(t)
	body := model.BatchDeleteSubscriptionsRequestBody{SubscriptionUrns: []model.BatchDeleteSubscriptionsRequestItemInfo{
		{SubscriptionUrn: topic + ":" + unknownID},
		{SubscriptionUrn: s.subscribe(t, topic, "email", "a@example.com")},
	}}
	remove := func(topic string) (*model.BatchDeleteSubscriptionsByTopicResponse, error) {
		return s.BatchDeleteSubscriptionsByTopic(&model.BatchDeleteSubscriptionsByTopicRequest{TopicUrn: topic, Body: &body})
	}
	out, err := remove(topic)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	removed(t, out.SubscriptionsResult, http.StatusNotFound, http.StatusOK)
	require.Empty(t, s.subscriptions(t, topic))

	again, err := remove(topic)
	require.NoError(t, err)
	removed(t, again.SubscriptionsResult, http.StatusNotFound, http.StatusNotFound)

	_, err = remove(nowhere())
	refused(t, err, "SMN.0006")
}

// The v2 API cannot make subscription users, so each id is one that is not known.
func addSubscriptionFromSubscriptionUser(t *testing.T, s *service) {
	topic := s.topic(t)
	add := func(topic string) (*model.AddSubscriptionFromSubscriptionUserResponse, error) {
		return s.AddSubscriptionFromSubscriptionUser(&model.AddSubscriptionFromSubscriptionUserRequest{
			TopicUrn: topic, Body: &model.AddSubscriptionFromSubscriptionUserRequestBody{Ids: []string{unknownID}},
		})
	}
	for range 2 {
		out, err := add(topic)
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusOK, http.StatusCreated}, out.HttpStatusCode)
		require.NotNil(t, out.SubscriptionsResult)
		require.Len(t, *out.SubscriptionsResult, 1)
		item := (*out.SubscriptionsResult)[0]
		require.GreaterOrEqual(t, item.HttpCode, int32(http.StatusBadRequest))
		id(t, &item.RequestId)
		require.NotEmpty(t, text(t, item.ErrorCode))
		require.NotEmpty(t, text(t, item.ErrorMsg))
		require.Empty(t, s.subscriptions(t, topic))
	}
	_, err := add(nowhere())
	refused(t, err, "SMN.0006")
	_, err = add(malformed)
	refused(t, err, "SMN.0005")
}
