package store

import (
	"context"
	"time"
)

// Health is how the endpoint of a subscription fares. Only an endpoint in trouble
// has one.
type Health struct {
	SubscriptionKey
	Seq         int64     // of the subscription
	Failures    int       // attempts that failed, without one that succeeded in between
	Since       time.Time // when the first of them failed; kept to the millisecond
	Parks       int       // how often it was parked since then
	ParkedUntil time.Time // no attempt begins before; zero when it is not parked
	Status      int       // HTTP status or the like of the last attempt; 0 when there was none
	Reason      string    // of the last attempt, for people
}

// EndpointHealth keeps how endpoints in trouble fare, so that every worker knows,
// also after a restart.
type EndpointHealth interface {
	// PutHealth adds or overwrites the health of a subscription's endpoint. For a
	// subscription that is gone it does nothing. It may return before that is durable.
	PutHealth(ctx context.Context, h Health) error

	// ClearHealth removes it: the endpoint is well. It may return before that is
	// durable.
	ClearHealth(ctx context.Context, key SubscriptionKey) error

	// GetHealth finds it. ErrNotFound when the endpoint is well.
	GetHealth(ctx context.Context, key SubscriptionKey) (Health, error)

	// ListHealth gives those of chunk n of a topic, by Seq.
	ListHealth(ctx context.Context, project, topicID string, n int) ([]Health, error)
}
