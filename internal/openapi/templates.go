package openapi

import "tocsin/shared/wire"

func templates() map[string]described {
	return map[string]described{
		"create-template": {
			group: groupTemplates, summary: "Make a template: one for each name and protocol.", smn: "CreateMessageTemplate",
			body:    wire.CreateTemplateRequest{},
			answers: map[int]any{201: wire.CreateTemplateResponse{}},
		},
		"list-templates": {
			group: groupTemplates, summary: "List the templates of the project, in the order of making.", smn: "ListMessageTemplates",
			query: pageQuery(
				parameter{name: "message_template_name", about: "The exact name."},
				parameter{name: "protocol", about: "The exact protocol, or default."},
				parameter{name: "marker", about: "The id of the last template seen; the page begins behind it. Beyond SMN."},
			),
			answers: map[int]any{200: wire.ListTemplatesResponse{}},
		},
		"get-template": {
			group: groupTemplates, summary: "Describe a template, its content included.", smn: "ListMessageTemplateDetails",
			answers: map[int]any{200: wire.GetTemplateResponse{}},
		},
		"update-template": {
			group: groupTemplates, summary: "Replace the content of a template. Published messages keep theirs.", smn: "UpdateMessageTemplate",
			body:    wire.UpdateTemplateRequest{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-template": {
			group: groupTemplates, summary: "Remove a template. Messages published with it are still sent.", smn: "DeleteMessageTemplate",
			answers: map[int]any{200: wire.Answer{}},
		},
	}
}
