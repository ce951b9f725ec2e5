package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListDeadDeliveries implements smn.DeadDeliveries. SMN itself has no such call.
func (c *Client) ListDeadDeliveries(ctx context.Context, in smn.ListDeadDeliveriesInput) ([]smn.DeadDelivery, error) {
	path, err := topicPath(in.TopicURN, "/dead-deliveries")
	if err != nil {
		return nil, err
	}
	query := pageQuery(smn.Page{Limit: in.Limit})
	setUnlessEmpty(query, "message_id", in.MessageID)
	setUnlessEmpty(query, "subscription_urn", in.SubscriptionURN)
	setUnlessEmpty(query, "marker", in.Marker)
	var out wire.ListDeadDeliveriesResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return nil, err
	}
	return wire.ReadList(out.DeadDeliveries, wire.DeadDelivery.Delivery)
}

// Redeliver implements smn.DeadDeliveries. SMN itself has no such call.
func (c *Client) Redeliver(ctx context.Context, in smn.RedeliverInput) (smn.RedeliverOutput, error) {
	path, err := topicPath(in.TopicURN, "/dead-deliveries/redeliver")
	if err != nil {
		return smn.RedeliverOutput{}, err
	}
	var out wire.RedeliverResponse
	_, err = c.call(ctx, request{method: http.MethodPost, path: path, body: wire.NewRedeliverRequest(in.DeadFilter)}, &out)
	return smn.RedeliverOutput{Redelivered: out.Redelivered, Marker: out.Marker}, err
}
