package store

import (
	"context"
	"time"
)

// SMSCount is how many SMS of a topic were delivered in an hour.
type SMSCount struct {
	Hour time.Time // when it began
	SMS  int
}

// Statistics keeps how many SMS topics have delivered, as ResolveFailure
// tells. An SMS counts in the hour, UTC, in which its message was
// accepted, so that telling twice counts once. Counts go with their topic.
type Statistics interface {
	// CountSMS gives the counts of a topic for the hours from one that holds from up
	// to one that begins before to, in their order. Hours without any are left out.
	CountSMS(ctx context.Context, topicID string, from, to time.Time) ([]SMSCount, error)
}
