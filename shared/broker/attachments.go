package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// The kinds of document that are attached to a topic.
const (
	logtankKind      = "logtank"
	notifyPolicyKind = "notify-policy"
	kmsKeyKind       = "kms-key"
)

// attach keeps something of a topic and returns its id. A topic has at most limit
// of a kind.
func (b *Broker) attach(ctx context.Context, topic store.Topic, kind string, limit int, body any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", kind, err)
	}
	now := b.Now()
	d := store.Document{
		DocumentKey: store.DocumentKey{Owner: topic.ID, Kind: kind, ID: smn.NewID()},
		CreatedAt:   now,
		UpdatedAt:   now,
		Body:        text,
	}
	err = b.Store.CreateDocument(ctx, d, limit)
	if errors.Is(err, store.ErrLimit) {
		return "", smn.Errorf(smn.TooManyResources, "the topic has %d of kind %s, which is its limit", limit, kind)
	}
	if err != nil {
		return "", fmt.Errorf("attach %s to topic %s: %w", kind, topic.ID, err)
	}
	return d.ID, nil
}

// attached reads one thing of a topic.
func (b *Broker) attached(ctx context.Context, topic store.Topic, kind, id string, body any) (store.Document, error) {
	d, err := b.Store.GetDocument(ctx, store.DocumentKey{Owner: topic.ID, Kind: kind, ID: id})
	if err != nil {
		return store.Document{}, attachmentError(kind, err)
	}
	return d, read(d, body)
}

// theOne reads the one thing of a kind that a topic can have.
func (b *Broker) theOne(ctx context.Context, topic store.Topic, kind string, body any) (store.Document, error) {
	page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: topic.ID, Kind: kind, Limit: 1})
	if err == nil && len(page.Documents) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Document{}, attachmentError(kind, err)
	}
	return page.Documents[0], read(page.Documents[0], body)
}

func read(d store.Document, body any) error {
	if err := json.Unmarshal(d.Body, body); err != nil {
		return fmt.Errorf("decode %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}

// replace gives something of a topic another body. Of several who do so at once
// the last wins.
func (b *Broker) replace(ctx context.Context, topic store.Topic, kind, id string, body any) (store.Document, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return store.Document{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	for {
		d, err := b.Store.GetDocument(ctx, store.DocumentKey{Owner: topic.ID, Kind: kind, ID: id})
		if err != nil {
			return store.Document{}, attachmentError(kind, err)
		}
		d.Body, d.UpdatedAt = text, b.Now()
		if err = b.Store.UpdateDocument(ctx, d); !errors.Is(err, store.ErrConflict) {
			return d, attachmentError(kind, err)
		}
	}
}

// detach removes something of a topic.
func (b *Broker) detach(ctx context.Context, in smn.AttachmentInput, kind string) error {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return err
	}
	return attachmentError(kind, b.Store.DeleteDocument(ctx, store.DocumentKey{Owner: topic.ID, Kind: kind, ID: in.ID}))
}

// enterTopic is how the calls begin that only the owner of a topic may make.
func (b *Broker) enterTopic(ctx context.Context, in any, urn string) (store.Topic, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return store.Topic{}, err
	}
	return b.ownTopic(ctx, caller, urn)
}

func attachmentError(kind string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return smn.Errorf(smn.ResourceNotFound, "the topic has no such %s", kind)
	}
	return fmt.Errorf("%s: %w", kind, err)
}
