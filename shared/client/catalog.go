package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListProtocols implements smn.Catalog.
func (c *Client) ListProtocols(ctx context.Context) ([]smn.Protocol, error) {
	var out wire.ListProtocolsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/v2/notifications/protocols", root: true}, &out); err != nil {
		return nil, err
	}
	return wire.ReadProtocols(out.Protocols), nil
}

// ListCloudServices implements smn.Catalog.
func (c *Client) ListCloudServices(ctx context.Context) ([]smn.CloudService, error) {
	var out wire.ListCloudServicesResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/v2/notifications/cloud-services", root: true}, &out); err != nil {
		return nil, err
	}
	return wire.ReadCloudServices(out.CloudServices), nil
}

// ListTopicsWithResources implements smn.Catalog.
func (c *Client) ListTopicsWithResources(ctx context.Context, in smn.ListTopicsInput) (smn.TopicResourcesPage, error) {
	var out wire.ListTopicsWithResourcesResponse
	call := request{method: http.MethodGet, path: "/notifications/topics-with-associated-resources", query: topicsQuery(in)}
	if _, err := c.call(ctx, call, &out); err != nil {
		return smn.TopicResourcesPage{}, err
	}
	list, err := wire.ReadList(out.Topics, wire.TopicResources.Resources)
	return smn.TopicResourcesPage{Topics: list, Total: out.TopicCount}, err
}
