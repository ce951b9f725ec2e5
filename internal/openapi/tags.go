package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/wire"
)

func tags() map[string]described {
	all := map[string]described{}
	for _, kind := range []string{"topic", "application", "sms"} {
		refused, answers := "", func(status int, body any) map[int]any { return map[int]any{status: body} }
		if kind == "sms" { // SMN has these
			refused, answers = " Always refused here: SMS have no tags.", func(int, any) map[int]any { return nil }
		}
		byName := []parameter{{
			name: wire.HeaderResourceIDType, about: "Says that the path names the resource by its name and not by its id.",
			schema: openapi3.NewStringSchema().WithEnum(wire.ResourceIDTypeName), shared: true,
		}}
		all["set-"+kind+"-tag"] = described{
			group: groupTags, summary: "Put a tag on one " + kind + "." + refused, smn: "CreateResourceTag",
			header: byName, body: wire.SetTagRequest{}, answers: answers(204, nothing{}),
		}
		all["change-"+kind+"-tags"] = described{
			group: groupTags, summary: "Put up to 20 tags on one " + kind + ", or take them off." + refused, smn: "BatchCreateOrDeleteResourceTags",
			header: byName, body: wire.ChangeTagsRequest{}, answers: answers(204, nothing{}),
		}
		all["delete-"+kind+"-tag"] = described{
			group: groupTags, summary: "Take a tag off one " + kind + "." + refused, smn: "DeleteResourceTag",
			header: byName, answers: answers(204, nothing{}),
		}
		all["list-"+kind+"-tags"] = described{
			group: groupTags, summary: "List the tags of one " + kind + "." + refused, smn: "ListResourceTags",
			header: byName, answers: answers(200, wire.ListTagsResponse{}),
		}
		all["list-project-"+kind+"-tags"] = described{
			group: groupTags, summary: "List the tags in use in the project, for the type " + kind + "." + refused, smn: "ListProjectTags",
			answers: answers(200, wire.ListProjectTagsResponse{}),
		}
		all["find-"+kind+"-resources"] = described{
			group: groupTags, summary: "Find or count resources of the type " + kind + " by tags." + refused, smn: "ListResourceInstances",
			body: wire.FindResourcesRequest{}, answers: answers(200, []any{wire.FindResourcesResponse{}, wire.CountResourcesResponse{}}),
		}
	}
	return all
}
