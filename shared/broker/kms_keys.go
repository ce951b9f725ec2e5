package broker

import (
	"context"

	"tocsin/shared/smn"
)

// kmsKey is what is kept of a binding.
type kmsKey struct {
	KeyID string `json:"key_id"`
}

// CreateKMSKey implements smn.KMSKeys.
func (b *Broker) CreateKMSKey(ctx context.Context, in smn.CreateKMSKeyInput) (string, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return "", err
	}
	return b.attach(ctx, topic, kmsKeyKind, 1, kmsKey{in.KeyID})
}

// GetKMSKey implements smn.KMSKeys.
func (b *Broker) GetKMSKey(ctx context.Context, in smn.TopicInput) (smn.KMSKey, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return smn.KMSKey{}, err
	}
	id, key, err := theOne[kmsKey](ctx, b, topic, kmsKeyKind)
	if err != nil {
		return smn.KMSKey{}, err
	}
	return smn.KMSKey{ID: id, KeyID: key.KeyID, Status: smn.KMSKeyEnabled}, nil
}

// UpdateKMSKey implements smn.KMSKeys.
func (b *Broker) UpdateKMSKey(ctx context.Context, in smn.UpdateKMSKeyInput) error {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return err
	}
	_, err = replace(ctx, b, topic, kmsKeyKind, in.ID, kmsKey{in.KeyID})
	return err
}

// DeleteKMSKey implements smn.KMSKeys.
func (b *Broker) DeleteKMSKey(ctx context.Context, in smn.AttachmentInput) error {
	return b.detach(ctx, in, kmsKeyKind)
}
