package smn

import (
	"context"
	"time"
)

// Reports tell what became of messages. Only the project that owns a topic may read
// them. SMN has no such calls.
type Reports interface {
	// ListMessages lists the messages of a topic that are still kept, newest first.
	// TopicNotFound.
	ListMessages(ctx context.Context, in ListMessagesInput) ([]PublishedMessage, error)

	// GetMessageReport tells how the delivery of a message stands. TopicNotFound;
	// ResourceNotFound when the topic has no such message, or keeps it no more.
	GetMessageReport(ctx context.Context, in MessageReportInput) (MessageReport, error)
}

// ListMessagesInput is what ListMessages needs.
type ListMessagesInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Limit    int    `validate:"min=0,max=100" code:"InvalidPage"` // messages at most; 0 means DefaultLimit
	// Marker is the id of the last message seen; the page begins behind it. Behind one
	// that is no longer kept there is nothing.
	Marker string `validate:"omitempty,id" code:"InvalidPage"`
}

// PublishedMessage is a message without what it says.
type PublishedMessage struct {
	ID         string
	Subject    string // empty for none
	AcceptedAt time.Time
}

// MessageReportInput is what GetMessageReport needs.
type MessageReportInput struct {
	TopicURN  string `validate:"topic_urn" code:"InvalidTopicURN"`
	MessageID string `validate:"id" code:"InvalidMessageID"`
	Limit     int    `validate:"min=0,max=100" code:"InvalidPage"` // failures at most; 0 means DefaultLimit
	// Marker is the URN of the last subscription seen; the failures begin behind it,
	// whether or not it still exists.
	Marker string `validate:"omitempty,subscription_urn" code:"InvalidPage"`
}

// MessageReport is how the delivery of a message stands.
type MessageReport struct {
	PublishedMessage
	ExpiresAt time.Time // no attempt begins later, unless it is redelivered
	// FannedOut says that each subscription had its first attempt, or has it in hand
	// as a failure that waits. Counts grow until then.
	FannedOut bool
	Counts    DeliveryCounts
	Failures  []DeliveryFailure // by SubscriptionURN
}

// DeliveryCounts counts the deliveries of a message. All that matched are delivered,
// retrying or dead.
type DeliveryCounts struct {
	Matched   int // subscriptions that were to receive it
	Delivered int
	Retrying  int // they will be attempted again
	Dead      int // they were given up
	Filtered  int // subscriptions that their filters kept from receiving it
}

// DeliveryFailure is a delivery that has not succeeded so far.
type DeliveryFailure struct {
	SubscriptionURN SubscriptionURN
	Protocol        Protocol  // empty when the subscription is gone
	Attempts        int       // made so far
	Dead            bool      // given up; else there will be another attempt
	NextAttemptAt   time.Time // zero when Dead
	Status          int       // HTTP status or the like of the last attempt; 0 when there was none
	Reason          string    // of the last attempt, for people
	At              time.Time // when it came to this
}
