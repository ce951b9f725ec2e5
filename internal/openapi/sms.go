package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func sms() map[string]described {
	return map[string]described{
		"send-sms": {
			group: groupSMS, summary: "Send a text to one phone number; with endpoints or sms_message, to up to 1,000.", smn: "SmsPublish and SmsBatchPublish",
			body:    wire.SendSMSRequest{},
			answers: map[int]any{200: []any{wire.PublishResponse{}, wire.SendSMSBatchResponse{}}},
		},
		"send-sms-batch": {
			group: groupSMS, summary: "Send a text each to up to 1,000 phone numbers.", smn: "SmsBatchPublishWithDiffMessage",
			body:    wire.SendSMSBatchRequest{},
			answers: map[int]any{200: wire.SendSMSBatchResponse{}},
		},
		"get-sms": {
			group: groupSMS, summary: "Give the text of an SMS.", smn: "GetSmsMessage",
			answers: map[int]any{200: wire.SMSTextResponse{}},
		},
		"list-sms": {
			group: groupSMS, summary: "Say how SMS stand, newest first.", smn: "ListSmsMsgReport",
			query: pageQuery(append(
				period(false),
				parameter{name: "message_id", about: "The exact id."},
				parameter{name: "mobile", about: "The exact phone number."},
				parameter{name: "sign_id", about: "The exact id of a signature."},
				parameter{
					name: "status", about: "0 to be sent, 1 delivered, 2 failed.",
					schema: openapi3.NewIntegerSchema().WithEnum(values(smn.SMSAccepted, smn.SMSDelivered, smn.SMSFailed)...),
				},
			)...),
			answers: map[int]any{200: wire.ListSMSResponse{}},
		},
		"list-sms-callbacks": {
			group: groupSMS, summary: "List the topics that shall be told of events.", smn: "ListSmsEvent",
			query: []parameter{{
				name: "event_type", about: "The event; without it all.",
				schema: openapi3.NewStringSchema().WithEnum(values(smn.SMSEvents...)...),
			}},
			answers: map[int]any{200: wire.SMSCallbacks{}},
		},
		"update-sms-callbacks": {
			group: groupSMS, summary: "Set the topics that shall be told of events. They are kept; no event is published.", smn: "UpdateSmsEvent",
			body:    wire.SMSCallbacks{},
			answers: map[int]any{200: wire.Answer{}},
		},
	}
}
