// Package queue is the port through which work waits: fan-outs, retries,
// confirmations, detections and clean-ups. It defines the tasks themselves, so that whoever
// makes work and whoever does it speak of the same thing. The suite in queuetest
// tests the promises below sentence by sentence.
package queue

import (
	"context"
	"time"
)

// Queue keeps tasks until they are done. It delivers each at least once, in no
// promised order. Its methods may be called from many goroutines at once.
//
// A queue that is not kept with the store may be a loose one: it does not know which
// tasks wait, and looks at receipts less strictly. Work is then done twice more
// often, never less than once.
type Queue interface {
	// Put adds tasks, all or none. A task whose ID is waiting already is not added
	// again and stays as it is. A loose queue adds it again, may hand out a task
	// twice at once, and may keep some of the tasks of a call that failed.
	Put(ctx context.Context, tasks ...Task) error

	// Receive hands out up to limit tasks that are due, waiting until there is at
	// least one. A task is hidden from others for the lease; if it is neither
	// acknowledged nor released by then, it is handed out again. When ctx ends
	// first, Receive returns its error.
	Receive(ctx context.Context, limit int, lease time.Duration) ([]Lease, error)

	// Ack removes tasks that are done. Acknowledging again, or after the lease
	// went to someone else, is harmless and changes nothing; a loose queue may
	// remove what someone else has in hand, since it is done.
	Ack(ctx context.Context, leases ...Lease) error

	// Release gives a task back before its lease ends, to be handed out again
	// after the delay. Like Ack it does nothing once the lease is someone else's; a
	// loose queue may hand out the task to a third.
	Release(ctx context.Context, lease Lease, delay time.Duration) error

	// Wake makes up to limit tasks that wait for key due now, the oldest first, and
	// tells how many. A queue that cannot find them does nothing.
	Wake(ctx context.Context, key string, limit int) (int, error)
}

// Lease is a task in someone's hands.
type Lease struct {
	Task
	Receipt  string // proof of this hand-out
	Received int    // times the task was handed out so far, this one included
}
