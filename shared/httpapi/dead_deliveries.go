package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListDeadDeliveries lists the deliveries of a topic that were given up. SMN has no
// such call.
var ListDeadDeliveries = Operation{
	Name:  "list-dead-deliveries",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/dead-deliveries",
	door:  ownerDoor,
	bind:  withService(listDeadDeliveries),
}

func listDeadDeliveries(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListDeadDeliveries(r.Context(), smn.ListDeadDeliveriesInput{
		TopicURN: r.PathValue("topic_urn"), Limit: page.Limit,
		DeadFilter: smn.DeadFilter{
			MessageID: query.Get("message_id"), SubscriptionURN: query.Get("subscription_urn"), Marker: query.Get("marker"),
		},
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListDeadDeliveriesResponse{RequestID: requestID(r), DeadDeliveries: wire.List(list, wire.NewDeadDelivery)}), nil
}

// Redeliver attempts dead deliveries once more. SMN has no such call.
var Redeliver = Operation{
	Name:  "redeliver",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/dead-deliveries/redeliver",
	door:  ownerDoor,
	bind:  withService(redeliver),
}

func redeliver(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.RedeliverRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	out, err := svc.Redeliver(r.Context(), smn.RedeliverInput{TopicURN: r.PathValue("topic_urn"), DeadFilter: req.Filter()})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.RedeliverResponse{RequestID: requestID(r), Redelivered: out.Redelivered, Marker: out.Marker}), nil
}
