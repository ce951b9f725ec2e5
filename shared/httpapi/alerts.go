package httpapi

import (
	"net/http"

	"tocsin/shared/notice"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// PublishAlerts takes what Prometheus Alertmanager and Grafana send to a webhook,
// and publishes it in words. A group of which nothing is new is published once.
// SMN has no such thing.
var PublishAlerts = Operation{
	Name:  "publish-alerts",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/alerts",
	door:  alertDoor,
	bind:  withService(publishAlerts),
}

// Publishes says whether the operation of that name publishes a message to a topic
// when it succeeds: observers count these.
func Publishes(operation string) bool {
	return operation == Publish.Name || operation == PublishAlerts.Name
}

func publishAlerts(r *http.Request, svc smn.Service) (reply, error) {
	if err := isNoDelivery(r); err != nil {
		return reply{}, err
	}
	var req wire.AlertsRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	body, err := bodyOf(r)
	if err != nil {
		return reply{}, err
	}
	n, err := notice.FromAlerts(req, body)
	if err != nil {
		return reply{}, err
	}
	id, err := svc.Publish(r.Context(), n.Input(r.PathValue("topic_urn")))
	if smn.CodeOf(err) == smn.IdempotencyKeyUsed {
		err = nil // published before, with other values in the words: senders must not try again
	}
	if err != nil {
		return reply{}, err
	}
	return ok(wire.AlertsResponse{RequestID: requestID(r), MessageID: id}), nil
}
