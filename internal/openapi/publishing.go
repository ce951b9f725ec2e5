package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func publishing() map[string]described {
	return map[string]described{
		"publish": {
			group: groupPublishing, smn: "PublishMessage", example: "publish",
			summary: "Publish a text, a structure with a text for each protocol, or a template with its tags. The message is stored when this answers; delivery follows.",
			header: []parameter{{
				name:   wire.HeaderIdempotencyKey,
				about:  "A text of the caller's own for this message. Within 24 hours a call that repeats an earlier one with its key is answered like that and sends nothing; with another message it is 409 SMN.00409. Beyond SMN.",
				schema: openapi3.NewStringSchema().WithMinLength(1).WithMaxLength(smn.MaxIdempotencyKey),
			}},
			body:    wire.PublishRequest{},
			answers: map[int]any{200: wire.PublishResponse{}},
		},
		"publish-alerts": {
			group: groupPublishing, example: "publish-alerts", who: keyHolder,
			summary: "Publish a group of alerts as a webhook of Prometheus Alertmanager or Grafana sends it. The same alerts in the same states are published once in 24 hours. Beyond SMN.",
			body:    wire.AlertsRequest{},
			answers: map[int]any{200: wire.AlertsResponse{}},
		},
	}
}
