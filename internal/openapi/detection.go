package openapi

import "tocsin/shared/wire"

func detection() map[string]described {
	return map[string]described{
		"detect": {
			group: groupDetection, summary: "Have an http or https endpoint tried.", smn: "PublishHttpDetect",
			body:    wire.DetectRequest{},
			answers: map[int]any{200: wire.DetectResponse{}},
		},
		"get-detection": {
			group: groupDetection, summary: "Tell what came of a detection.", smn: "ShowHttpDetectResult",
			answers: map[int]any{200: wire.GetDetectionResponse{}},
		},
	}
}
