package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func subscriptions() map[string]described {
	list := pageQuery(
		parameter{name: "protocol", about: "The exact protocol."},
		parameter{
			name: "status", about: status + " 4 finds nothing: what is deleted is gone.",
			schema: openapi3.NewIntegerSchema().WithMin(float64(smn.Unconfirmed)).WithMax(float64(smn.Deleted)),
		},
		parameter{name: "endpoint", about: "The exact endpoint."},
		parameter{name: "fuzzy_remark", about: "A part of the remark."},
		parameter{name: "marker", about: "The URN of the last subscription seen; the page begins behind it, whatever offset says. Beyond SMN."},
	)
	cancelled := map[int]any{200: wire.SubscribeResponse{}}
	return map[string]described{
		"subscribe": {
			group: groupSubscriptions, summary: "Add a subscription, or up to 50 at once. 200 when all were there.", smn: "AddSubscription", example: "subscribe",
			body:    wire.SubscribeRequest{},
			answers: map[int]any{200: wire.SubscribeResponse{}, 201: wire.SubscribeResponse{}},
		},
		"list-subscriptions": {
			group: groupSubscriptions, summary: "List the subscriptions of the project, in the order of adding.", example: "list-subscriptions",
			query:   list,
			answers: map[int]any{200: wire.ListSubscriptionsResponse{}},
		},
		"list-subscriptions-by-topic": {
			group: groupSubscriptions, summary: "List the subscriptions of a topic, in the order of adding.", example: "list-subscriptions",
			query:   list,
			answers: map[int]any{200: wire.ListSubscriptionsResponse{}},
		},
		"get-subscription": {
			group: groupSubscriptions, summary: "Describe a subscription. Beyond SMN.",
			answers: map[int]any{200: wire.GetSubscriptionResponse{}},
		},
		"update-subscription": {
			group: groupSubscriptions, summary: "Give a subscription another remark.",
			body:    wire.UpdateSubscriptionRequest{},
			answers: map[int]any{200: wire.SubscribeResponse{}},
		},
		"send-confirmation": {
			group: groupSubscriptions, summary: "Send the confirmation of a subscription again. Beyond SMN.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"cancel-subscription": {
			group: groupSubscriptions, summary: "Remove a subscription.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"cancel-subscription-by-topic": {
			group: groupSubscriptions, summary: "Remove a subscription of this topic.", smn: "DeleteSubscriptionsByTopic",
			answers: map[int]any{200: wire.Answer{}},
		},
		"cancel-subscriptions": {
			group: groupSubscriptions, summary: "Remove up to 100 subscriptions at once.", smn: "BatchDeleteSubscriptions",
			body: wire.CancelSubscriptionsRequest{}, answers: cancelled,
		},
		"cancel-subscriptions-by-topic": {
			group: groupSubscriptions, summary: "Remove up to 100 subscriptions of this topic at once.", smn: "BatchDeleteSubscriptionsByTopic",
			body: wire.CancelSubscriptionsRequest{}, answers: cancelled,
		},
	}
}
