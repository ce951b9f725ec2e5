package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// tagOperations are the calls on tags. SMN has one route for all types of
// resource; here each type has its own, since a type in the path would clash with
// other routes. That SMS can have tags in SMN is told to who asks.
func tagOperations() []Operation {
	return slices.Concat(tagsOf("topic"), tagsOf("application"), tagsOf("sms"))
}

// tagsOf makes the operations for one type of resource, whose type in SMN begins
// with smn_.
func tagsOf(kind string) []Operation {
	path := "/v2/{project_id}/smn_" + kind
	type call func(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error)
	op := func(name, route string, f call) Operation {
		method, below, _ := strings.Cut(route, " ")
		return Operation{
			Name:  name,
			Route: method + " " + path + below,
			door:  ownerDoor,
			bind: withService(func(r *http.Request, svc smn.Service) (reply, error) {
				return f(r, svc, smn.ResourceType("smn_"+kind))
			}),
		}
	}
	return []Operation{
		op("set-"+kind+"-tag", "POST /{resource_id}/tags", setTag),
		op("change-"+kind+"-tags", "POST /{resource_id}/tags/action", changeTags),
		op("delete-"+kind+"-tag", "DELETE /{resource_id}/tags/{key}", deleteTag),
		op("list-"+kind+"-tags", "GET /{resource_id}/tags", listTags),
		op("list-project-"+kind+"-tags", "GET /tags", listProjectTags),
		op("find-"+kind+"-resources", "POST /resource_instances/action", findResources),
	}
}

// resourceOf reads which resource a request is about.
func resourceOf(r *http.Request, t smn.ResourceType) smn.Resource {
	byName := strings.EqualFold(r.Header.Get(wire.HeaderResourceIDType), wire.ResourceIDTypeName)
	return smn.Resource{Type: t, ID: r.PathValue("resource_id"), ByName: byName}
}

// setTag puts one tag on a resource. SMN calls it CreateResourceTag.
func setTag(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	var req wire.SetTagRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	return nothing, svc.SetTags(r.Context(), smn.SetTagsInput{Resource: resourceOf(r, t), Tags: []smn.Tag{smn.Tag(req.Tag)}})
}

// changeTags puts tags on a resource or takes them off. SMN calls it
// BatchCreateOrDeleteResourceTags.
func changeTags(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	var req wire.ChangeTagsRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	switch req.Action {
	case wire.CreateTags:
		return nothing, svc.SetTags(r.Context(), smn.SetTagsInput{Resource: resourceOf(r, t), Tags: wire.ReadTags(req.Tags)})
	case wire.DeleteTags:
		keys := make([]string, len(req.Tags))
		for i, tag := range req.Tags {
			keys[i] = tag.Key
		}
		return nothing, svc.RemoveTags(r.Context(), smn.RemoveTagsInput{Resource: resourceOf(r, t), Keys: keys})
	}
	return reply{}, smn.Errorf(smn.InvalidAction, "action must be %s or %s", wire.CreateTags, wire.DeleteTags)
}

// deleteTag takes one tag off a resource. SMN calls it DeleteResourceTag.
func deleteTag(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	return nothing, svc.DeleteTag(r.Context(), smn.DeleteTagInput{Resource: resourceOf(r, t), Key: r.PathValue("key")})
}

// listTags lists the tags of a resource. SMN calls it ListResourceTags.
func listTags(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	tags, err := svc.ListTags(r.Context(), smn.ResourceInput{Resource: resourceOf(r, t)})
	return ok(wire.ListTagsResponse{Tags: wire.NewTags(tags)}), err
}

// listProjectTags lists the tags of a project.
func listProjectTags(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	tags, err := svc.ListProjectTags(r.Context(), smn.ListProjectTagsInput{Type: t})
	return ok(wire.ListProjectTagsResponse{Tags: wire.NewTagValues(tags)}), err
}

// findResources finds or counts resources by tags. SMN calls it
// ListResourceInstances.
func findResources(r *http.Request, svc smn.Service, t smn.ResourceType) (reply, error) {
	var req wire.FindResourcesRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	if req.Action != wire.FilterResources && req.Action != wire.CountResources {
		return reply{}, smn.Errorf(smn.InvalidAction, "action must be %s or %s", wire.FilterResources, wire.CountResources)
	}
	if req.Limit.Int(smn.MaxResources) == 0 { // left out it means the default, so the input cannot say it
		return reply{}, smn.Errorf(smn.InvalidPage, "limit must be from 1 to %d", smn.MaxResources)
	}
	in := smn.FindResourcesInput{
		Type:          t,
		Tags:          wire.ReadTagValues(req.Tags),
		TagsAny:       wire.ReadTagValues(req.TagsAny),
		NotTags:       wire.ReadTagValues(req.NotTags),
		NotTagsAny:    wire.ReadTagValues(req.NotTagsAny),
		Matches:       wire.ReadMatches(req.Matches),
		WithoutAnyTag: req.WithoutAnyTag,
		CountOnly:     req.Action == wire.CountResources,
		Offset:        req.Offset.Int(0),
		Limit:         req.Limit.Int(smn.MaxResources),
	}
	page, err := svc.FindResources(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	if in.CountOnly {
		return ok(wire.CountResourcesResponse{TotalCount: page.Total}), nil
	}
	return ok(wire.FindResourcesResponse{Resources: wire.List(page.Resources, wire.NewTaggedResource), TotalCount: page.Total}), nil
}
