package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func attributes() map[string]described {
	return map[string]described{
		"list-topic-attributes": {
			group: groupAttributes, summary: "Give one attribute of a topic, or all. One that is not set is empty.",
			query: []parameter{{
				name: "name", about: "The attribute; without it all.",
				schema: openapi3.NewStringSchema().WithEnum(values(smn.AttributeNames...)...),
			}},
			answers: map[int]any{200: wire.ListTopicAttributesResponse{}},
		},
		"update-topic-attribute": {
			group: groupAttributes, summary: "Set an attribute.",
			body:    wire.UpdateTopicAttributeRequest{},
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-topic-attribute": {
			group: groupAttributes, summary: "Take an attribute away.", smn: "DeleteTopicAttributeByName",
			answers: map[int]any{200: wire.Answer{}},
		},
		"delete-topic-attributes": {
			group: groupAttributes, summary: "Take all attributes of a topic away.",
			answers: map[int]any{200: wire.Answer{}},
		},
	}
}
