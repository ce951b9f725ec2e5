package store

import (
	"context"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// Report is how the delivery of a message stands.
type Report struct {
	Tally    // of the chunks finished so far
	Retrying int
	Dead     int
	// FanningOut says that a task of its fan-out is left. A store that cannot find tasks
	// goes by the chunks: one is left that was passed on and not finished.
	FanningOut bool
}

// Delivered counts the subscriptions that have got the message. The failures of a
// chunk may be seen before its tally.
func (r Report) Delivered() int { return max(0, r.Matched-r.Waiting-r.Retrying-r.Dead) }

// FailureQuery asks for a part of the failures of a message.
type FailureQuery struct {
	MessageID string
	After     string // SubscriptionID to begin behind; empty to begin with the first
	Limit     int    // at least 1
}

// ListedFailure is a failure in a list.
type ListedFailure struct {
	Failure
	Protocol smn.Protocol // empty when the subscription is gone
}

// MessageHead is a message without what it says.
type MessageHead struct {
	ID         string
	Subject    string
	AcceptedAt time.Time
}

// MessageQuery asks for a part of a topic's messages.
type MessageQuery struct {
	TopicID string
	After   string // ID to begin behind, of any topic; empty to begin with the first
	Limit   int    // at least 1
}

// DeadQuery asks for a part of a topic's dead failures.
type DeadQuery struct {
	TopicID string

	// Filters, all of which must hold; an empty one fits all.
	MessageID      string
	SubscriptionID string

	After DeadKey // to begin behind, whether or not it is still dead; zero to begin with the first
	Limit int     // at least 1
}

// DeadKey names a dead failure.
type DeadKey struct {
	MessageID      string
	SubscriptionID string
}

// DeadFailure is a dead failure with its message.
type DeadFailure struct {
	ListedFailure
	Message MessageHead
}

// Redelivery is a failure that takes the place of the dead one of its message and
// subscription, and the task that makes its attempt.
type Redelivery struct {
	Failure
	Task queue.Task
}

// Reports tell what became of messages.
type Reports interface {
	// GetReport tells how the delivery of a message stands. A message that is
	// unknown has an empty report.
	GetReport(ctx context.Context, messageID string) (Report, error)

	// ListFailures lists the failures of a message by SubscriptionID, ascending.
	ListFailures(ctx context.Context, q FailureQuery) ([]ListedFailure, error)

	// ListMessages lists the messages of a topic, the last stored first. Behind a
	// message that is gone there is nothing.
	ListMessages(ctx context.Context, q MessageQuery) ([]MessageHead, error)

	// ListDead lists the dead failures of a topic by MessageID and SubscriptionID, both
	// descending. One whose message is gone is left out.
	ListDead(ctx context.Context, q DeadQuery) ([]DeadFailure, error)

	// Redeliver puts failures in the place of dead ones and stores their tasks, in
	// small steps, and tells how many. One whose delivery is not dead is skipped with
	// its task. When it ends early, with an error, what was done stays done. ErrFull.
	Redeliver(ctx context.Context, items []Redelivery) (int, error)
}
