package client

import (
	"context"
	"net/http"
	"net/url"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ConfirmSubscription implements smn.Links.
func (c *Client) ConfirmSubscription(ctx context.Context, in smn.ConfirmSubscriptionInput) (smn.SubscriptionURN, error) {
	query := url.Values{}
	setUnlessEmpty(query, "token", in.Token)
	setUnlessEmpty(query, "topic_urn", in.TopicURN)
	setUnlessEmpty(query, "endpoint", in.Endpoint)
	var out wire.ConfirmResponse
	_, err := c.call(ctx, request{method: http.MethodGet, path: "/rest/v2/notifications/subscription/confirm", query: query, open: true}, &out)
	if err != nil {
		return smn.SubscriptionURN{}, err
	}
	return smn.ParseSubscriptionURN(out.SubscriptionURN)
}

// Unsubscribe implements smn.Links.
func (c *Client) Unsubscribe(ctx context.Context, in smn.SubscriptionInput) error {
	query := url.Values{"subscription_urn": {in.SubscriptionURN}}
	_, err := c.call(ctx, request{method: http.MethodGet, path: "/rest/v2/notifications/subscription/unsubscribe", query: query, open: true}, &wire.UnsubscribeResponse{})
	return err
}

// Certificate fetches a certificate that messages are signed with.
func (c *Client) Certificate(ctx context.Context, id string) ([]byte, error) {
	var pem []byte
	_, err := c.call(ctx, request{method: http.MethodGet, path: "/smn/" + url.PathEscape(id), open: true}, &pem)
	return pem, err
}
