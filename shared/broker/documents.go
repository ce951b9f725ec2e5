package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Applications and their devices, subscription users, the callbacks of SMS and
// what is attached to topics are documents of the store. Here is how all of them
// are made, read and changed; errors of the store come back wrapped.

// createDocument keeps something of an owner under a new id. The name may be
// empty; store.ErrConflict when it is taken. TooManyResources when the owner has
// limit of that kind.
func (b *Broker) createDocument(ctx context.Context, owner, kind, name string, limit int, body any) (store.Document, error) {
	return b.newDocument(owner, kind, name, limit, body, func(d store.Document) error {
		return b.Store.CreateDocument(ctx, d, limit)
	})
}

// attachDocument does the same for a thing that belongs to a project.
// store.ErrNotFound when it is gone.
func (b *Broker) attachDocument(ctx context.Context, to store.TagKey, kind, name string, limit int, body any) (store.Document, error) {
	return b.newDocument(to.ID, kind, name, limit, body, func(d store.Document) error {
		return b.Store.AttachDocument(ctx, to, d, limit)
	})
}

func (b *Broker) newDocument(owner, kind, name string, limit int, body any, create func(store.Document) error) (store.Document, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return store.Document{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	now := b.Now()
	d := store.Document{
		DocumentKey: store.DocumentKey{Owner: owner, Kind: kind, ID: smn.NewID()},
		Name:        name,
		CreatedAt:   now,
		UpdatedAt:   now,
		Body:        text,
	}
	err = create(d)
	if errors.Is(err, store.ErrLimit) {
		return store.Document{}, smn.Errorf(smn.TooManyResources, "there can be %d of kind %s at most", limit, kind)
	}
	if err != nil {
		return store.Document{}, fmt.Errorf("create %s: %w", kind, err)
	}
	return d, nil
}

// bodyOf reads the body of a document.
func bodyOf[T any](d store.Document) (T, error) {
	var body T
	if err := json.Unmarshal(d.Body, &body); err != nil {
		return body, fmt.Errorf("decode %s %s: %w", d.Kind, d.ID, err)
	}
	return body, nil
}

// getDocument finds a document and reads its body.
func getDocument[T any](ctx context.Context, b *Broker, key store.DocumentKey) (store.Document, T, error) {
	d, err := b.Store.GetDocument(ctx, key)
	if err != nil {
		var none T
		return store.Document{}, none, fmt.Errorf("get %s %s: %w", key.Kind, key.ID, err)
	}
	body, err := bodyOf[T](d)
	return d, body, err
}

// updateDocument changes the body of a document, again if another call changes
// it meanwhile.
func updateDocument[T any](ctx context.Context, b *Broker, key store.DocumentKey, change func(body *T)) (store.Document, error) {
	var d store.Document
	err := untilSettled(func() error {
		var body T
		var err error
		if d, body, err = getDocument[T](ctx, b, key); err != nil {
			return err
		}
		change(&body)
		d.UpdatedAt = b.Now()
		if d.Body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode %s: %w", key.Kind, err)
		}
		return b.Store.UpdateDocument(ctx, d)
	})
	return d, err
}

// deleteDocument removes a document and those that it owns.
func (b *Broker) deleteDocument(ctx context.Context, key store.DocumentKey) error {
	if err := b.Store.DeleteDocument(ctx, key); err != nil {
		return fmt.Errorf("delete %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}

// maxTries is how often a change of a document is tried while others change it.
// Each time one of them succeeds, so that only a crowd gets that far.
const maxTries = 50

// untilSettled tries a change again that met another one. Overloaded when there
// is no end to them.
func untilSettled(change func() error) error {
	for range maxTries {
		if err := change(); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return smn.Errorf(smn.Overloaded, "too many changes at once; try again in a moment")
}

// orMissing answers with missing when the store has not found something.
func orMissing(err, missing error) error {
	if errors.Is(err, store.ErrNotFound) {
		return missing
	}
	return err
}

// part cuts a page out of a list.
func part[T any](list []T, p smn.Page) []T {
	from := min(p.Offset, len(list))
	return list[from:min(from+limitOf(p), len(list))]
}
