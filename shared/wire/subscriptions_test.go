package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

var (
	filtered = smn.SubscriptionDetail{
		Subscription: smn.Subscription{
			URN: subscriptionURN, Protocol: smn.HTTPS, Endpoint: "https://example.com/hook", Remark: "on call", Status: smn.Confirmed,
			Filters: []smn.FilterPolicy{{Name: "level", StringEquals: []string{"high", "low"}}},
		},
		HeaderNames: []string{"x-team"},
		Retry:       &smn.RetryPolicy{Delays: []int{5, 15, 45}},
		Health:      &smn.Health{Failures: 7, Since: moment, ParkedUntil: moment.Add(5 * time.Minute), Status: 503, Reason: "HTTP 503"},
		CreatedAt:   moment,
	}
	failing = smn.SubscriptionDetail{
		Subscription: smn.Subscription{URN: subscriptionURN, Protocol: smn.HTTP, Endpoint: "http://example.com/hook", Status: smn.Confirmed},
		Retry:        &smn.RetryPolicy{Delays: []int{}},
		Health:       &smn.Health{Failures: 2, Since: moment, Reason: "connection refused"},
		CreatedAt:    moment,
	}
	anna = smn.SubscriptionUser{
		ID: "87ceac6aab414942b8adb9c5dbc8fb0b", Name: "Anna", Protocol: smn.HTTPS, Endpoint: "https://example.com/hook", Remark: "on call",
		HeaderNames: []string{"x-team"}, CreatedAt: moment, UpdatedAt: moment,
	}
	annaNew = smn.NewSubscriptionUser{Name: "Anna", NewSubscription: smn.NewSubscription{
		Protocol: smn.HTTPS, Endpoint: "https://example.com/hook", Remark: "on call",
		Extension: smn.Extension{Header: map[string]string{"x-team": "ops"}},
	}}
	policies = smn.SubscriptionPolicies{SubscriptionURN: subscriptionURN.String(), Policies: filtered.Filters}
)

// goldenSubscriptions is the part of golden for calls that change subscriptions.
func goldenSubscriptions() map[string]any {
	remark := "on call"
	return map[string]any{
		"list-subscriptions-filtered-response": wire.ListSubscriptionsResponse{
			RequestID: request, SubscriptionCount: 1, Subscriptions: []wire.Subscription{wire.NewSubscriptionListed(filtered.Subscription)},
		},
		"get-subscription-response":         wire.NewGetSubscriptionResponse(request, filtered),
		"get-subscription-failing-response": wire.NewGetSubscriptionResponse(request, failing),
		"subscribe-retry-request": wire.SubscribeRequest{NewSubscription: wire.NewSubscription{
			Protocol: "http", Endpoint: "http://example.com/hook", Extension: &wire.Extension{Retry: &wire.RetryPolicy{Delays: []int{5, 15, 45}}},
		}},
		"update-subscription-request":  wire.UpdateSubscriptionRequest{Remark: &remark},
		"update-subscription-response": wire.SubscribeResponse{RequestID: request, SubscriptionURN: subscriptionURN.String()},
		"cancel-subscriptions-request": wire.CancelSubscriptionsRequest{SubscriptionURNs: []wire.CancelledSubscription{
			{SubscriptionURN: subscriptionURN.String()}, {SubscriptionURN: "x"},
		}},
		"cancel-subscriptions-response": wire.SubscribeResponse{RequestID: request, Results: []wire.SubscribeResult{
			{RequestID: request, HTTPCode: 200},
			{RequestID: request, HTTPCode: 404, Code: "SMN.0013", Message: "Subscription resource not found."},
		}},
		"filter-polices-request":        wire.FilterPolicesRequest{Polices: []wire.SubscriptionPolices{wire.NewSubscriptionPolices(policies)}},
		"delete-filter-polices-request": wire.DeleteFilterPolicesRequest{SubscriptionURNs: []string{subscriptionURN.String()}},
		"filter-polices-response": wire.FilterPolicesResponse{RequestID: request, Results: []wire.FilterPolicesResult{
			{SubscriptionURN: subscriptionURN.String()},
			{Code: "SMN.0014", Message: "Parameter: SubscriptionUrn is invalid.", SubscriptionURN: "x"},
		}},
		"subscribe-users-request": wire.SubscribeUsersRequest{IDs: []string{anna.ID, "x"}},
		"subscribe-users-response": wire.SubscribeUsersResponse{RequestID: request, Results: []wire.SubscribeUserResult{
			{RequestID: request, HTTPCode: 201, SubscriptionURN: subscriptionURN.String()},
			{RequestID: request, HTTPCode: 400, ErrorCode: "SMN.0148", ErrorMsg: "Parameter: user_id is invalid."},
		}},
		"subscription-user-request":         wire.NewSubscriptionUserRequest(annaNew),
		"create-subscription-user-response": wire.CreateSubscriptionUserResponse{RequestID: request, ID: anna.ID},
		"get-subscription-user-response":    wire.GetSubscriptionUserResponse{RequestID: request, SubscriptionUser: wire.NewSubscriptionUser(anna)},
		"list-subscription-users-response": wire.ListSubscriptionUsersResponse{
			RequestID: request, SubscriptionUserCount: 1, SubscriptionUsers: []wire.SubscriptionUser{wire.NewSubscriptionUser(anna)},
		},
	}
}

func TestSubscriptionTranslationsAreInverse(t *testing.T) {
	for _, d := range []smn.SubscriptionDetail{filtered, failing} {
		detail, err := wire.NewGetSubscriptionResponse(request, d).Detail()
		require.NoError(t, err)
		require.Equal(t, d, detail)
	}
	require.Equal(t, policies, wire.NewSubscriptionPolices(policies).Policies())
	user, err := wire.NewSubscriptionUser(anna).User()
	require.NoError(t, err)
	require.Equal(t, anna, user)
	require.Equal(t, annaNew, wire.NewSubscriptionUserRequest(annaNew).User())
}

// TestCodesWithoutStatus sees that the results of filter policies tell their
// codes.
func TestCodesWithoutStatus(t *testing.T) {
	for _, code := range []smn.Code{
		smn.InvalidFilterPolicy, smn.InvalidSubscriptionURN, smn.SubscriptionNotFound, smn.Forbidden, smn.InvalidSubscription,
	} {
		f := wire.FailureOf(code)
		require.Equal(t, code, wire.CodeOfItem(f.Code, f.Message))
	}
	require.Equal(t, smn.Internal, wire.CodeOfItem("SMN.9999", "unheard of"))
	require.Equal(t, smn.Internal, wire.CodeOfItem("SMN.0018", "Service internal error."))
}
