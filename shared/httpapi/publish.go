package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Publish answers once the message is stored and queued; delivery follows on its
// own time. SMN calls it PublishMessage.
var Publish = Operation{
	Name:  "publish",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/publish",
	door:  ownerDoor,
	bind:  withService(publish),
}

func publish(r *http.Request, svc smn.Service) (reply, error) {
	if r.Header.Get(wire.HeaderDelivery) != "" {
		return reply{}, smn.Errorf(smn.Forbidden, "this request is itself a delivery of a topic (it carries %s): published, it could go round for ever", wire.HeaderDelivery)
	}
	var req wire.PublishRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.Publish(r.Context(), req.Input(r.PathValue("topic_urn")))
	if err != nil {
		return reply{}, err
	}
	return ok(wire.PublishResponse{RequestID: requestID(r), MessageID: id}), nil
}
