package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateSubscriptionUser adds an endpoint to the project's address book. SMN has
// no call for subscription users but SubscribeUsers.
var CreateSubscriptionUser = Operation{
	Name:  "create-subscription-user",
	Route: "POST /v2/{project_id}/notifications/subscription-users",
	door:  ownerDoor,
	bind:  withService(createSubscriptionUser),
}

func createSubscriptionUser(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SubscriptionUserRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.CreateSubscriptionUser(r.Context(), smn.CreateSubscriptionUserInput{NewSubscriptionUser: req.User()})
	if err != nil {
		return reply{}, err
	}
	return created(wire.CreateSubscriptionUserResponse{RequestID: requestID(r), ID: id}), nil
}

// ListSubscriptionUsers lists the project's address book.
var ListSubscriptionUsers = Operation{
	Name:  "list-subscription-users",
	Route: "GET /v2/{project_id}/notifications/subscription-users",
	door:  ownerDoor,
	bind:  withService(listSubscriptionUsers),
}

func listSubscriptionUsers(r *http.Request, svc smn.Service) (reply, error) {
	_, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListSubscriptionUsers(r.Context(), smn.ListSubscriptionUsersInput{Page: page})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListSubscriptionUsersResponse{RequestID: requestID(r), SubscriptionUserCount: list.Total, SubscriptionUsers: wire.List(list.Users, wire.NewSubscriptionUser)}), nil
}

// GetSubscriptionUser describes a subscription user.
var GetSubscriptionUser = Operation{
	Name:  "get-subscription-user",
	Route: "GET /v2/{project_id}/notifications/subscription-users/{user_id}",
	door:  ownerDoor,
	bind:  withService(getSubscriptionUser),
}

func userInput(r *http.Request) smn.SubscriptionUserInput {
	return smn.SubscriptionUserInput{UserID: r.PathValue("user_id")}
}

func getSubscriptionUser(r *http.Request, svc smn.Service) (reply, error) {
	user, err := svc.GetSubscriptionUser(r.Context(), userInput(r))
	if err != nil {
		return reply{}, err
	}
	return ok(wire.GetSubscriptionUserResponse{RequestID: requestID(r), SubscriptionUser: wire.NewSubscriptionUser(user)}), nil
}

// UpdateSubscriptionUser replaces all that a subscription user says about itself.
var UpdateSubscriptionUser = Operation{
	Name:  "update-subscription-user",
	Route: "PUT /v2/{project_id}/notifications/subscription-users/{user_id}",
	door:  ownerDoor,
	bind:  withService(updateSubscriptionUser),
}

func updateSubscriptionUser(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SubscriptionUserRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.UpdateSubscriptionUserInput{SubscriptionUserInput: userInput(r), NewSubscriptionUser: req.User()}
	if err := svc.UpdateSubscriptionUser(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeleteSubscriptionUser removes a subscription user.
var DeleteSubscriptionUser = Operation{
	Name:  "delete-subscription-user",
	Route: "DELETE /v2/{project_id}/notifications/subscription-users/{user_id}",
	door:  ownerDoor,
	bind:  withService(deleteSubscriptionUser),
}

func deleteSubscriptionUser(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeleteSubscriptionUser(r.Context(), userInput(r)); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// SubscribeUsers adds up to smn.MaxBatch subscription users to a topic. SMN calls
// it AddSubscriptionFromSubscriptionUser. 201 when any is new.
var SubscribeUsers = Operation{
	Name:  "subscribe-users",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions/from-subscription-users",
	door:  ownerDoor,
	bind:  withService(subscribeUsers),
}

func subscribeUsers(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SubscribeUsersRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	outputs, err := svc.SubscribeUsers(r.Context(), smn.SubscribeUsersInput{TopicURN: r.PathValue("topic_urn"), UserIDs: req.IDs})
	if err != nil {
		return reply{}, err
	}
	response := wire.SubscribeUsersResponse{RequestID: requestID(r), Results: make([]wire.SubscribeUserResult, len(outputs))}
	anyNew := false
	for i, out := range outputs {
		result := subscribeResult(r, out)
		response.Results[i] = wire.SubscribeUserResult{
			RequestID: result.RequestID, HTTPCode: result.HTTPCode, SubscriptionURN: result.SubscriptionURN,
			ErrorCode: result.Code, ErrorMsg: result.Message, Detail: result.Detail,
		}
		anyNew = anyNew || out.Created
	}
	return newOrNot(anyNew, response), nil
}
