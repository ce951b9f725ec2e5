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
	if err := isNoDelivery(r); err != nil {
		return reply{}, err
	}
	var req wire.PublishRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := req.Input(r.PathValue("topic_urn"))
	var err error
	if in.IdempotencyKey, err = idempotencyKey(r); err != nil {
		return reply{}, err
	}
	id, err := svc.Publish(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.PublishResponse{RequestID: requestID(r), MessageID: id}), nil
}

// isNoDelivery keeps messages from going round: what a topic has sent is not
// published.
func isNoDelivery(r *http.Request) error {
	if r.Header.Get(wire.HeaderDelivery) != "" {
		return smn.Errorf(smn.Forbidden, "this request is itself a delivery of a topic (it carries %s): published, it could go round for ever", wire.HeaderDelivery)
	}
	return nil
}

// idempotencyKey is the key in the header of a request, empty when there is none.
// Whoever sends an empty one thinks that it is safe to repeat the call.
func idempotencyKey(r *http.Request) (string, error) {
	values := r.Header[wire.HeaderIdempotencyKey]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || values[0] == "":
		return "", smn.Errorf(smn.InvalidIdempotencyKey, "there must be one Idempotency-Key, and it must not be empty")
	}
	return values[0], nil
}
