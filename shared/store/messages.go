package store

import (
	"context"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// Message is a message as it was accepted. It never changes. What it says stands
// in one of Body, Structure and Template.
type Message struct {
	ID           string // made by the caller; unique for ever
	Project      string
	TopicID      string
	TopicURN     string
	TopicDisplay string // display name of the topic when it was published; may be empty
	Subject      string // empty for none
	Body         string
	Structure    string                 // as in smn.PublishInput; empty for none
	Template     *TemplateUse           // nil for none
	Attributes   []smn.MessageAttribute // nil for none
	Locale       string                 // empty for none
	Tag          string                 // empty for none
	AcceptedAt   time.Time              // kept to the millisecond
	ExpiresAt    time.Time              // no attempt begins later
}

// TemplateUse is a template as it was when a message was published with it.
type TemplateUse struct {
	Versions map[smn.Protocol]string `json:"versions"` // ids of versions by protocol; smn.DefaultVariant is among them
	Tags     map[string]string       `json:"tags"`     // values of all their variables
}

// Messages keeps messages.
type Messages interface {
	// PutMessage stores a message and the task of fanning it out, in constant time,
	// however many subscriptions its topic has. If none of them receives, the task may
	// be left out. ErrFull.
	PutMessage(ctx context.Context, m Message, fanOut queue.Task) error

	// PutPush stores the task of sending a message to one device. ErrFull.
	PutPush(ctx context.Context, task queue.Task) error

	// GetMessage finds a message. ErrNotFound.
	GetMessage(ctx context.Context, id string) (Message, error)
}
