package httpapi

import (
	"net/http"
	"strconv"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// SendSMS sends a text to a phone number, or to a list of them. SMN calls it
// SmsPublish and SmsBatchPublish.
var SendSMS = Operation{
	Name:  "send-sms",
	Route: "POST /v2/{project_id}/notifications/sms",
	door:  ownerDoor,
	bind:  withService(sendSMS),
}

func sendSMS(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SendSMSRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	if items, batch := req.Batch(); batch {
		return sendAll(r, svc, items)
	}
	id, err := svc.SendSMS(r.Context(), req.NewSMS.SMS())
	if err != nil {
		return reply{}, err
	}
	return ok(wire.PublishResponse{RequestID: requestID(r), MessageID: id}), nil
}

// SendSMSBatch sends a text each to phone numbers. SMN calls it
// SmsBatchPublishWithDiffMessage.
var SendSMSBatch = Operation{
	Name:  "send-sms-batch",
	Route: "POST /v2/{project_id}/notifications/batch_sms",
	door:  ownerDoor,
	bind:  withService(sendSMSBatch),
}

func sendSMSBatch(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SendSMSBatchRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	items := make([]smn.NewSMS, len(req.Messages))
	for i, m := range req.Messages {
		items[i] = m.SMS()
	}
	return sendAll(r, svc, items)
}

func sendAll(r *http.Request, svc smn.Service, items []smn.NewSMS) (reply, error) {
	sent, err := svc.SendSMSBatch(r.Context(), smn.SendSMSBatchInput{Messages: items})
	if err != nil {
		return reply{}, err
	}
	response := wire.SendSMSBatchResponse{RequestID: requestID(r), Result: make([]wire.SentSMS, len(sent))}
	for i, s := range sent {
		response.Result[i] = wire.SentSMS{MessageID: s.MessageID, Endpoint: s.Endpoint}
		if s.Err != nil {
			f, detail := explain(s.Err)
			response.Result[i].Code, response.Result[i].Message, response.Result[i].Detail = f.Code, f.Message, detail
		}
	}
	return ok(response), nil
}

// GetSMS gives the text of an SMS. SMN calls it GetSmsMessage.
var GetSMS = Operation{
	Name:  "get-sms",
	Route: "GET /v2/{project_id}/notifications/sms/message/{message_id}",
	door:  ownerDoor,
	bind:  withService(getSMS),
}

func getSMS(r *http.Request, svc smn.Service) (reply, error) {
	text, err := svc.GetSMS(r.Context(), smn.SMSInput{MessageID: r.PathValue("message_id")})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.SMSTextResponse{RequestID: requestID(r), Message: text}), nil
}

// ListSMS says how SMS stand, newest first. SMN calls it ListSmsMsgReport.
var ListSMS = Operation{
	Name:  "list-sms",
	Route: "GET /v2/{project_id}/notifications/sms/report",
	door:  ownerDoor,
	bind:  withService(listSMS),
}

func listSMS(r *http.Request, svc smn.Service) (reply, error) {
	query, page, err := pageOf(r)
	if err != nil {
		return reply{}, err
	}
	in := smn.ListSMSInput{Page: page, MessageID: query.Get("message_id"), Endpoint: query.Get("mobile"), SignID: query.Get("sign_id")}
	if in.From, in.To, err = periodOf(query); err != nil {
		return reply{}, err
	}
	if text := query.Get("status"); text != "" {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return reply{}, smn.Errorf(smn.InvalidStatus, "status must be 0, 1 or 2")
		}
		status := smn.SMSStatus(n)
		in.Status = &status
	}
	list, err := svc.ListSMS(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.ListSMSResponse{RequestID: requestID(r), Count: list.Total, Data: wire.List(list.SMS, wire.NewSMSReport)}), nil
}

// ListSMSCallbacks lists the topics of SMS events. SMN calls it ListSmsEvent.
var ListSMSCallbacks = Operation{
	Name:  "list-sms-callbacks",
	Route: "GET /v2/{project_id}/notifications/sms/callback",
	door:  ownerDoor,
	bind:  withService(listSMSCallbacks),
}

func listSMSCallbacks(r *http.Request, svc smn.Service) (reply, error) {
	query, err := queryOf(r)
	if err != nil {
		return reply{}, err
	}
	callbacks, err := svc.ListSMSCallbacks(r.Context(), smn.ListSMSCallbacksInput{Event: smn.SMSEvent(query.Get("event_type"))})
	if err != nil {
		return reply{}, err
	}
	return ok(wire.NewSMSCallbacks(requestID(r), callbacks)), nil
}

// UpdateSMSCallbacks sets the topics of SMS events. SMN calls it UpdateSmsEvent.
var UpdateSMSCallbacks = Operation{
	Name:  "update-sms-callbacks",
	Route: "PUT /v2/{project_id}/notifications/sms/callback",
	door:  ownerDoor,
	bind:  withService(updateSMSCallbacks),
}

func updateSMSCallbacks(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.SMSCallbacks
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	if err := svc.UpdateSMSCallbacks(r.Context(), smn.UpdateSMSCallbacksInput{Callbacks: req.Callbacks()}); err != nil {
		return reply{}, err
	}
	return ok(wire.Answer{RequestID: requestID(r)}), nil
}
