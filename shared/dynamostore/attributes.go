package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/store"
)

func (r row) attribute(topicID string) store.Attribute {
	return store.Attribute{
		TopicID:   topicID,
		Name:      r.sk[len(attributePrefix):],
		Value:     r.str("text"),
		CreatedAt: time.UnixMilli(r.num("created")).UTC(),
		UpdatedAt: time.UnixMilli(r.num("updated")).UTC(),
	}
}

// PutAttribute meets store.Attributes.
func (db *DB) PutAttribute(ctx context.Context, project string, a store.Attribute) error {
	err := db.transact(ctx,
		check(listedTopicKey(project, a.TopicID), present),
		update(attributeKey(a.TopicID, a.Name), "SET #text = ?, updated = ?, created = if_not_exists(created, ?)",
			s(a.Value), n(a.UpdatedAt.UnixMilli()), n(a.CreatedAt.UnixMilli())),
	)
	if errors.Is(err, errCondition) {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("put attribute %s of topic %s: %w", a.Name, a.TopicID, err)
	}
	return nil
}

// GetAttribute meets store.Attributes.
func (db *DB) GetAttribute(ctx context.Context, topicID, name string) (store.Attribute, error) {
	r, found, err := db.get(ctx, attributeKey(topicID, name))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Attribute{}, fmt.Errorf("get attribute %s of topic %s: %w", name, topicID, err)
	}
	return r.attribute(topicID), nil
}

// ListAttributes meets store.Attributes.
func (db *DB) ListAttributes(ctx context.Context, topicID string) (attributes []store.Attribute, err error) {
	for r, err := range db.query(ctx, query{pk: ownedBy(topicID), prefix: attributePrefix}) {
		if err != nil {
			return nil, fmt.Errorf("list attributes of topic %s: %w", topicID, err)
		}
		attributes = append(attributes, r.attribute(topicID))
	}
	return attributes, nil
}

// DeleteAttribute meets store.Attributes.
func (db *DB) DeleteAttribute(ctx context.Context, topicID, name string) error {
	if _, err := db.write(ctx, remove(attributeKey(topicID, name))); err != nil {
		return fmt.Errorf("delete attribute %s of topic %s: %w", name, topicID, err)
	}
	return nil
}

// DeleteAttributes meets store.Attributes.
func (db *DB) DeleteAttributes(ctx context.Context, topicID string) error {
	if err := db.removeAll(ctx, query{pk: ownedBy(topicID), prefix: attributePrefix}); err != nil {
		return fmt.Errorf("delete attributes of topic %s: %w", topicID, err)
	}
	return nil
}
