package wire

import (
	"time"

	"tocsin/shared/smn"
)

// SendSMSRequest is the body of SendSMS and SendSMSBatch. A list of endpoints gets
// the same message, sms_message has one for each; either makes a batch.
type SendSMSRequest struct {
	NewSMS
	Endpoints []string `json:"endpoints,omitempty" code:"InvalidEndpoint"`
	Messages  []NewSMS `json:"sms_message,omitempty" code:"InvalidMessage"`
}

// NewSMS is an SMS to send.
type NewSMS struct {
	Endpoint string `json:"endpoint,omitempty" code:"InvalidEndpoint"`
	Message  string `json:"message,omitempty" code:"InvalidMessage"`
	SignID   string `json:"sign_id,omitempty" code:"InvalidSignID"`
}

// NewSMSOf spells an SMS to send.
func NewSMSOf(s smn.NewSMS) NewSMS {
	return NewSMS{Endpoint: s.Endpoint, Message: s.Text, SignID: s.SignID}
}

// SMS reads what NewSMSOf spelt.
func (s NewSMS) SMS() smn.NewSMS {
	return smn.NewSMS{Endpoint: s.Endpoint, Text: s.Message, SignID: s.SignID}
}

// Batch gives the items of a batch, and whether it is one.
func (r SendSMSRequest) Batch() ([]smn.NewSMS, bool) {
	items := make([]smn.NewSMS, 0, len(r.Messages)+len(r.Endpoints))
	for _, m := range r.Messages {
		items = append(items, m.SMS())
	}
	for _, endpoint := range r.Endpoints {
		items = append(items, smn.NewSMS{Endpoint: endpoint, Text: r.Message, SignID: r.SignID})
	}
	return items, r.Messages != nil || r.Endpoints != nil
}

// SendSMSBatchRequest is the body of SendSMSBatch under a path of its own.
type SendSMSBatchRequest struct {
	Messages []NewSMS `json:"sms_message" code:"InvalidMessage"`
}

// SendSMSBatchResponse answers SendSMSBatch.
type SendSMSBatchResponse struct {
	RequestID string    `json:"request_id"`
	Result    []SentSMS `json:"result"`
}

// SentSMS is what became of an item.
type SentSMS struct {
	MessageID string `json:"message_id,omitempty"`
	Endpoint  string `json:"endpoint"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message,omitempty"`
	Detail    string `json:"detail,omitempty"`
}

// SMSTextResponse answers GetSMS.
type SMSTextResponse struct {
	RequestID string `json:"request_id"`
	Message   string `json:"message"`
}

// ListSMSResponse answers ListSMS.
type ListSMSResponse struct {
	RequestID string      `json:"request_id"`
	Count     int         `json:"count"` // of the whole list
	Data      []SMSReport `json:"data"`  // never null
}

// SMSReport is how an SMS stands.
type SMSReport struct {
	MessageID   string `json:"message_id"`
	Status      int    `json:"status"`
	SignID      string `json:"sign_id"`
	StatusDesc  string `json:"status_desc"`
	FeeNum      int    `json:"fee_num"`     // parts
	ExtendCode  string `json:"extend_code"` // always empty, like the next
	NationCode  string `json:"nation_code"`
	Mobile      string `json:"mobile"`
	SubmitTime  string `json:"submit_time"`
	DeliverTime string `json:"deliver_time"` // empty while it is to be sent
}

// NewSMSReport spells a report.
func NewSMSReport(s smn.SMSReport) SMSReport {
	r := SMSReport{
		MessageID:  s.MessageID,
		Status:     int(s.Status),
		SignID:     s.SignID,
		StatusDesc: s.Reason,
		FeeNum:     s.Parts,
		Mobile:     s.Endpoint,
		SubmitTime: Time(s.AcceptedAt),
	}
	if !s.FinishedAt.IsZero() {
		r.DeliverTime = Time(s.FinishedAt)
	}
	return r
}

// SMS reads what NewSMSReport spelt.
func (r SMSReport) SMS() (smn.SMSReport, error) {
	accepted, err := ParseTime(r.SubmitTime)
	if err != nil {
		return smn.SMSReport{}, err
	}
	var finished time.Time
	if r.DeliverTime != "" {
		if finished, err = ParseTime(r.DeliverTime); err != nil {
			return smn.SMSReport{}, err
		}
	}
	return smn.SMSReport{
		MessageID:  r.MessageID,
		Endpoint:   r.Mobile,
		SignID:     r.SignID,
		Status:     smn.SMSStatus(r.Status),
		Reason:     r.StatusDesc,
		Parts:      r.FeeNum,
		AcceptedAt: accepted,
		FinishedAt: finished,
	}, nil
}

// SMSCallbacks is the body of UpdateSMSCallbacks, and with an id the answer of
// ListSMSCallbacks.
type SMSCallbacks struct {
	RequestID string        `json:"request_id,omitempty"`
	Callback  []SMSCallback `json:"callback" code:"InvalidEventType"` // never null
}

// SMSCallback is the topic of an event.
type SMSCallback struct {
	EventType string `json:"event_type" code:"InvalidEventType"`
	TopicURN  string `json:"topic_urn" code:"InvalidTopicURN"`
}

// NewSMSCallbacks spells callbacks.
func NewSMSCallbacks(requestID string, callbacks []smn.SMSCallback) SMSCallbacks {
	w := SMSCallbacks{RequestID: requestID, Callback: make([]SMSCallback, len(callbacks))}
	for i, c := range callbacks {
		w.Callback[i] = SMSCallback{EventType: string(c.Event), TopicURN: c.TopicURN}
	}
	return w
}

// Callbacks reads what NewSMSCallbacks spelt.
func (w SMSCallbacks) Callbacks() []smn.SMSCallback {
	callbacks := make([]smn.SMSCallback, len(w.Callback))
	for i, c := range w.Callback {
		callbacks[i] = smn.SMSCallback{Event: smn.SMSEvent(c.EventType), TopicURN: c.TopicURN}
	}
	return callbacks
}
