package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateNotifyPolicy implements smn.NotifyPolicies.
func (c *Client) CreateNotifyPolicy(ctx context.Context, in smn.CreateNotifyPolicyInput) (string, error) {
	return c.attach(ctx, in.TopicURN, "notify-policy", wire.NewPolicyRequest(in.NewNotifyPolicy))
}

// GetNotifyPolicy implements smn.NotifyPolicies.
func (c *Client) GetNotifyPolicy(ctx context.Context, in smn.TopicInput) (smn.NotifyPolicy, error) {
	var out wire.GetNotifyPolicyResponse
	if err := c.attached(ctx, in, "notify-policy", &out); err != nil {
		return smn.NotifyPolicy{}, err
	}
	return out.Policy()
}

// UpdateNotifyPolicy implements smn.NotifyPolicies.
func (c *Client) UpdateNotifyPolicy(ctx context.Context, in smn.UpdateNotifyPolicyInput) error {
	return c.changeAttachment(ctx, http.MethodPut, in.AttachmentInput, "notify-policy", wire.NewPolicyRequest(in.NewNotifyPolicy), &wire.Answer{})
}

// DeleteNotifyPolicy implements smn.NotifyPolicies.
func (c *Client) DeleteNotifyPolicy(ctx context.Context, in smn.AttachmentInput) error {
	return c.changeAttachment(ctx, http.MethodDelete, in, "notify-policy", nil, &wire.Answer{})
}
