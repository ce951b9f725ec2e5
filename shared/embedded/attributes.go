package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/shared/store"
)

const attributeColumns = `topic, name, created_at, updated_at, value`

// attributeRow is where the columns of an attribute are read to.
type attributeRow struct {
	store.Attribute
	created, updated int64
}

func (r *attributeRow) dest() []any {
	return []any{&r.TopicID, &r.Name, &r.created, &r.updated, &r.Value}
}

func (r *attributeRow) attribute() store.Attribute {
	r.CreatedAt, r.UpdatedAt = timeOf(r.created), timeOf(r.updated)
	return r.Attribute
}

// PutAttribute meets store.Attributes.
func (db *DB) PutAttribute(ctx context.Context, project string, a store.Attribute) error {
	err := db.write(ctx, func(tx *tx) error {
		if err := tx.hasTagged(store.TagKey{Project: project, Kind: store.TopicKind, ID: a.TopicID}); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO attribute (`+attributeColumns+`) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (topic, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
			a.TopicID, a.Name, micros(a.CreatedAt), micros(a.UpdatedAt), a.Value)
		return err
	})
	if err != nil {
		return fmt.Errorf("put attribute %s of topic %s: %w", a.Name, a.TopicID, err)
	}
	return nil
}

// GetAttribute meets store.Attributes.
func (db *DB) GetAttribute(ctx context.Context, topicID, name string) (store.Attribute, error) {
	var row attributeRow
	err := db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT `+attributeColumns+` FROM attribute WHERE topic = ? AND name = ?`, []any{topicID, name}, row.dest()...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Attribute{}, fmt.Errorf("get attribute %s of topic %s: %w", name, topicID, err)
	}
	return row.attribute(), nil
}

// ListAttributes meets store.Attributes.
func (db *DB) ListAttributes(ctx context.Context, topicID string) (attributes []store.Attribute, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT `+attributeColumns+` FROM attribute WHERE topic = ? ORDER BY name`, []any{topicID}, func(rows *sql.Rows) error {
			var row attributeRow
			err := rows.Scan(row.dest()...)
			attributes = append(attributes, row.attribute())
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list attributes of topic %s: %w", topicID, err)
	}
	return attributes, nil
}

// DeleteAttribute meets store.Attributes.
func (db *DB) DeleteAttribute(ctx context.Context, topicID, name string) error {
	err := db.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`DELETE FROM attribute WHERE topic = ? AND name = ?`, topicID, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete attribute %s of topic %s: %w", name, topicID, err)
	}
	return nil
}

// DeleteAttributes meets store.Attributes.
func (db *DB) DeleteAttributes(ctx context.Context, topicID string) error {
	err := db.write(ctx, func(tx *tx) error { return tx.deleteAttributes(topicID) })
	if err != nil {
		return fmt.Errorf("delete attributes of topic %s: %w", topicID, err)
	}
	return nil
}

func (tx *tx) deleteAttributes(topicID string) error {
	_, err := tx.exec(`DELETE FROM attribute WHERE topic = ?`, topicID)
	return err
}
