package client

import (
	"context"
	"net/http"
	"strconv"

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
		outputs[i] = smn.SubscribeOutput{
			URN:     r.SubscriptionURN,
			Created: r.HTTPCode == http.StatusCreated,
			Err:     refusal(r.HTTPCode, r.Code, r.Message, r.Detail),
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
	setUnlessEmpty(query, "protocol", string(in.Protocol))
	setUnlessEmpty(query, "endpoint", in.Endpoint)
	setUnlessEmpty(query, "fuzzy_remark", in.FuzzyRemark)
	if in.Status != nil {
		query.Set("status", strconv.Itoa(int(*in.Status)))
	}
	var out wire.ListSubscriptionsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return smn.SubscriptionPage{}, err
	}
	list, err := wire.ReadList(out.Subscriptions, wire.Subscription.Subscription)
	return smn.SubscriptionPage{Subscriptions: list, Total: out.SubscriptionCount}, err
}

// GetSubscription implements smn.Subscriptions. SMN itself has no such call.
func (c *Client) GetSubscription(ctx context.Context, in smn.SubscriptionInput) (smn.SubscriptionDetail, error) {
	path, err := subscriptionPath(in.SubscriptionURN, "")
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	var out wire.GetSubscriptionResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return smn.SubscriptionDetail{}, err
	}
	return out.Detail()
}

// UpdateSubscription implements smn.Subscriptions.
func (c *Client) UpdateSubscription(ctx context.Context, in smn.UpdateSubscriptionInput) error {
	path, err := topicSubscriptionPath(in.TopicSubscriptionInput)
	if err != nil {
		return err
	}
	body := wire.UpdateSubscriptionRequest{Remark: &in.Remark}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.SubscribeResponse{})
	return err
}

// SendConfirmation implements smn.Subscriptions. SMN itself has no such call.
func (c *Client) SendConfirmation(ctx context.Context, in smn.SubscriptionInput) error {
	path, err := subscriptionPath(in.SubscriptionURN, "/confirmation")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodPost, path: path}, &wire.Answer{})
	return err
}

// CancelSubscription implements smn.Subscriptions.
func (c *Client) CancelSubscription(ctx context.Context, in smn.SubscriptionInput) error {
	path, err := subscriptionPath(in.SubscriptionURN, "")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// CancelSubscriptionByTopic implements smn.Subscriptions.
func (c *Client) CancelSubscriptionByTopic(ctx context.Context, in smn.TopicSubscriptionInput) error {
	path, err := topicSubscriptionPath(in)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// CancelSubscriptions implements smn.Subscriptions.
func (c *Client) CancelSubscriptions(ctx context.Context, in smn.CancelSubscriptionsInput) ([]error, error) {
	path := "/notifications/subscriptions"
	if in.TopicURN != "" {
		var err error
		if path, err = topicPath(in.TopicURN, "/subscriptions"); err != nil {
			return nil, err
		}
	}
	body := wire.CancelSubscriptionsRequest{SubscriptionURNs: make([]wire.CancelledSubscription, len(in.SubscriptionURNs))}
	for i, urn := range in.SubscriptionURNs {
		body.SubscriptionURNs[i].SubscriptionURN = urn
	}
	var out wire.SubscribeResponse
	if _, err := c.call(ctx, request{method: http.MethodDelete, path: path, body: body}, &out); err != nil {
		return nil, err
	}
	errs := make([]error, len(out.Results))
	for i, r := range out.Results {
		errs[i] = refusal(r.HTTPCode, r.Code, r.Message, r.Detail)
	}
	return errs, nil
}

// refusalOf is refusal for items that carry no status: without a code they were
// not refused.
func refusalOf(code, message, detail string) error {
	if code == "" {
		return nil
	}
	return smn.Errorf(wire.CodeOfItem(code, message), "%w", &Answer{Code: code, Message: message, Detail: detail})
}

// refusal is why an item of a batch was refused; nil if it was not.
func refusal(httpCode int, code, message, detail string) error {
	if httpCode < http.StatusBadRequest {
		return nil
	}
	return smn.Errorf(wire.CodeOf(httpCode, code, message), "%w",
		&Answer{Status: httpCode, Code: code, Message: message, Detail: detail})
}

// subscriptionPath is topicPath for a subscription.
func subscriptionPath(urn, below string) (string, error) {
	if _, err := smn.ParseSubscriptionURN(urn); err != nil {
		return "", err
	}
	return "/notifications/subscriptions/" + urn + below, nil
}

func topicSubscriptionPath(in smn.TopicSubscriptionInput) (string, error) {
	path, err := topicPath(in.TopicURN, "/subscriptions/"+in.SubscriptionURN)
	if err == nil {
		_, err = smn.ParseSubscriptionURN(in.SubscriptionURN)
	}
	return path, err
}
