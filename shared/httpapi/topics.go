package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateTopic answers 201 for a new topic and 200 for one that was there.
var CreateTopic = Operation{
	Name:  "create-topic",
	Route: "POST /v2/{project_id}/notifications/topics",
	door:  ownerDoor,
	bind:  withService(createTopic),
}

func createTopic(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.CreateTopicRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	out, err := svc.CreateTopic(r.Context(), smn.CreateTopicInput{
		Name:                req.Name,
		DisplayName:         req.DisplayName,
		EnterpriseProjectID: req.EnterpriseProjectID,
	})
	if err != nil {
		return reply{}, err
	}
	return newOrNot(out.Created, wire.CreateTopicResponse{RequestID: requestID(r), TopicURN: out.URN}), nil
}

// ListTopics lists the topics of the project, newest first.
var ListTopics = Operation{
	Name:  "list-topics",
	Route: "GET /v2/{project_id}/notifications/topics",
	door:  ownerDoor,
	bind:  withService(listTopics),
}

func listTopics(r *http.Request, svc smn.Service) (reply, error) {
	in, err := listTopicsInput(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListTopics(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListTopicsResponse{RequestID: requestID(r), TopicCount: list.Total, Topics: wire.List(list.Topics, wire.NewTopic)}), nil
}

// listTopicsInput reads what the lists of topics are asked for.
func listTopicsInput(r *http.Request) (smn.ListTopicsInput, error) {
	query, page, err := pageOf(r)
	return smn.ListTopicsInput{
		Page:                page,
		Name:                query.Get("name"),
		FuzzyName:           query.Get("fuzzy_name"),
		TopicID:             query.Get("topic_id"),
		FuzzyDisplayName:    query.Get("fuzzy_display_name"),
		EnterpriseProjectID: query.Get("enterprise_project_id"),
		Marker:              query.Get("marker"),
	}, err
}

// GetTopic describes one topic. SMN calls it ListTopicDetails.
var GetTopic = Operation{
	Name:  "get-topic",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}",
	door:  ownerDoor,
	bind:  withService(getTopic),
}

func getTopic(r *http.Request, svc smn.Service) (reply, error) {
	topic, err := svc.GetTopic(r.Context(), smn.TopicInput{TopicURN: r.PathValue("topic_urn")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.GetTopicResponse{RequestID: requestID(r), Topic: wire.NewTopic(topic)}), nil
}

// UpdateTopic changes the display name of a topic.
var UpdateTopic = Operation{
	Name:  "update-topic",
	Route: "PUT /v2/{project_id}/notifications/topics/{topic_urn}",
	door:  ownerDoor,
	bind:  withService(updateTopic),
}

func updateTopic(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.UpdateTopicRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.UpdateTopicInput{TopicURN: r.PathValue("topic_urn"), DisplayName: req.DisplayName}
	if err := svc.UpdateTopic(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.UpdateTopicResponse{RequestID: requestID(r), TopicURN: in.TopicURN}), nil
}

// DeleteTopic removes a topic and its subscriptions.
var DeleteTopic = Operation{
	Name:  "delete-topic",
	Route: "DELETE /v2/{project_id}/notifications/topics/{topic_urn}",
	door:  ownerDoor,
	bind:  withService(deleteTopic),
}

func deleteTopic(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeleteTopic(r.Context(), smn.TopicInput{TopicURN: r.PathValue("topic_urn")}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
