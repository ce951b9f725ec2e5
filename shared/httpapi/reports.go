package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListMessages lists the messages of a topic. SMN has no such call.
var ListMessages = Operation{
	Name:  "list-messages",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/messages",
	door:  ownerDoor,
	bind:  withService(listMessages),
}

func listMessages(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListMessages(r.Context(), smn.ListMessagesInput{
		TopicURN: r.PathValue("topic_urn"), Limit: page.Limit, Marker: query.Get("marker"),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListMessagesResponse{RequestID: requestID(r), Messages: wire.List(list, wire.NewPublishedMessage)}), nil
}

// GetMessageReport tells how the delivery of a message stands. SMN has no such call.
var GetMessageReport = Operation{
	Name:  "get-message-report",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/messages/{message_id}",
	door:  ownerDoor,
	bind:  withService(getMessageReport),
}

func getMessageReport(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	in := smn.MessageReportInput{
		TopicURN: r.PathValue("topic_urn"), MessageID: r.PathValue("message_id"), Limit: page.Limit, Marker: query.Get("marker"),
	}
	report, err := svc.GetMessageReport(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.NewMessageReport(requestID(r), in.TopicURN, report)), nil
}
