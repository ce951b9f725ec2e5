package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListTopicAttributes implements smn.Attributes.
func (c *Client) ListTopicAttributes(ctx context.Context, in smn.ListTopicAttributesInput) (smn.TopicAttributes, error) {
	path, err := topicPath(in.TopicURN, "/attributes")
	if err != nil {
		return smn.TopicAttributes{}, err
	}
	query := url.Values{}
	setUnlessEmpty(query, "name", string(in.Name))
	var out wire.ListTopicAttributesResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return smn.TopicAttributes{}, err
	}
	attributes, err := out.TopicAttributes()
	if err != nil {
		return smn.TopicAttributes{}, fmt.Errorf("read attributes of %s: %w", in.TopicURN, err)
	}
	return attributes, nil
}

// UpdateTopicAttribute implements smn.Attributes.
func (c *Client) UpdateTopicAttribute(ctx context.Context, in smn.UpdateTopicAttributeInput) error {
	path, err := attributePath(in.TopicURN, in.Name)
	if err != nil {
		return err
	}
	body := wire.UpdateTopicAttributeRequest{Value: &in.Value}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.Answer{})
	return err
}

// DeleteTopicAttribute implements smn.Attributes.
func (c *Client) DeleteTopicAttribute(ctx context.Context, in smn.TopicAttributeInput) error {
	path, err := attributePath(in.TopicURN, in.Name)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// DeleteTopicAttributes implements smn.Attributes.
func (c *Client) DeleteTopicAttributes(ctx context.Context, in smn.TopicInput) error {
	path, err := topicPath(in.TopicURN, "/attributes")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// attributePath is the path to an attribute. A name that is none could lead
// elsewhere, as an empty one leads to all attributes.
func attributePath(topicURN string, name smn.AttributeName) (string, error) {
	path, err := topicPath(topicURN, "/attributes/"+string(name))
	if err == nil && !slices.Contains(smn.AttributeNames, name) {
		err = smn.Errorf(smn.InvalidAttributeName, "the attributes of a topic are %v", smn.AttributeNames)
	}
	return path, err
}
