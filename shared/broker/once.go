package broker

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// once is what keeps a message from being published twice, nil without a key, and
// the id of the message if it was published before. That is looked up first: a
// repeated call is answered like the first one though a template may have changed.
func (b *Broker) once(ctx context.Context, caller smn.Caller, topic store.Topic, in smn.PublishInput) (*store.Once, string, error) {
	if in.IdempotencyKey == "" {
		return nil, "", nil
	}
	fingerprint, err := fingerprintOf(in)
	if err != nil {
		return nil, "", err
	}
	once := store.Once{
		Project: caller.Project, TopicID: topic.ID, Key: in.IdempotencyKey, Fingerprint: fingerprint,
		After: b.Now().Add(-smn.IdempotencyWindow),
	}
	id, err := b.Store.FindMessageOnce(ctx, once)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return &once, id, onceError(in, err)
}

// fingerprintOf is the same for inputs that hold the same. JSON has the fields of a
// struct and the keys of a map in one order only.
func fingerprintOf(in smn.PublishInput) ([]byte, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode a message for %s: %w", in.TopicURN, err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

func onceError(in smn.PublishInput, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrConflict):
		return smn.Errorf(smn.IdempotencyKeyUsed, "another message was published to this topic with this key in the last 24 hours; make a key for each message")
	}
	return fmt.Errorf("publish to %s: %w", in.TopicURN, err)
}
