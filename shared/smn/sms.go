package smn

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// SMSSender sends SMS to phone numbers, without a topic, and says what became of
// them. They belong to the caller's project.
type SMSSender interface {
	// SendSMS takes a text for a phone number and returns the message's id. Once it
	// has returned, the SMS is stored and will be sent at least once, or given up
	// after DefaultTimeToLive.
	SendSMS(ctx context.Context, in NewSMS) (messageID string, err error)

	// SendSMSBatch does the same for up to MaxSMSBatch texts. The answer has one item
	// for each, in their order; an item that was refused says why in Err, which is
	// DuplicateEndpoint for one that is in the batch already. The error is for the
	// call as a whole.
	SendSMSBatch(ctx context.Context, in SendSMSBatchInput) ([]SentSMS, error)

	// GetSMS gives the text of an SMS. ResourceNotFound.
	GetSMS(ctx context.Context, in SMSInput) (text string, err error)

	// ListSMS lists SMS and how they stand, newest first.
	ListSMS(ctx context.Context, in ListSMSInput) (SMSPage, error)

	// ListSMSCallbacks lists the callbacks that were set and whose topics are still
	// there, in the order of SMSEvents.
	ListSMSCallbacks(ctx context.Context, in ListSMSCallbacksInput) ([]SMSCallback, error)

	// UpdateSMSCallbacks sets the topics of the events that it names, which must be
	// the caller's own, and leaves the other events. They are kept and given back.
	// TopicNotFound.
	UpdateSMSCallbacks(ctx context.Context, in UpdateSMSCallbacksInput) error
}

// Limits of SMS that are sent to a phone number without a topic.
const (
	MaxSMS      = 1_000 // characters of the text; what is longer is not delivered
	MaxSMSBatch = 1_000 // items of one call
	MaxSignID   = 64    // characters; SMN's own have 32
)

// NewSMS is a text for one phone number.
type NewSMS struct {
	Endpoint string `validate:"phone" code:"InvalidEndpoint"`
	Text     string `validate:"sms_text" code:"InvalidMessage"`
	SignID   string `validate:"sign_id" code:"InvalidSignID"` // of the signature to send with; kept, empty for none
}

// SendSMSBatchInput is what SendSMSBatch needs. Its items are judged one by one;
// a bad one does not keep the others out.
type SendSMSBatchInput struct {
	Messages []NewSMS `validate:"min=1,max=1000" code:"TooManyEndpoints"`
}

// SentSMS is what became of one item.
type SentSMS struct {
	Endpoint  string
	MessageID string // empty when it was refused
	Err       error  // why; nil otherwise
}

// SMSStatus is where an SMS stands. The numbers are SMN's.
type SMSStatus int

// The statuses of an SMS.
const (
	SMSAccepted  SMSStatus = 0 // is to be sent
	SMSDelivered SMSStatus = 1 // the way out has taken it
	SMSFailed    SMSStatus = 2 // it was given up
)

// SMSReport is how an SMS stands.
type SMSReport struct {
	MessageID  string
	Endpoint   string
	SignID     string
	Status     SMSStatus
	Reason     string // why it failed, for people; empty otherwise
	Parts      int    // messages that the text takes on its way
	AcceptedAt time.Time
	FinishedAt time.Time // when it was delivered or given up; zero before
}

// SMSInput names one SMS.
type SMSInput struct {
	MessageID string `validate:"id" code:"InvalidMessageID"`
}

// ListSMSInput is what ListSMS needs. An empty field filters nothing.
type ListSMSInput struct {
	Page
	From      time.Time  // accepted then or later
	To        time.Time  `validate:"omitempty,gtfield=From" code:"InvalidEndTime"` // accepted before
	MessageID string     `validate:"omitempty,id" code:"InvalidMessageID"`
	Endpoint  string     `validate:"omitempty,phone" code:"InvalidEndpoint"`
	SignID    string     `validate:"sign_id" code:"InvalidSignID"`
	Status    *SMSStatus `validate:"omitempty,min=0,max=2" code:"InvalidStatus"`
}

// SMSPage is a part of the list of SMS.
type SMSPage struct {
	SMS   []SMSReport
	Total int // that fit the filters, whatever the page
}

// SMSEvent is something that happens to an SMS.
type SMSEvent string

// The events of SMS.
const (
	SMSSuccess SMSEvent = "sms_success_event"
	SMSFailure SMSEvent = "sms_fail_event"
	SMSReply   SMSEvent = "sms_reply_event"
)

// SMSEvents are all of them, in the order of lists.
var SMSEvents = []SMSEvent{SMSSuccess, SMSFailure, SMSReply}

// SMSCallback names the topic that is to be told of an event.
type SMSCallback struct {
	Event    SMSEvent `validate:"sms_event" code:"InvalidEventType"`
	TopicURN string   `validate:"topic_urn" code:"InvalidTopicURN"`
}

// ListSMSCallbacksInput is what ListSMSCallbacks needs.
type ListSMSCallbacksInput struct {
	Event SMSEvent `validate:"omitempty,sms_event" code:"InvalidEventType"` // empty for all
}

// UpdateSMSCallbacksInput is what UpdateSMSCallbacks needs.
type UpdateSMSCallbacksInput struct {
	Callbacks []SMSCallback `validate:"min=1,max=3" code:"InvalidEventType"`
}

// gsm7 are the characters of the GSM 7 bit default alphabet, and gsm7Extended
// those that take two places in it.
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Extended = "\f^{}\\[~]|€"
)

// widths says how many places a character takes in the GSM 7 bit alphabet.
var widths = func() map[rune]int {
	m := map[rune]int{}
	for _, r := range gsm7 {
		m[r] = 1
	}
	for _, r := range gsm7Extended {
		m[r] = 2
	}
	return m
}()

// IsGSM7 says whether a text consists of characters of the GSM 7 bit alphabet.
func IsGSM7(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return widths[r] == 0 })
}

// SMSParts counts the messages that a text takes on its way: one holds 160
// places of the GSM alphabet or, with any other character, 70; each part of a
// longer text 153 or 67.
func SMSParts(text string) int {
	places, single, part := 0, 160, 153
	for _, r := range text {
		width := widths[r]
		if width == 0 {
			places, single, part = utf8.RuneCountInString(text), 70, 67
			break
		}
		places += width
	}
	if places <= single {
		return 1
	}
	return (places + part - 1) / part
}
