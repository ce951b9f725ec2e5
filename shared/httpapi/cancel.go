package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CancelSubscription removes a subscription.
var CancelSubscription = Operation{
	Name:  "cancel-subscription",
	Route: "DELETE /v2/{project_id}/notifications/subscriptions/{subscription_urn}",
	door:  ownerDoor,
	bind:  withService(cancelSubscription),
}

func cancelSubscription(r *http.Request, svc smn.Service) (reply, error) {
	in := smn.SubscriptionInput{SubscriptionURN: r.PathValue("subscription_urn")}
	if err := svc.CancelSubscription(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// CancelSubscriptionByTopic removes a subscription of this topic. SMN calls it
// DeleteSubscriptionsByTopic.
var CancelSubscriptionByTopic = Operation{
	Name:  "cancel-subscription-by-topic",
	Route: "DELETE /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions/{subscription_urn}",
	door:  ownerDoor,
	bind:  withService(cancelSubscriptionByTopic),
}

func cancelSubscriptionByTopic(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.CancelSubscriptionByTopic(r.Context(), topicSubscription(r)); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// CancelSubscriptions removes up to smn.MaxCancelBatch subscriptions, which stand
// in the body. SMN calls it BatchDeleteSubscriptions.
var CancelSubscriptions = Operation{
	Name:  "cancel-subscriptions",
	Route: "DELETE /v2/{project_id}/notifications/subscriptions",
	door:  ownerDoor,
	bind:  withService(cancelSubscriptions),
}

// CancelSubscriptionsByTopic does the same for those of one topic. SMN calls it
// BatchDeleteSubscriptionsByTopic.
var CancelSubscriptionsByTopic = Operation{
	Name:  "cancel-subscriptions-by-topic",
	Route: "DELETE /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions",
	door:  ownerDoor,
	bind:  withService(cancelSubscriptions),
}

func cancelSubscriptions(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.CancelSubscriptionsRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.CancelSubscriptionsInput{
		TopicURN:         r.PathValue("topic_urn"),
		SubscriptionURNs: make([]string, len(req.SubscriptionURNs)),
	}
	for i, s := range req.SubscriptionURNs {
		in.SubscriptionURNs[i] = s.SubscriptionURN
	}
	errs, err := svc.CancelSubscriptions(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	results := make([]wire.SubscribeResult, len(errs))
	for i, err := range errs {
		results[i] = subscribeResult(r, smn.SubscribeOutput{Err: err})
	}
	return ok(wire.SubscribeResponse{RequestID: requestID(r), Results: results}), nil
}
