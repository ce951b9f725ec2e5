package dynamostore

import (
	"context"

	"tocsin/shared/store"
)

// isThere is the condition that something can be attached to or tagged: a topic, or a
// document that belongs to a project. What goes into a transaction with it goes away
// with that, if removeAttached comes after the thing is gone.
func isThere(k store.TagKey) write {
	if k.Kind == store.TopicKind {
		return check(listedTopicKey(k.Project, k.ID), present)
	}
	return check(documentKey(store.DocumentKey{Owner: k.Project, Kind: k.Kind, ID: k.ID}), present)
}

// removeAttached removes the attributes, documents and tags of a thing that is gone.
// It may be done again.
func (db *DB) removeAttached(ctx context.Context, k store.TagKey) error {
	if _, err := db.write(ctx, remove(tagsKey(k))); err != nil {
		return err
	}
	return db.removeAll(ctx, query{pk: ownedBy(k.ID)})
}

// removeAll removes the rows that a query gives.
func (db *DB) removeAll(ctx context.Context, q query) error {
	var all []write
	for r, err := range db.query(ctx, q) {
		if err != nil {
			return err
		}
		all = append(all, remove(r.key))
	}
	return db.batch(ctx, all...)
}
