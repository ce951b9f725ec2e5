package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreatePushEndpoint answers 201 for a new device and 200, with a code that says
// so, for one that was there. SMN calls it CreateApplicationEndpoint.
var CreatePushEndpoint = Operation{
	Name:  "create-push-endpoint",
	Route: "POST /v2/{project_id}/notifications/applications/{application_urn}/endpoints",
	door:  ownerDoor,
	bind:  withService(createPushEndpoint),
}

func createPushEndpoint(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.PushEndpointRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	out, err := svc.CreatePushEndpoint(r.Context(), smn.CreatePushEndpointInput{
		ApplicationURN: r.PathValue("application_urn"), Token: req.Token, UserData: req.UserData,
	})
	if err != nil {
		return reply{}, err
	}
	response := wire.PushEndpointResponse{RequestID: requestID(r), EndpointURN: out.URN}
	if !out.Created {
		f := wire.FailureOf(smn.DuplicateEndpoint)
		response.Code, response.Message = f.Code, f.Message
	}
	return newOrNot(out.Created, response), nil
}

// ListPushEndpoints lists the devices of an application. SMN calls it
// ListApplicationEndpoints.
var ListPushEndpoints = Operation{
	Name:  "list-push-endpoints",
	Route: "GET /v2/{project_id}/notifications/applications/{application_urn}/endpoints",
	door:  ownerDoor,
	bind:  withService(listPushEndpoints),
}

func listPushEndpoints(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	in := smn.ListPushEndpointsInput{
		Page: page, ApplicationURN: r.PathValue("application_urn"), Token: query.Get("token"), UserData: query.Get("user_data"),
	}
	if text := query.Get("enabled"); text != "" {
		enabled, err := wire.ParseFlag(text)
		if err != nil {
			return reply{}, err
		}
		in.Enabled = &enabled
	}
	list, err := svc.ListPushEndpoints(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListPushEndpointsResponse{RequestID: requestID(r), NextPageFlag: list.More, Endpoints: wire.List(list.Endpoints, wire.NewPushEndpoint)}), nil
}

// GetPushEndpoint describes a device. SMN calls it
// ListApplicationEndpointAttributes.
var GetPushEndpoint = Operation{
	Name:  "get-push-endpoint",
	Route: "GET /v2/{project_id}/notifications/endpoints/{endpoint_urn}",
	door:  ownerDoor,
	bind:  withService(getPushEndpoint),
}

func getPushEndpoint(r *http.Request, svc smn.Service) (reply, error) {
	e, err := svc.GetPushEndpoint(r.Context(), smn.PushEndpointInput{EndpointURN: r.PathValue("endpoint_urn")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.GetPushEndpointResponse{RequestID: requestID(r), Attributes: wire.NewPushEndpoint(e).PushEndpointAttributes}), nil
}

// UpdatePushEndpoint changes a device. SMN calls it UpdateApplicationEndpoint.
var UpdatePushEndpoint = Operation{
	Name:  "update-push-endpoint",
	Route: "PUT /v2/{project_id}/notifications/endpoints/{endpoint_urn}",
	door:  ownerDoor,
	bind:  withService(updatePushEndpoint),
}

func updatePushEndpoint(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.PushEndpointUpdate
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	err := svc.UpdatePushEndpoint(r.Context(), smn.UpdatePushEndpointInput{
		EndpointURN: r.PathValue("endpoint_urn"), Enabled: (*bool)(req.Enabled), UserData: req.UserData,
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeletePushEndpoint removes a device. SMN calls it DeleteApplicationEndpoint.
var DeletePushEndpoint = Operation{
	Name:  "delete-push-endpoint",
	Route: "DELETE /v2/{project_id}/notifications/endpoints/{endpoint_urn}",
	door:  ownerDoor,
	bind:  withService(deletePushEndpoint),
}

func deletePushEndpoint(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeletePushEndpoint(r.Context(), smn.PushEndpointInput{EndpointURN: r.PathValue("endpoint_urn")}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// Push answers once the message for a device is stored. SMN calls it
// PublishAppMessage.
var Push = Operation{
	Name:  "push",
	Route: "POST /v2/{project_id}/notifications/endpoints/{endpoint_urn}/publish",
	door:  ownerDoor,
	bind:  withService(push),
}

func push(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.PushRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.Push(r.Context(), smn.PushInput{
		EndpointURN: r.PathValue("endpoint_urn"),
		Message:     req.Message,
		Structure:   req.MessageStructure,
		TimeToLive:  req.TimeToLive.Duration(),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.PublishResponse{RequestID: requestID(r), MessageID: id}), nil
}
