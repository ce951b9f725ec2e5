package store

import (
	"context"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
)

// Admission is a message to a recipient that is to be counted.
type Admission struct {
	Limit flow.Limit
	Task  queue.Task // stored if the message is admitted, else dropped; the zero task is none
}

// Throttled is the error of a message that is one too many for its recipient.
type Throttled struct {
	Until time.Time // when one may go again
}

func (t Throttled) Error() string {
	return "the recipient gets no more messages before " + t.Until.UTC().Format(time.RFC3339)
}

// Flow keeps how many messages recipients got lately. The arithmetic is that of
// package flow.
type Flow interface {
	// Admit counts messages at a time, one after the other, and stores their tasks.
	// The answer has one item for each, in their order: nil, or Throttled, and then
	// nothing of it was counted or stored. A zero Limit admits all. Counts that have
	// ended may be forgotten.
	Admit(ctx context.Context, now time.Time, messages ...Admission) ([]error, error)
}
