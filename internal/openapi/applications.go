package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// UpdateApplicationRequest is the part of wire.ApplicationRequest that can change.
type UpdateApplicationRequest struct {
	Principal  string `json:"platform_principal"`
	Credential string `json:"platform_credential"`
}

func applications() map[string]described {
	return map[string]described{
		"create-application": {
			group: groupPush, summary: "Make an application. 200 when there is one of that name and platform.",
			body:    wire.ApplicationRequest{},
			answers: map[int]any{200: wire.CreateApplicationResponse{}, 201: wire.CreateApplicationResponse{}},
		},
		"list-applications": {
			group: groupPush, summary: "List the applications of the project.",
			query: pageQuery(
				parameter{name: "name", about: "The beginning of the name."},
				parameter{name: "platform", about: "The exact platform.", schema: openapi3.NewStringSchema().WithEnum(values(smn.Platforms...)...)},
			),
			answers: map[int]any{200: wire.ListApplicationsResponse{}},
		},
		"get-application": {
			group: groupPush, summary: "Describe an application.", smn: "ListApplicationAttributes",
			answers: map[int]any{200: wire.GetApplicationResponse{}},
		},
		"update-application": {
			group: groupPush, summary: "Give an application other credentials.",
			body:    UpdateApplicationRequest{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-application": {
			group: groupPush, summary: "Remove an application and its devices.",
			answers: map[int]any{200: wire.Answer{}},
		},
		"create-push-endpoint": {
			group: groupPush, summary: "Add a device to an application. 200, with a code that says so, when it was there.", smn: "CreateApplicationEndpoint",
			body:    wire.PushEndpointRequest{},
			answers: map[int]any{200: wire.PushEndpointResponse{}, 201: wire.PushEndpointResponse{}},
		},
		"list-push-endpoints": {
			group: groupPush, summary: "List the devices of an application.", smn: "ListApplicationEndpoints",
			query: pageQuery(
				parameter{name: "enabled", about: "Whether it receives messages.", schema: openapi3.NewStringSchema().WithEnum("true", "false")},
				parameter{name: "token", about: "The exact token."},
				parameter{name: "user_data", about: "The exact user data."},
			),
			answers: map[int]any{200: wire.ListPushEndpointsResponse{}},
		},
		"get-push-endpoint": {
			group: groupPush, summary: "Describe a device.", smn: "ListApplicationEndpointAttributes",
			answers: map[int]any{200: wire.GetPushEndpointResponse{}},
		},
		"update-push-endpoint": {
			group: groupPush, summary: "Change a device.", smn: "UpdateApplicationEndpoint",
			body:    wire.PushEndpointUpdate{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-push-endpoint": {
			group: groupPush, summary: "Remove a device.", smn: "DeleteApplicationEndpoint",
			answers: map[int]any{200: wire.Answer{}},
		},
		"push": {
			group: groupPush, summary: "Send a message to a device. It is stored when this answers.", smn: "PublishAppMessage",
			body:    wire.PushRequest{},
			answers: map[int]any{200: wire.PublishResponse{}},
		},
	}
}
