package client

import (
	"context"
	"fmt"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateApplication implements smn.Applications.
func (c *Client) CreateApplication(ctx context.Context, in smn.CreateApplicationInput) (smn.CreateApplicationOutput, error) {
	var out wire.CreateApplicationResponse
	status, err := c.call(ctx, request{
		method: http.MethodPost,
		path:   "/notifications/applications",
		body: wire.ApplicationRequest{
			Name: in.Name, Platform: string(in.Platform), Principal: in.Principal, Credential: in.Credential,
		},
	}, &out)
	return smn.CreateApplicationOutput{URN: out.ApplicationURN, ID: out.ApplicationID, Created: status == http.StatusCreated}, err
}

// ListApplications implements smn.Applications.
func (c *Client) ListApplications(ctx context.Context, in smn.ListApplicationsInput) (smn.ApplicationPage, error) {
	query := pageQuery(in.Page)
	setUnlessEmpty(query, "name", in.Name)
	setUnlessEmpty(query, "platform", string(in.Platform))
	var out wire.ListApplicationsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/notifications/applications", query: query}, &out); err != nil {
		return smn.ApplicationPage{}, err
	}
	list, err := wire.ReadList(out.Applications, wire.Application.Application)
	return smn.ApplicationPage{Applications: list, Total: out.ApplicationCount}, err
}

// GetApplication implements smn.Applications.
func (c *Client) GetApplication(ctx context.Context, in smn.ApplicationInput) (smn.Application, error) {
	path, urn, err := applicationPath(in.ApplicationURN, "")
	if err != nil {
		return smn.Application{}, err
	}
	var out wire.GetApplicationResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return smn.Application{}, err
	}
	a := smn.Application{URN: urn, ID: out.ApplicationID, Enabled: bool(out.Attributes.Enabled)}
	if text := out.Attributes.CertificateExpires; text != "" {
		if a.CertificateExpires, err = wire.ParseTime(text); err != nil {
			return smn.Application{}, fmt.Errorf("read application %q: %w", in.ApplicationURN, err)
		}
	}
	return a, nil
}

// UpdateApplication implements smn.Applications.
func (c *Client) UpdateApplication(ctx context.Context, in smn.UpdateApplicationInput) error {
	path, _, err := applicationPath(in.ApplicationURN, "")
	if err != nil {
		return err
	}
	body := wire.ApplicationRequest{Principal: in.Principal, Credential: in.Credential}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.Answer{})
	return err
}

// DeleteApplication implements smn.Applications.
func (c *Client) DeleteApplication(ctx context.Context, in smn.ApplicationInput) error {
	path, _, err := applicationPath(in.ApplicationURN, "")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// applicationPath is the path to an application or something below it; see
// topicPath.
func applicationPath(text, below string) (string, smn.ApplicationURN, error) {
	urn, err := smn.ParseApplicationURN(text)
	return "/notifications/applications/" + text + below, urn, err
}
