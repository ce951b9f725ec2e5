package store

import (
	"context"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// SMS is an SMS to a phone number, sent without a topic.
type SMS struct {
	ID         string // made by the caller; unique for ever
	Project    string
	Endpoint   string // phone number
	Text       string
	SignID     string // empty for none
	AcceptedAt time.Time
	Status     smn.SMSStatus
	Reason     string    // why it failed
	FinishedAt time.Time // zero while it is to be sent; both times kept to the millisecond
}

// SMSQuery asks for a part of a project's SMS. An empty field filters nothing.
type SMSQuery struct {
	Project  string
	From, To time.Time // accepted From or later, and before To
	ID       string
	Endpoint string
	SignID   string
	Status   *smn.SMSStatus
	Offset   int
	Limit    int // at least 1
}

// SMSPage is a part of a project's SMS.
type SMSPage struct {
	SMS   []SMS
	Total int // that fit the filters
}

// DirectSMS keeps SMS that were sent without a topic.
type DirectSMS interface {
	// PutSMS stores SMS and the tasks of sending them. One whose ID is there already
	// stays as it is. ErrFull.
	PutSMS(ctx context.Context, sms []SMS, tasks ...queue.Task) error

	// GetSMS finds an SMS of a project. ErrNotFound.
	GetSMS(ctx context.Context, project, id string) (SMS, error)

	// ListSMS lists SMS by AcceptedAt and ID, descending: newest first.
	ListSMS(ctx context.Context, q SMSQuery) (SMSPage, error)

	// FinishSMS notes how the sending of an SMS ended. One that has ended already
	// stays as it is, and one that is gone is none of its business.
	FinishSMS(ctx context.Context, id string, status smn.SMSStatus, reason string, at time.Time) error
}
