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
