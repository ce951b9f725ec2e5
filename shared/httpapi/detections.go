package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Detect has an endpoint tried. SMN calls it PublishHttpDetect.
var Detect = Operation{
	Name:  "detect",
	Route: "POST /v2/{project_id}/notifications/topics/{topic_urn}/detection",
	door:  ownerDoor,
	bind:  withService(detect),
}

func detect(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.DetectRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.DetectInput{TopicURN: r.PathValue("topic_urn"), Protocol: smn.Protocol(req.Protocol), Endpoint: req.Endpoint}
	if req.Extension != nil {
		in.Header = req.Extension.Header
	}
	id, err := svc.Detect(r.Context(), in)
	return ok(wire.DetectResponse{RequestID: requestID(r), TaskID: id}), err
}

// GetDetection tells what came of it. SMN calls it ShowHttpDetectResult.
var GetDetection = Operation{
	Name:  "get-detection",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/detection/{task_id}",
	door:  ownerDoor,
	bind:  withService(getDetection),
}

func getDetection(r *http.Request, svc smn.Service) (reply, error) {
	detection, err := svc.GetDetection(r.Context(), attachmentOf(r, "task_id"))
	return ok(wire.NewDetection(requestID(r), detection)), err
}
