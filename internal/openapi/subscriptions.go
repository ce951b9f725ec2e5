package openapi

import "tocsin/shared/wire"

func subscriptions() map[string]described {
	const group = "Subscriptions"
	marker := parameter{name: "marker", about: "The URN of the last subscription seen; the page begins behind it. Beyond SMN."}
	return map[string]described{
		"subscribe": {
			group: group, summary: "Add a subscription, or a batch of them. 200 when all were there.",
			body:    wire.SubscribeRequest{},
			answers: map[int]any{200: wire.SubscribeResponse{}, 201: wire.SubscribeResponse{}}, errors: smnErrors,
		},
		"list-subscriptions": {
			group: group, summary: "List the subscriptions of the project, in the order of adding.",
			query:   pageQuery(marker),
			answers: map[int]any{200: wire.ListSubscriptionsResponse{}}, errors: smnErrors,
		},
		"list-subscriptions-by-topic": {
			group: group, summary: "List the subscriptions of a topic, in the order of adding.",
			query:   pageQuery(marker),
			answers: map[int]any{200: wire.ListSubscriptionsResponse{}}, errors: smnErrors,
		},
		"cancel-subscription": {
			group: group, summary: "Remove a subscription.",
			answers: map[int]any{200: wire.Answer{}}, errors: smnErrors,
		},
	}
}
