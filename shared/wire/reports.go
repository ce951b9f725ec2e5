package wire

import (
	"errors"
	"time"

	"tocsin/shared/smn"
)

// ListMessagesResponse answers ListMessages.
type ListMessagesResponse struct {
	RequestID string             `json:"request_id"`
	Messages  []PublishedMessage `json:"messages"` // never null
}

// PublishedMessage is a message without what it says.
type PublishedMessage struct {
	MessageID  string `json:"message_id"`
	Subject    string `json:"subject,omitempty"`
	AcceptedAt string `json:"accepted_at"`
}

// MessageReportResponse answers GetMessageReport: a flat object.
type MessageReportResponse struct {
	RequestID string `json:"request_id"`
	PublishedMessage
	TopicURN  string            `json:"topic_urn"`
	ExpiresAt string            `json:"expires_at"` // when the message ends: no attempt begins later, unless it is redelivered
	FannedOut bool              `json:"fanned_out"` // whether each subscription had its first attempt or waits for one; counts grow until then
	Counts    DeliveryCounts    `json:"counts"`
	Failures  []DeliveryFailure `json:"failures"` // never null
}

// DeliveryCounts are the deliveries of a message by what became of them.
type DeliveryCounts struct {
	Matched   int `json:"matched"`   // subscriptions that were to receive it: the sum of delivered, retrying and dead
	Delivered int `json:"delivered"` // they have got it
	Retrying  int `json:"retrying"`  // there will be another attempt
	Dead      int `json:"dead"`      // they were given up
	Filtered  int `json:"filtered"`  // subscriptions that their filters kept from receiving it
}

// DeliveryFailure is a delivery that has not succeeded so far.
type DeliveryFailure struct {
	SubscriptionURN string `json:"subscription_urn"`
	Protocol        string `json:"protocol,omitempty"`
	State           string `json:"state"`
	Attempts        int    `json:"attempts"` // attempts made so far
	NextAttemptAt   string `json:"next_attempt_at,omitempty"`
	Status          int    `json:"status"` // the HTTP status or the like of the last attempt; 0 when there was no answer
	Reason          string `json:"reason"` // why the last attempt failed
	At              string `json:"at"`     // when it came to this
}

// The states of a DeliveryFailure.
const (
	StateRetrying = "retrying"
	StateDead     = "dead"
)

// NewPublishedMessage spells a message.
func NewPublishedMessage(m smn.PublishedMessage) PublishedMessage {
	return PublishedMessage{MessageID: m.ID, Subject: m.Subject, AcceptedAt: Time(m.AcceptedAt)}
}

// Message reads what NewPublishedMessage spelt.
func (m PublishedMessage) Message() (smn.PublishedMessage, error) {
	accepted, err := ParseTime(m.AcceptedAt)
	return smn.PublishedMessage{ID: m.MessageID, Subject: m.Subject, AcceptedAt: accepted}, err
}

// NewMessageReport spells the report on a message.
func NewMessageReport(requestID, topicURN string, r smn.MessageReport) MessageReportResponse {
	return MessageReportResponse{
		RequestID: requestID, PublishedMessage: NewPublishedMessage(r.PublishedMessage), TopicURN: topicURN,
		ExpiresAt: Time(r.ExpiresAt), FannedOut: r.FannedOut, Counts: DeliveryCounts(r.Counts),
		Failures: List(r.Failures, NewDeliveryFailure),
	}
}

// Report reads what NewMessageReport spelt.
func (r MessageReportResponse) Report() (smn.MessageReport, error) {
	message, err := r.Message()
	expires, err2 := ParseTime(r.ExpiresAt)
	failures, err3 := ReadList(r.Failures, DeliveryFailure.Failure)
	return smn.MessageReport{
		PublishedMessage: message, ExpiresAt: expires, FannedOut: r.FannedOut, Counts: smn.DeliveryCounts(r.Counts), Failures: failures,
	}, errors.Join(err, err2, err3)
}

// NewDeliveryFailure spells a failure.
func NewDeliveryFailure(f smn.DeliveryFailure) DeliveryFailure {
	spelt := DeliveryFailure{
		SubscriptionURN: f.SubscriptionURN.String(), Protocol: string(f.Protocol), State: StateRetrying, Attempts: f.Attempts,
		Status: f.Status, Reason: f.Reason, At: Time(f.At),
	}
	if f.Dead {
		spelt.State = StateDead
	} else {
		spelt.NextAttemptAt = Time(f.NextAttemptAt)
	}
	return spelt
}

// Failure reads what NewDeliveryFailure spelt.
func (f DeliveryFailure) Failure() (smn.DeliveryFailure, error) {
	urn, err := smn.ParseSubscriptionURN(f.SubscriptionURN)
	at, err2 := ParseTime(f.At)
	var next time.Time
	var err3 error
	if f.NextAttemptAt != "" {
		next, err3 = ParseTime(f.NextAttemptAt)
	}
	return smn.DeliveryFailure{
		SubscriptionURN: urn, Protocol: smn.Protocol(f.Protocol), Attempts: f.Attempts, Dead: f.State == StateDead,
		NextAttemptAt: next, Status: f.Status, Reason: f.Reason, At: at,
	}, errors.Join(err, err2, err3)
}
