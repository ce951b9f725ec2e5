package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const templatesPath = "/notifications/message_template"

// CreateTemplate implements smn.Templates.
func (c *Client) CreateTemplate(ctx context.Context, in smn.CreateTemplateInput) (string, error) {
	var out wire.CreateTemplateResponse
	_, err := c.call(ctx, request{
		method: http.MethodPost,
		path:   templatesPath,
		body:   wire.CreateTemplateRequest{Name: in.Name, Protocol: string(in.Protocol), Content: in.Content},
	}, &out)
	return out.TemplateID, err
}

// ListTemplates implements smn.Templates.
func (c *Client) ListTemplates(ctx context.Context, in smn.ListTemplatesInput) (smn.TemplatePage, error) {
	query := pageQuery(in.Page)
	setUnlessEmpty(query, "message_template_name", in.Name)
	setUnlessEmpty(query, "protocol", string(in.Protocol))
	setUnlessEmpty(query, "marker", in.Marker)
	var out wire.ListTemplatesResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: templatesPath, query: query}, &out); err != nil {
		return smn.TemplatePage{}, err
	}
	list, err := wire.ReadList(out.Templates, wire.Template.Template)
	return smn.TemplatePage{Templates: list, Total: out.TemplateCount}, err
}

// GetTemplate implements smn.Templates.
func (c *Client) GetTemplate(ctx context.Context, in smn.TemplateInput) (smn.Template, error) {
	path, err := templatePath(in.ID)
	if err != nil {
		return smn.Template{}, err
	}
	var out wire.GetTemplateResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return smn.Template{}, err
	}
	t, err := out.Template.Template()
	t.Content = out.Content
	return t, err
}

// UpdateTemplate implements smn.Templates.
func (c *Client) UpdateTemplate(ctx context.Context, in smn.UpdateTemplateInput) error {
	path, err := templatePath(in.ID)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: wire.UpdateTemplateRequest{Content: in.Content}}, &wire.Answer{})
	return err
}

// DeleteTemplate implements smn.Templates.
func (c *Client) DeleteTemplate(ctx context.Context, in smn.TemplateInput) error {
	path, err := templatePath(in.ID)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// templatePath is the path to a template. Like topicPath it refuses what would
// lead elsewhere.
func templatePath(id string) (string, error) {
	if !smn.IsID(id) {
		return "", smn.Errorf(smn.InvalidTemplateID, "the id of a template has 32 lower-case hexadecimal characters")
	}
	return templatesPath + "/" + id, nil
}
