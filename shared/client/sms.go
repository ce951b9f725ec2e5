package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// SendSMS implements smn.SMSSender.
func (c *Client) SendSMS(ctx context.Context, in smn.NewSMS) (string, error) {
	var out wire.PublishResponse
	_, err := c.call(ctx, request{method: http.MethodPost, path: "/notifications/sms", body: wire.NewSMSOf(in)}, &out)
	return out.MessageID, err
}

// SendSMSBatch implements smn.SMSSender.
func (c *Client) SendSMSBatch(ctx context.Context, in smn.SendSMSBatchInput) ([]smn.SentSMS, error) {
	body := wire.SendSMSBatchRequest{Messages: make([]wire.NewSMS, len(in.Messages))}
	for i, item := range in.Messages {
		body.Messages[i] = wire.NewSMSOf(item)
	}
	var out wire.SendSMSBatchResponse
	if _, err := c.call(ctx, request{method: http.MethodPost, path: "/notifications/batch_sms", body: body}, &out); err != nil {
		return nil, err
	}
	sent := make([]smn.SentSMS, len(out.Result))
	for i, r := range out.Result {
		sent[i] = smn.SentSMS{Endpoint: r.Endpoint, MessageID: r.MessageID}
		if r.Code != "" {
			sent[i].Err = smn.Errorf(wire.CodeOfItem(r.Code, r.Message), "%w", &Answer{Code: r.Code, Message: r.Message, Detail: r.Detail})
		}
	}
	return sent, nil
}

// GetSMS implements smn.SMSSender.
func (c *Client) GetSMS(ctx context.Context, in smn.SMSInput) (string, error) {
	if !smn.IsID(in.MessageID) {
		return "", smn.Errorf(smn.InvalidMessageID, "an id has 32 lower-case hex characters")
	}
	var out wire.SMSTextResponse
	_, err := c.call(ctx, request{method: http.MethodGet, path: "/notifications/sms/message/" + in.MessageID}, &out)
	return out.Message, err
}

// ListSMS implements smn.SMSSender.
func (c *Client) ListSMS(ctx context.Context, in smn.ListSMSInput) (smn.SMSPage, error) {
	query := pageQuery(in.Page)
	setTime(query, "start_time", in.From)
	setTime(query, "end_time", in.To)
	setUnlessEmpty(query, "message_id", in.MessageID)
	setUnlessEmpty(query, "mobile", in.Endpoint)
	setUnlessEmpty(query, "sign_id", in.SignID)
	if in.Status != nil {
		query.Set("status", strconv.Itoa(int(*in.Status)))
	}
	var out wire.ListSMSResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/notifications/sms/report", query: query}, &out); err != nil {
		return smn.SMSPage{}, err
	}
	page := smn.SMSPage{SMS: make([]smn.SMSReport, len(out.Data)), Total: out.Count}
	for i, r := range out.Data {
		sms, err := r.SMS()
		if err != nil {
			return smn.SMSPage{}, fmt.Errorf("read SMS %q: %w", r.MessageID, err)
		}
		page.SMS[i] = sms
	}
	return page, nil
}

// ListSMSCallbacks implements smn.SMSSender.
func (c *Client) ListSMSCallbacks(ctx context.Context, in smn.ListSMSCallbacksInput) ([]smn.SMSCallback, error) {
	query := url.Values{}
	setUnlessEmpty(query, "event_type", string(in.Event))
	var out wire.SMSCallbacks
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/notifications/sms/callback", query: query}, &out); err != nil {
		return nil, err
	}
	return out.Callbacks(), nil
}

// UpdateSMSCallbacks implements smn.SMSSender.
func (c *Client) UpdateSMSCallbacks(ctx context.Context, in smn.UpdateSMSCallbacksInput) error {
	_, err := c.call(ctx, request{
		method: http.MethodPut, path: "/notifications/sms/callback", body: wire.NewSMSCallbacks("", in.Callbacks),
	}, &wire.Answer{})
	return err
}
