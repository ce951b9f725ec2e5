package openapi

import "tocsin/shared/wire"

func publishing() map[string]described {
	return map[string]described{
		"publish": {
			group: groupPublishing, smn: "PublishMessage", example: "publish",
			summary: "Publish a text, a structure with a text for each protocol, or a template with its tags. The message is stored when this answers; delivery follows.",
			body:    wire.PublishRequest{},
			answers: map[int]any{200: wire.PublishResponse{}},
		},
	}
}
