package smn

import (
	"context"
	"time"
)

// Logtanks bind topics to log streams. They are kept and given back; nothing is
// written to the streams.
type Logtanks interface {
	// CreateLogtank binds a topic to a log stream and returns the id of the binding.
	// TopicNotFound; TooManyResources beyond MaxLogtanks.
	CreateLogtank(ctx context.Context, in CreateLogtankInput) (id string, err error)

	// ListLogtanks lists those of a topic in the order of their creation. TopicNotFound.
	ListLogtanks(ctx context.Context, in TopicInput) ([]Logtank, error)

	// UpdateLogtank binds to another log stream. TopicNotFound, ResourceNotFound.
	UpdateLogtank(ctx context.Context, in UpdateLogtankInput) (Logtank, error)

	// DeleteLogtank ends a binding. TopicNotFound; ResourceNotFound, also the second
	// time.
	DeleteLogtank(ctx context.Context, in AttachmentInput) error
}

// LogStream is a place in a log service.
type LogStream struct {
	GroupID  string `validate:"foreign_id" code:"InvalidParameter"`
	StreamID string `validate:"foreign_id" code:"InvalidParameter"`
}

// Logtank says to which log stream a topic's deliveries are to be written.
type Logtank struct {
	ID        string
	Stream    LogStream
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CreateLogtankInput is what CreateLogtank needs.
type CreateLogtankInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Stream   LogStream
}

// UpdateLogtankInput is what UpdateLogtank needs.
type UpdateLogtankInput struct {
	AttachmentInput
	Stream LogStream
}
