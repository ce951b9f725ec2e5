package client

import (
	"context"
	"fmt"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Subscribe implements smn.Subscriptions.
func (c *Client) Subscribe(ctx context.Context, in smn.SubscribeInput) (smn.SubscribeOutput, error) {
	path, err := topicPath(in.TopicURN, "/subscriptions")
	if err != nil {
		return smn.SubscribeOutput{}, err
	}
	var out wire.SubscribeResponse
	status, err := c.call(ctx, request{
		method: http.MethodPost,
		path:   path,
		body:   wire.SubscribeRequest{NewSubscription: wire.NewSubscriptionOf(in.NewSubscription)},
	}, &out)
	return smn.SubscribeOutput{URN: out.SubscriptionURN, Created: status == http.StatusCreated}, err
}

// SubscribeBatch implements smn.Subscriptions.
func (c *Client) SubscribeBatch(ctx context.Context, in smn.SubscribeBatchInput) ([]smn.SubscribeOutput, error) {
	path, err := topicPath(in.TopicURN, "/subscriptions")
	if err != nil {
		return nil, err
	}
	body := wire.SubscribeBatchRequest{Subscriptions: make([]wire.NewSubscription, len(in.Subscriptions))}
	for i, s := range in.Subscriptions {
		body.Subscriptions[i] = wire.NewSubscriptionOf(s)
	}
	var out wire.SubscribeResponse
	if _, err := c.call(ctx, request{method: http.MethodPost, path: path, body: body}, &out); err != nil {
		return nil, err
	}
	outputs := make([]smn.SubscribeOutput, len(out.Results))
	for i, r := range out.Results {
		outputs[i] = smn.SubscribeOutput{URN: r.SubscriptionURN, Created: r.HTTPCode == http.StatusCreated}
		if r.HTTPCode >= http.StatusBadRequest {
			outputs[i].Err = smn.Errorf(wire.CodeOf(r.HTTPCode, r.Code, r.Message), "%s", firstOf(r.Detail, r.Message))
		}
	}
	return outputs, nil
}

// ListSubscriptions implements smn.Subscriptions.
func (c *Client) ListSubscriptions(ctx context.Context, in smn.ListSubscriptionsInput) (smn.SubscriptionPage, error) {
	return c.listSubscriptions(ctx, "/notifications/subscriptions", in)
}

// ListSubscriptionsByTopic implements smn.Subscriptions.
func (c *Client) ListSubscriptionsByTopic(ctx context.Context, in smn.ListSubscriptionsByTopicInput) (smn.SubscriptionPage, error) {
	path, err := topicPath(in.TopicURN, "/subscriptions")
	if err != nil {
		return smn.SubscriptionPage{}, err
	}
	return c.listSubscriptions(ctx, path, in.ListSubscriptionsInput)
}

func (c *Client) listSubscriptions(ctx context.Context, path string, in smn.ListSubscriptionsInput) (smn.SubscriptionPage, error) {
	query := pageQuery(in.Page)
	setUnlessEmpty(query, "marker", in.Marker)
	var out wire.ListSubscriptionsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return smn.SubscriptionPage{}, err
	}
	page := smn.SubscriptionPage{Subscriptions: make([]smn.Subscription, len(out.Subscriptions)), Total: out.SubscriptionCount}
	for i, s := range out.Subscriptions {
		subscription, err := s.Subscription()
		if err != nil {
			return smn.SubscriptionPage{}, fmt.Errorf("read subscription %q: %w", s.SubscriptionURN, err)
		}
		page.Subscriptions[i] = subscription
	}
	return page, nil
}

// CancelSubscription implements smn.Subscriptions.
func (c *Client) CancelSubscription(ctx context.Context, in smn.SubscriptionInput) error {
	if _, err := smn.ParseSubscriptionURN(in.SubscriptionURN); err != nil {
		return err
	}
	_, err := c.call(ctx, request{method: http.MethodDelete, path: "/notifications/subscriptions/" + in.SubscriptionURN}, &wire.Answer{})
	return err
}
