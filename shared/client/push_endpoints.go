package client

import (
	"context"
	"net/http"
	"strconv"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreatePushEndpoint implements smn.PushEndpoints.
func (c *Client) CreatePushEndpoint(ctx context.Context, in smn.CreatePushEndpointInput) (smn.CreatePushEndpointOutput, error) {
	path, _, err := applicationPath(in.ApplicationURN, "/endpoints")
	if err != nil {
		return smn.CreatePushEndpointOutput{}, err
	}
	var out wire.PushEndpointResponse
	body := wire.PushEndpointRequest{Token: in.Token, UserData: in.UserData}
	status, err := c.call(ctx, request{method: http.MethodPost, path: path, body: body}, &out)
	return smn.CreatePushEndpointOutput{URN: out.EndpointURN, Created: status == http.StatusCreated}, err
}

// ListPushEndpoints implements smn.PushEndpoints.
func (c *Client) ListPushEndpoints(ctx context.Context, in smn.ListPushEndpointsInput) (smn.PushEndpointPage, error) {
	path, _, err := applicationPath(in.ApplicationURN, "/endpoints")
	if err != nil {
		return smn.PushEndpointPage{}, err
	}
	query := pageQuery(in.Page)
	setUnlessEmpty(query, "token", in.Token)
	setUnlessEmpty(query, "user_data", in.UserData)
	if in.Enabled != nil {
		query.Set("enabled", strconv.FormatBool(*in.Enabled))
	}
	var out wire.ListPushEndpointsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return smn.PushEndpointPage{}, err
	}
	list, err := wire.ReadList(out.Endpoints, wire.PushEndpoint.Endpoint)
	return smn.PushEndpointPage{Endpoints: list, More: out.NextPageFlag}, err
}

// GetPushEndpoint implements smn.PushEndpoints.
func (c *Client) GetPushEndpoint(ctx context.Context, in smn.PushEndpointInput) (smn.PushEndpoint, error) {
	path, urn, err := pushEndpointPath(in.EndpointURN, "")
	if err != nil {
		return smn.PushEndpoint{}, err
	}
	var out wire.GetPushEndpointResponse
	_, err = c.call(ctx, request{method: http.MethodGet, path: path}, &out)
	if err != nil {
		return smn.PushEndpoint{}, err
	}
	a := out.Attributes
	return smn.PushEndpoint{URN: urn, Token: a.Token, UserData: a.UserData, Enabled: bool(a.Enabled)}, nil
}

// UpdatePushEndpoint implements smn.PushEndpoints.
func (c *Client) UpdatePushEndpoint(ctx context.Context, in smn.UpdatePushEndpointInput) error {
	path, _, err := pushEndpointPath(in.EndpointURN, "")
	if err != nil {
		return err
	}
	body := wire.PushEndpointUpdate{Enabled: (*wire.Flag)(in.Enabled), UserData: in.UserData}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.Answer{})
	return err
}

// DeletePushEndpoint implements smn.PushEndpoints.
func (c *Client) DeletePushEndpoint(ctx context.Context, in smn.PushEndpointInput) error {
	path, _, err := pushEndpointPath(in.EndpointURN, "")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// Push implements smn.PushEndpoints.
func (c *Client) Push(ctx context.Context, in smn.PushInput) (string, error) {
	path, _, err := pushEndpointPath(in.EndpointURN, "/publish")
	if err != nil {
		return "", err
	}
	var out wire.PublishResponse
	_, err = c.call(ctx, request{method: http.MethodPost, path: path, body: wire.PushRequest{
		Message:          in.Message,
		MessageStructure: in.Structure,
		TimeToLive:       wire.NewSeconds(in.TimeToLive),
	}}, &out)
	return out.MessageID, err
}

// pushEndpointPath is the path to a device or something below it.
func pushEndpointPath(text, below string) (string, smn.PushEndpointURN, error) {
	urn, err := smn.ParsePushEndpointURN(text)
	return "/notifications/endpoints/" + text + below, urn, err
}
