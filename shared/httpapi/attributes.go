package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListTopicAttributes gives one attribute of a topic by name, or all. One that is
// not set is an empty text.
var ListTopicAttributes = Operation{
	Name:  "list-topic-attributes",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/attributes",
	door:  ownerDoor,
	bind:  withService(listTopicAttributes),
}

func listTopicAttributes(r *http.Request, svc smn.Service) (reply, error) {
	query, err := queryOf(r)
	if err != nil {
		return reply{}, err
	}
	attributes, err := svc.ListTopicAttributes(r.Context(), smn.ListTopicAttributesInput{
		TopicURN: r.PathValue("topic_urn"),
		Name:     smn.AttributeName(query.Get("name")),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListTopicAttributesResponse{RequestID: requestID(r), Attributes: wire.NewTopicAttributes(attributes)}), nil
}

// UpdateTopicAttribute sets an attribute; an empty value takes it away.
var UpdateTopicAttribute = Operation{
	Name:  "update-topic-attribute",
	Route: "PUT /v2/{project_id}/notifications/topics/{topic_urn}/attributes/{name}",
	door:  ownerDoor,
	bind:  withService(updateTopicAttribute),
}

func updateTopicAttribute(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.UpdateTopicAttributeRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	if req.Value == nil {
		return reply{}, smn.Errorf(smn.InvalidParameter, "value is missing; an empty one takes the attribute away")
	}
	err := svc.UpdateTopicAttribute(r.Context(), smn.UpdateTopicAttributeInput{
		TopicURN: r.PathValue("topic_urn"),
		Name:     smn.AttributeName(r.PathValue("name")),
		Value:    *req.Value,
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeleteTopicAttribute takes one attribute away. SMN calls it
// DeleteTopicAttributeByName.
var DeleteTopicAttribute = Operation{
	Name:  "delete-topic-attribute",
	Route: "DELETE /v2/{project_id}/notifications/topics/{topic_urn}/attributes/{name}",
	door:  ownerDoor,
	bind:  withService(deleteTopicAttribute),
}

func deleteTopicAttribute(r *http.Request, svc smn.Service) (reply, error) {
	err := svc.DeleteTopicAttribute(r.Context(), smn.TopicAttributeInput{
		TopicURN: r.PathValue("topic_urn"),
		Name:     smn.AttributeName(r.PathValue("name")),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeleteTopicAttributes takes all attributes of a topic away.
var DeleteTopicAttributes = Operation{
	Name:  "delete-topic-attributes",
	Route: "DELETE /v2/{project_id}/notifications/topics/{topic_urn}/attributes",
	door:  ownerDoor,
	bind:  withService(deleteTopicAttributes),
}

func deleteTopicAttributes(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeleteTopicAttributes(r.Context(), smn.TopicInput{TopicURN: r.PathValue("topic_urn")}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
