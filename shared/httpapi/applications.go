package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateApplication answers 201 for a new application and 200 for one that was
// there.
var CreateApplication = Operation{
	Name:  "create-application",
	Route: "POST /v2/{project_id}/notifications/applications",
	door:  ownerDoor,
	bind:  withService(createApplication),
}

func createApplication(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.ApplicationRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	out, err := svc.CreateApplication(r.Context(), smn.CreateApplicationInput{
		Name: req.Name, Platform: smn.Platform(req.Platform), PushCredentials: req.Credentials(),
	})
	if err != nil {
		return reply{}, err
	}
	return newOrNot(out.Created, wire.CreateApplicationResponse{RequestID: requestID(r), ApplicationURN: out.URN, ApplicationID: out.ID}), nil
}

// ListApplications lists the applications of the project.
var ListApplications = Operation{
	Name:  "list-applications",
	Route: "GET /v2/{project_id}/notifications/applications",
	door:  ownerDoor,
	bind:  withService(listApplications),
}

func listApplications(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListApplications(r.Context(), smn.ListApplicationsInput{
		Page: page, Name: query.Get("name"), Platform: smn.Platform(query.Get("platform")),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListApplicationsResponse{RequestID: requestID(r), ApplicationCount: list.Total, Applications: wire.List(list.Applications, wire.NewApplication)}), nil
}

// GetApplication describes an application. SMN calls it ListApplicationAttributes.
var GetApplication = Operation{
	Name:  "get-application",
	Route: "GET /v2/{project_id}/notifications/applications/{application_urn}",
	door:  ownerDoor,
	bind:  withService(getApplication),
}

func getApplication(r *http.Request, svc smn.Service) (reply, error) {
	a, err := svc.GetApplication(r.Context(), smn.ApplicationInput{ApplicationURN: r.PathValue("application_urn")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.GetApplicationResponse{
		RequestID: requestID(r), ApplicationID: a.ID, Attributes: wire.NewApplication(a).ApplicationAttributes,
	}), nil
}

// UpdateApplication gives an application other credentials.
var UpdateApplication = Operation{
	Name:  "update-application",
	Route: "PUT /v2/{project_id}/notifications/applications/{application_urn}",
	door:  ownerDoor,
	bind:  withService(updateApplication),
}

func updateApplication(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.ApplicationRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	err := svc.UpdateApplication(r.Context(), smn.UpdateApplicationInput{
		ApplicationURN: r.PathValue("application_urn"), PushCredentials: req.Credentials(),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeleteApplication removes an application and its endpoints.
var DeleteApplication = Operation{
	Name:  "delete-application",
	Route: "DELETE /v2/{project_id}/notifications/applications/{application_urn}",
	door:  ownerDoor,
	bind:  withService(deleteApplication),
}

func deleteApplication(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeleteApplication(r.Context(), smn.ApplicationInput{ApplicationURN: r.PathValue("application_urn")}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
