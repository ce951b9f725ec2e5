package openapi

import "tocsin/shared/wire"

func users() map[string]described {
	return map[string]described{
		"create-subscription-user": {
			group: groupUsers, summary: "Add an endpoint to the address book.",
			body:    wire.SubscriptionUserRequest{},
			answers: map[int]any{201: wire.CreateSubscriptionUserResponse{}},
		},
		"list-subscription-users": {
			group: groupUsers, summary: "List the address book, in the order of adding.",
			query:   pageQuery(),
			answers: map[int]any{200: wire.ListSubscriptionUsersResponse{}},
		},
		"get-subscription-user": {
			group: groupUsers, summary: "Describe an entry of the address book.",
			answers: map[int]any{200: wire.GetSubscriptionUserResponse{}},
		},
		"update-subscription-user": {
			group: groupUsers, summary: "Replace all that an entry says. Subscriptions stay as they are.",
			body:    wire.SubscriptionUserRequest{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-subscription-user": {
			group: groupUsers, summary: "Remove an entry. Subscriptions stay as they are.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"subscribe-users": {
			group: groupUsers, summary: "Subscribe up to 50 entries to a topic. 200 when all were there.", smn: "AddSubscriptionFromSubscriptionUser",
			body:    wire.SubscribeUsersRequest{},
			answers: map[int]any{200: wire.SubscribeUsersResponse{}, 201: wire.SubscribeUsersResponse{}},
		},
	}
}
