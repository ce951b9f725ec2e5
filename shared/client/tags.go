package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// SetTags implements smn.Tags.
func (c *Client) SetTags(ctx context.Context, in smn.SetTagsInput) error {
	if len(in.Tags) == 1 {
		return c.changeTags(ctx, in.Resource, "/tags", wire.SetTagRequest{Tag: wire.Tag(in.Tags[0])})
	}
	return c.changeTags(ctx, in.Resource, "/tags/action", wire.ChangeTagsRequest{Action: wire.CreateTags, Tags: wire.NewTags(in.Tags)})
}

// RemoveTags implements smn.Tags.
func (c *Client) RemoveTags(ctx context.Context, in smn.RemoveTagsInput) error {
	tags := make([]wire.Tag, len(in.Keys))
	for i, key := range in.Keys {
		tags[i].Key = key
	}
	return c.changeTags(ctx, in.Resource, "/tags/action", wire.ChangeTagsRequest{Action: wire.DeleteTags, Tags: tags})
}

func (c *Client) changeTags(ctx context.Context, r smn.Resource, below string, body any) error {
	call, err := resourceCall(http.MethodPost, r, below)
	if err != nil {
		return err
	}
	call.body = body
	_, err = c.call(ctx, call, new([]byte)) // there is no body
	return err
}

// DeleteTag implements smn.Tags.
func (c *Client) DeleteTag(ctx context.Context, in smn.DeleteTagInput) error {
	if in.Key == "" {
		return smn.Errorf(smn.InvalidTag, "the key of a tag is missing")
	}
	call, err := resourceCall(http.MethodDelete, in.Resource, "/tags/"+segment(in.Key))
	if err != nil {
		return err
	}
	_, err = c.call(ctx, call, new([]byte))
	return err
}

// ListTags implements smn.Tags.
func (c *Client) ListTags(ctx context.Context, in smn.ResourceInput) ([]smn.Tag, error) {
	call, err := resourceCall(http.MethodGet, in.Resource, "/tags")
	if err != nil {
		return nil, err
	}
	var out wire.ListTagsResponse
	if _, err := c.call(ctx, call, &out); err != nil {
		return nil, err
	}
	return wire.ReadTags(out.Tags), nil
}

// ListProjectTags implements smn.Tags.
func (c *Client) ListProjectTags(ctx context.Context, in smn.ListProjectTagsInput) ([]smn.TagValues, error) {
	path, err := resourcePath(in.Type, "/tags")
	if err != nil {
		return nil, err
	}
	var out wire.ListProjectTagsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return nil, err
	}
	return wire.ReadTagValues(out.Tags), nil
}

// FindResources implements smn.Tags.
func (c *Client) FindResources(ctx context.Context, in smn.FindResourcesInput) (smn.TaggedResourcePage, error) {
	path, err := resourcePath(in.Type, "/resource_instances/action")
	if err != nil {
		return smn.TaggedResourcePage{}, err
	}
	body := wire.FindResourcesRequest{
		Action:        wire.FilterResources,
		Tags:          wire.NewTagValues(in.Tags),
		TagsAny:       wire.NewTagValues(in.TagsAny),
		NotTags:       wire.NewTagValues(in.NotTags),
		NotTagsAny:    wire.NewTagValues(in.NotTagsAny),
		Matches:       wire.NewMatches(in.Matches),
		WithoutAnyTag: in.WithoutAnyTag,
		Offset:        wire.NewCount(in.Offset),
		Limit:         wire.NewCount(in.Limit),
	}
	if in.CountOnly {
		body.Action = wire.CountResources
	}
	var out wire.FindResourcesResponse
	if _, err := c.call(ctx, request{method: http.MethodPost, path: path, body: body}, &out); err != nil {
		return smn.TaggedResourcePage{}, err
	}
	return smn.TaggedResourcePage{Resources: wire.List(out.Resources, wire.TaggedResource.Resource), Total: out.TotalCount}, nil
}

// resourceCall is a call about one resource.
func resourceCall(method string, r smn.Resource, below string) (request, error) {
	path, err := resourcePath(r.Type, "/"+segment(r.ID)+below)
	if err == nil && r.ID == "" {
		err = smn.Errorf(smn.InvalidParameter, "the id of the resource is missing")
	}
	call := request{method: method, path: path}
	if r.ByName {
		call.header = http.Header{wire.HeaderResourceIDType: {wire.ResourceIDTypeName}}
	}
	return call, err
}

// resourcePath is a path below a type of resource. A type that is none cannot be
// written into a path that leads to any.
func resourcePath(t smn.ResourceType, below string) (string, error) {
	if t != smn.TopicResource && t != smn.ApplicationResource {
		return "", smn.Errorf(smn.InvalidParameter, "there is no type of resource %q", t)
	}
	return "/" + string(t) + below, nil
}

// segment writes a text as one segment of a path, which dots alone are not.
func segment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}
