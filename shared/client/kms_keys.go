package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

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
