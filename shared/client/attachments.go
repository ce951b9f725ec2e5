package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

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
