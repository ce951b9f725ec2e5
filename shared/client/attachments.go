package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateLogtank implements smn.Logtanks.
func (c *Client) CreateLogtank(ctx context.Context, in smn.CreateLogtankInput) (string, error) {
	return c.attach(ctx, in.TopicURN, "logtanks", logtankRequest(in.Stream))
}

// ListLogtanks implements smn.Logtanks.
func (c *Client) ListLogtanks(ctx context.Context, in smn.TopicInput) ([]smn.Logtank, error) {
	var out wire.ListLogtanksResponse
	if err := c.attached(ctx, in, "logtanks", &out); err != nil {
		return nil, err
	}
	return wire.ReadLogtanks(out.Logtanks)
}

// UpdateLogtank implements smn.Logtanks.
func (c *Client) UpdateLogtank(ctx context.Context, in smn.UpdateLogtankInput) (smn.Logtank, error) {
	var out wire.UpdateLogtankResponse
	if err := c.changeAttachment(ctx, http.MethodPut, in.AttachmentInput, "logtanks", logtankRequest(in.Stream), &out); err != nil {
		return smn.Logtank{}, err
	}
	return out.Logtank.Logtank()
}

// DeleteLogtank implements smn.Logtanks.
func (c *Client) DeleteLogtank(ctx context.Context, in smn.AttachmentInput) error {
	return c.changeAttachment(ctx, http.MethodDelete, in, "logtanks", nil, &wire.Answer{})
}

func logtankRequest(s smn.LogStream) wire.LogtankRequest {
	return wire.LogtankRequest{LogGroupID: s.GroupID, LogStreamID: s.StreamID}
}

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

// CreateKMSKey implements smn.KMSKeys.
func (c *Client) CreateKMSKey(ctx context.Context, in smn.CreateKMSKeyInput) (string, error) {
	return c.attach(ctx, in.TopicURN, "kms", wire.KMSKeyRequest{KeyID: in.KeyID})
}

// GetKMSKey implements smn.KMSKeys.
func (c *Client) GetKMSKey(ctx context.Context, in smn.TopicInput) (smn.KMSKey, error) {
	var out wire.GetKMSKeyResponse
	err := c.attached(ctx, in, "kms", &out)
	return smn.KMSKey{ID: out.ID, KeyID: out.KeyID, Status: smn.KMSKeyStatus(out.Status)}, err
}

// UpdateKMSKey implements smn.KMSKeys.
func (c *Client) UpdateKMSKey(ctx context.Context, in smn.UpdateKMSKeyInput) error {
	return c.changeAttachment(ctx, http.MethodPut, in.AttachmentInput, "kms", wire.KMSKeyRequest{KeyID: in.KeyID}, &wire.CreatedResponse{})
}

// DeleteKMSKey implements smn.KMSKeys.
func (c *Client) DeleteKMSKey(ctx context.Context, in smn.AttachmentInput) error {
	return c.changeAttachment(ctx, http.MethodDelete, in, "kms", nil, &wire.Answer{})
}

// attach makes something of a kind, as its path names it, and returns the id.
func (c *Client) attach(ctx context.Context, urn, kind string, body any) (string, error) {
	path, err := topicPath(urn, "/"+kind)
	if err != nil {
		return "", err
	}
	var out wire.CreatedResponse
	_, err = c.call(ctx, request{method: http.MethodPost, path: path, body: body}, &out)
	return out.ID, err
}

// attached reads what a topic has of a kind.
func (c *Client) attached(ctx context.Context, in smn.TopicInput, kind string, out any) error {
	path, err := topicPath(in.TopicURN, "/"+kind)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodGet, path: path}, out)
	return err
}

// changeAttachment changes or deletes one thing of a topic.
func (c *Client) changeAttachment(ctx context.Context, method string, in smn.AttachmentInput, kind string, body, out any) error {
	path, err := attachmentPath(in, kind)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: method, path: path, body: body}, out)
	return err
}

// attachmentPath is the path to one thing of a topic. What is no id names nothing.
func attachmentPath(in smn.AttachmentInput, kind string) (string, error) {
	path, err := topicPath(in.TopicURN, "/"+kind+"/"+in.ID)
	if err == nil && !smn.IsID(in.ID) {
		err = smn.Errorf(smn.ResourceNotFound, "an id has 32 lower-case hex characters")
	}
	return path, err
}
