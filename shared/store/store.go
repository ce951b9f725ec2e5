// Package store is the port to what the service remembers: topics,
// subscriptions, messages and how their delivery went. The suite in storetest
// tests the promises below sentence by sentence.
//
// Work is committed with the rows that cause it: a method that makes work takes
// the tasks and stores or hands them on such that, once it has returned, neither
// the rows nor the tasks can be lost. Any call may be repeated.
package store

import (
	"context"
	"errors"
)

// What a method returns, wrapped or not, when the reason is not a failure of the
// store itself. A call that returns one of these, or Throttled, has changed nothing.
var (
	ErrNotFound = errors.New("not found")
	ErrLimit    = errors.New("limit reached")
	ErrConflict = errors.New("changed in the meantime")
)

// ErrFull is what the methods return that take new messages, when too many wait
// already or the disk is nearly full, and what any method that writes can return
// when it is full. Nothing was changed; it may work in a moment. It comes within
// an smn.Error of the code Overloaded.
var ErrFull = errors.New("full for the moment")

// Store remembers. Its methods may be called from many goroutines at once. What
// a call has changed, the next call sees. Times come back in UTC.
type Store interface {
	Topics
	Attributes
	Subscriptions
	Messages
	OnceMessages
	Deliveries
	Reports
	EndpointHealth
	Documents
	Templates
	DirectSMS
	Statistics
	Tags
	Flow
}

// Secrets keeps the few secrets of an installation, such as its signing key.
type Secrets interface {
	// GetOrCreate returns the secret of that name. If there is none yet it stores
	// what make returns; of many callers at once all get the same.
	GetOrCreate(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error)
}
