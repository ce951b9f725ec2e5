package client

import (
	"context"
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ListMessages implements smn.Reports. SMN itself has no such call.
func (c *Client) ListMessages(ctx context.Context, in smn.ListMessagesInput) ([]smn.PublishedMessage, error) {
	path, err := topicPath(in.TopicURN, "/messages")
	if err != nil {
		return nil, err
	}
	query := pageQuery(smn.Page{Limit: in.Limit})
	setUnlessEmpty(query, "marker", in.Marker)
	var out wire.ListMessagesResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return nil, err
	}
	return wire.ReadList(out.Messages, wire.PublishedMessage.Message)
}

// GetMessageReport implements smn.Reports. SMN itself has no such call.
func (c *Client) GetMessageReport(ctx context.Context, in smn.MessageReportInput) (smn.MessageReport, error) {
	path, err := topicPath(in.TopicURN, "/messages/"+in.MessageID)
	if err != nil {
		return smn.MessageReport{}, err
	}
	if !smn.IsID(in.MessageID) {
		return smn.MessageReport{}, smn.Errorf(smn.InvalidMessageID, "the id of a message has 32 hexadecimal digits")
	}
	query := pageQuery(smn.Page{Limit: in.Limit})
	setUnlessEmpty(query, "marker", in.Marker)
	var out wire.MessageReportResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return smn.MessageReport{}, err
	}
	return out.Report()
}
