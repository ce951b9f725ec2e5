package store

import (
	"context"
	"time"

	"tocsin/shared/queue"
)

// Message is a message as it was accepted. It never changes.
type Message struct {
	ID           string // made by the caller; unique for ever
	Project      string
	TopicID      string
	TopicURN     string
	TopicDisplay string // display name of the topic when it was published; may be empty
	Subject      string // empty for none
	Body         string
	AcceptedAt   time.Time // kept to the millisecond
	ExpiresAt    time.Time // no attempt begins later
}

// Messages keeps messages.
type Messages interface {
	// PutMessage stores a message and the task of fanning it out, in constant time,
	// however many subscriptions its topic has.
	PutMessage(ctx context.Context, m Message, fanOut queue.Task) error

	// GetMessage finds a message. ErrNotFound.
	GetMessage(ctx context.Context, id string) (Message, error)
}
