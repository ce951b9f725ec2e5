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
