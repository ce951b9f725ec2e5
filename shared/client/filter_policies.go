package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateFilterPolicies implements smn.FilterPolicies.
func (c *Client) CreateFilterPolicies(ctx context.Context, in smn.FilterPoliciesInput) ([]error, error) {
	return c.filterPolicies(ctx, http.MethodPost, newFilterPolices(in))
}

// UpdateFilterPolicies implements smn.FilterPolicies.
func (c *Client) UpdateFilterPolicies(ctx context.Context, in smn.FilterPoliciesInput) ([]error, error) {
	return c.filterPolicies(ctx, http.MethodPut, newFilterPolices(in))
}

// DeleteFilterPolicies implements smn.FilterPolicies.
func (c *Client) DeleteFilterPolicies(ctx context.Context, in smn.DeleteFilterPoliciesInput) ([]error, error) {
	return c.filterPolicies(ctx, http.MethodDelete, wire.DeleteFilterPolicesRequest{SubscriptionURNs: in.SubscriptionURNs})
}

func newFilterPolices(in smn.FilterPoliciesInput) wire.FilterPolicesRequest {
	body := wire.FilterPolicesRequest{Polices: make([]wire.SubscriptionPolices, len(in.Items))}
	for i, p := range in.Items {
		body.Polices[i] = wire.NewSubscriptionPolices(p)
	}
	return body
}

func (c *Client) filterPolicies(ctx context.Context, method string, body any) ([]error, error) {
	var out wire.FilterPolicesResponse
	if _, err := c.call(ctx, request{method: method, path: "/notifications/subscriptions/filter_polices", body: body}, &out); err != nil {
		return nil, err
	}
	errs := make([]error, len(out.Results))
	for i, r := range out.Results {
		if r.Code != "" {
			errs[i] = smn.Errorf(wire.CodeOfItem(r.Code, r.Message), "%w", &Answer{Code: r.Code, Message: r.Message, Detail: r.Detail})
		}
	}
	return errs, nil
}
