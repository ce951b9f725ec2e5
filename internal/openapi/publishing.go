package openapi

import "tocsin/shared/wire"

func publishing() map[string]described {
	return map[string]described{
		"publish": {
			group: "Publishing", summary: "Send a message to the subscribers of a topic. It is stored when this answers; delivery follows.",
			body:    wire.PublishRequest{},
			answers: map[int]any{200: wire.PublishResponse{}}, errors: smnErrors,
		},
	}
}
