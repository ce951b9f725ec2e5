package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateTemplate answers 201. SMN calls it CreateMessageTemplate, and so on.
var CreateTemplate = Operation{
	Name:  "create-template",
	Route: "POST /v2/{project_id}/notifications/message_template",
	door:  ownerDoor,
	bind:  withService(createTemplate),
}

func createTemplate(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.CreateTemplateRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.CreateTemplate(r.Context(), smn.CreateTemplateInput{
		Name:     req.Name,
		Protocol: smn.Protocol(req.Protocol),
		Content:  req.Content,
	})
	if err != nil {
		return reply{}, err
	}
	return created(wire.CreateTemplateResponse{RequestID: requestID(r), TemplateID: id}), nil
}

// ListTemplates lists the templates of the project in the order of making.
var ListTemplates = Operation{
	Name:  "list-templates",
	Route: "GET /v2/{project_id}/notifications/message_template",
	door:  ownerDoor,
	bind:  withService(listTemplates),
}

func listTemplates(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	list, err := svc.ListTemplates(r.Context(), smn.ListTemplatesInput{
		Page:     page,
		Name:     query.Get("message_template_name"),
		Protocol: smn.Protocol(query.Get("protocol")),
		Marker:   query.Get("marker"),
	})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListTemplatesResponse{RequestID: requestID(r), TemplateCount: list.Total, Templates: wire.List(list.Templates, wire.NewTemplate)}), nil
}

// GetTemplate describes one template, content included.
var GetTemplate = Operation{
	Name:  "get-template",
	Route: "GET /v2/{project_id}/notifications/message_template/{message_template_id}",
	door:  ownerDoor,
	bind:  withService(getTemplate),
}

func getTemplate(r *http.Request, svc smn.Service) (reply, error) {
	t, err := svc.GetTemplate(r.Context(), smn.TemplateInput{ID: r.PathValue("message_template_id")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.GetTemplateResponse{RequestID: requestID(r), Template: wire.NewTemplate(t), Content: t.Content}), nil
}

// UpdateTemplate replaces the content of a template.
var UpdateTemplate = Operation{
	Name:  "update-template",
	Route: "PUT /v2/{project_id}/notifications/message_template/{message_template_id}",
	door:  ownerDoor,
	bind:  withService(updateTemplate),
}

func updateTemplate(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.UpdateTemplateRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.UpdateTemplateInput{ID: r.PathValue("message_template_id"), Content: req.Content}
	if err := svc.UpdateTemplate(r.Context(), in); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}

// DeleteTemplate removes a template. Messages published with it are still sent.
var DeleteTemplate = Operation{
	Name:  "delete-template",
	Route: "DELETE /v2/{project_id}/notifications/message_template/{message_template_id}",
	door:  ownerDoor,
	bind:  withService(deleteTemplate),
}

func deleteTemplate(r *http.Request, svc smn.Service) (reply, error) {
	if err := svc.DeleteTemplate(r.Context(), smn.TemplateInput{ID: r.PathValue("message_template_id")}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
