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
	var out wire.PublishResponse
	_, err = c.call(ctx, request{
		method: http.MethodPost,
		path:   path,
		body: wire.PublishRequest{
			Subject:    in.Subject,
			Message:    in.Message,
			TimeToLive: wire.NewSeconds(in.TimeToLive),
		},
	}, &out)
	return out.MessageID, err
}
