package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Publish implements smn.Publisher.
func (c *Client) Publish(ctx context.Context, in smn.PublishInput) (string, error) {
	path, err := topicPath(in.TopicURN, "/publish")
	if err != nil {
		return "", err
	}
	var header http.Header
	if !smn.IsIdempotencyKey(in.IdempotencyKey) { // nor can it be written into a header
		return "", smn.Errorf(smn.InvalidIdempotencyKey, "a key has 1 to %d printable ASCII characters and no space at its ends", smn.MaxIdempotencyKey)
	}
	if in.IdempotencyKey != "" {
		header = http.Header{wire.HeaderIdempotencyKey: {in.IdempotencyKey}}
	}
	var out wire.PublishResponse
	_, err = c.call(ctx, request{
		method: http.MethodPost,
		path:   path,
		header: header,
		body:   wire.NewPublishRequest(in),
	}, &out)
	return out.MessageID, err
}
