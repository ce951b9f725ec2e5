package store

import (
	"context"
	"time"

	"tocsin/shared/queue"
)

// Once is what keeps a message from being stored twice.
type Once struct {
	Project     string // of the publisher
	TopicID     string
	Key         string    // made by the publisher
	Fingerprint []byte    // of all that the message is made from; at most 64 bytes
	After       time.Time // keys that were stored then or before do not count
}

// OnceMessages keeps messages that may be published repeatedly.
type OnceMessages interface {
	// PutMessageOnce stores a message as PutMessage does, with its key as of
	// AcceptedAt, and gives its ID. If the key was stored before with the same
	// fingerprint it changes nothing and gives the ID of that message; with another
	// fingerprint it is ErrConflict. Of many at once with the same key one is stored.
	PutMessageOnce(ctx context.Context, m Message, once Once, fanOut queue.Task) (id string, err error)

	// FindMessageOnce gives the ID of the message that was stored with a key.
	// ErrConflict when that has another fingerprint, ErrNotFound when there is none.
	FindMessageOnce(ctx context.Context, once Once) (id string, err error)
}
