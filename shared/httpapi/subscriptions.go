package httpapi

import (
	"net/http"
	"strconv"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Subscribe adds one subscription, or a batch of up to smn.MaxBatch. SMN calls it
// AddSubscription. 201 when any is new, 200 when all were there.
var Subscribe = Operation{
	Name:  "subscribe",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions",
	door:  ownerDoor,
	bind:  withService(subscribe),
}

func subscribe(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SubscribeRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	// An empty list counts only when there is nothing else.
	if len(req.Subscriptions) > 0 || req.Subscriptions != nil && req.NewSubscription == (wire.NewSubscription{}) {
		return subscribeBatch(r, svc, req.Subscriptions)
	}
	out, err := svc.Subscribe(r.Context(), smn.SubscribeInput{
		TopicURN:        r.PathValue("topic_urn"),
		NewSubscription: req.NewSubscription.Subscription(),
	})
	if err != nil {
		return reply{}, err
	}
	return newOrNot(out.Created, wire.SubscribeResponse{RequestID: requestID(r), SubscriptionURN: out.URN}), nil
}

func subscribeBatch(r *http.Request, svc smn.Service, items []wire.NewSubscription) (reply, error) {
	in := smn.SubscribeBatchInput{
		TopicURN:      r.PathValue("topic_urn"),
		Subscriptions: make([]smn.NewSubscription, len(items)),
	}
	for i, item := range items {
		in.Subscriptions[i] = item.Subscription()
	}
	outputs, err := svc.SubscribeBatch(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	response := wire.SubscribeResponse{RequestID: requestID(r), Results: make([]wire.SubscribeResult, len(outputs))}
	anyNew := false
	for i, out := range outputs {
		response.Results[i] = subscribeResult(r, out)
		anyNew = anyNew || out.Created
		if response.SubscriptionURN == "" {
			response.SubscriptionURN = out.URN
		}
	}
	return newOrNot(anyNew, response), nil
}

func subscribeResult(r *http.Request, out smn.SubscribeOutput) wire.SubscribeResult {
	result := wire.SubscribeResult{RequestID: requestID(r), SubscriptionURN: out.URN, HTTPCode: http.StatusOK}
	if out.Created {
		result.HTTPCode = http.StatusCreated
	}
	if out.Err != nil {
		f, detail := explain(out.Err)
		result.HTTPCode, result.Code, result.Message, result.Detail = f.Status, f.Code, f.Message, detail
	}
	return result
}

// ListSubscriptions lists all subscriptions of the project.
var ListSubscriptions = Operation{
	Name:  "list-subscriptions",
	Route: "GET /v2/{project_id}/notifications/subscriptions",
	door:  ownerDoor,
	bind:  withService(listSubscriptions),
}

func listSubscriptions(r *http.Request, svc smn.Service) (reply, error) {
	in, err := listInput(r)
	if err != nil {
		return reply{}, err
	}
	page, err := svc.ListSubscriptions(r.Context(), in)
	return subscriptionList(r, page), err
}

// ListSubscriptionsByTopic lists the subscriptions of one topic.
var ListSubscriptionsByTopic = Operation{
	Name:  "list-subscriptions-by-topic",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions",
	door:  ownerDoor,
	bind:  withService(listSubscriptionsByTopic),
}

func listSubscriptionsByTopic(r *http.Request, svc smn.Service) (reply, error) {
	in, err := listInput(r)
	if err != nil {
		return reply{}, err
	}
	page, err := svc.ListSubscriptionsByTopic(r.Context(), smn.ListSubscriptionsByTopicInput{
		TopicURN:               r.PathValue("topic_urn"),
		ListSubscriptionsInput: in,
	})
	return subscriptionList(r, page), err
}

func listInput(r *http.Request) (smn.ListSubscriptionsInput, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return smn.ListSubscriptionsInput{}, err
	}
	filter := smn.SubscriptionFilter{
		Protocol:    smn.Protocol(query.Get("protocol")),
		Endpoint:    query.Get("endpoint"),
		FuzzyRemark: query.Get("fuzzy_remark"),
	}
	if query.Has("status") {
		status, err := strconv.Atoi(query.Get("status"))
		if err != nil {
			return smn.ListSubscriptionsInput{}, smn.Errorf(smn.InvalidStatus, "status must be a number from 0 to 4")
		}
		filter.Status = (*smn.Status)(&status)
	}
	return smn.ListSubscriptionsInput{Page: page, Marker: query.Get("marker"), SubscriptionFilter: filter}, nil
}

func subscriptionList(r *http.Request, page smn.SubscriptionPage) reply {
	return ok(wire.ListSubscriptionsResponse{RequestID: requestID(r), SubscriptionCount: page.Total, Subscriptions: wire.List(page.Subscriptions, wire.NewSubscriptionListed)})
}

// GetSubscription describes a subscription. SMN has no such call.
var GetSubscription = Operation{
	Name:  "get-subscription",
	Route: "GET /v2/{project_id}/notifications/subscriptions/{subscription_urn}",
	door:  ownerDoor,
	bind:  withService(getSubscription),
}

func getSubscription(r *http.Request, svc smn.Service) (reply, error) {
	detail, err := svc.GetSubscription(r.Context(), smn.SubscriptionInput{SubscriptionURN: r.PathValue("subscription_urn")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.NewGetSubscriptionResponse(requestID(r), detail)), nil
}

// UpdateSubscription gives a subscription another remark.
var UpdateSubscription = Operation{
	Name:  "update-subscription",
	Route: "PUT /v2/{project_id}/notifications/topics/{topic_urn}/subscriptions/{subscription_urn}",
	door:  ownerDoor,
	bind:  withService(updateSubscription),
}

func updateSubscription(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.UpdateSubscriptionRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	if req.Remark == nil {
		return reply{}, smn.Errorf(smn.InvalidRemark, "remark is missing")
	}
	in := smn.UpdateSubscriptionInput{TopicSubscriptionInput: topicSubscription(r), Remark: *req.Remark}
	if err := svc.UpdateSubscription(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.SubscribeResponse{RequestID: requestID(r), SubscriptionURN: in.SubscriptionURN}), nil
}

func topicSubscription(r *http.Request) smn.TopicSubscriptionInput {
	return smn.TopicSubscriptionInput{TopicURN: r.PathValue("topic_urn"), SubscriptionURN: r.PathValue("subscription_urn")}
}

// SendConfirmation sends a confirmation again. SMN has no such call.
var SendConfirmation = Operation{
	Name:  "send-confirmation",
	Route: "POST /v2/{project_id}/notifications/subscriptions/{subscription_urn}/confirmation",
	door:  ownerDoor,
	bind:  withService(sendConfirmation),
}

func sendConfirmation(r *http.Request, svc smn.Service) (reply, error) {
	in := smn.SubscriptionInput{SubscriptionURN: r.PathValue("subscription_urn")}
	if err := svc.SendConfirmation(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
