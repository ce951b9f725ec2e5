package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

const ofTagged = ` FROM tag WHERE project = ? AND kind = ? AND resource = ?`

func tagArgs(k store.TagKey, more ...any) []any {
	return append([]any{k.Project, k.Kind, k.ID}, more...)
}

// PutTags meets store.Tags.
func (db *DB) PutTags(ctx context.Context, key store.TagKey, tags []smn.Tag, limit int) error {
	err := db.write(ctx, func(tx *tx) error {
		if err := tx.hasTagged(key); err != nil {
			return err
		}
		var count, more int
		if _, err := tx.get(`SELECT count(*)`+ofTagged, tagArgs(key), &count); err != nil {
			return err
		}
		for _, tag := range tags {
			found, err := tx.get(`SELECT 1`+ofTagged+` AND key = ?`, tagArgs(key, tag.Key), new(int))
			if err != nil {
				return err
			}
			if !found {
				more++
			}
		}
		if more > 0 && count+more > limit {
			return store.ErrLimit
		}
		for _, tag := range tags {
			if _, err := tx.exec(`INSERT INTO tag (project, kind, resource, key, value) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET value = excluded.value`, tagArgs(key, tag.Key, tag.Value)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put tags on %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}

// hasTagged looks whether the thing that tags are to be on is there.
func (tx *tx) hasTagged(key store.TagKey) error {
	query, args := `SELECT 1 FROM document WHERE owner = ? AND kind = ? AND id = ?`, tagArgs(key)
	if key.Kind == store.TopicKind {
		query, args = `SELECT 1 FROM project p JOIN topic t ON t.project = p.key WHERE p.id = ? AND t.id = ?`, []any{key.Project, key.ID}
	}
	found, err := tx.get(query, args, new(int))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}

// DeleteTags meets store.Tags.
func (db *DB) DeleteTags(ctx context.Context, key store.TagKey, keys ...string) (deleted int, err error) {
	err = db.write(ctx, func(tx *tx) error {
		deleted = 0
		for _, k := range keys {
			n, err := tx.exec(`DELETE`+ofTagged+` AND key = ?`, tagArgs(key, k)...)
			if err != nil {
				return err
			}
			deleted += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("delete tags of %s %s: %w", key.Kind, key.ID, err)
	}
	return deleted, nil
}

// deleteAllTags takes all tags off a thing that goes away.
func (tx *tx) deleteAllTags(key store.TagKey) error {
	_, err := tx.exec(`DELETE`+ofTagged, tagArgs(key)...)
	return err
}

// ListTags meets store.Tags.
func (db *DB) ListTags(ctx context.Context, key store.TagKey) (tags []smn.Tag, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT key, value`+ofTagged+` ORDER BY key`, tagArgs(key), func(rows *sql.Rows) error {
			var tag smn.Tag
			err := rows.Scan(&tag.Key, &tag.Value)
			tags = append(tags, tag)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list tags of %s %s: %w", key.Kind, key.ID, err)
	}
	return tags, nil
}

// ListTagged meets store.Tags.
func (db *DB) ListTagged(ctx context.Context, project, kind string) (all []store.Tagged, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT resource, key, value FROM tag WHERE project = ? AND kind = ? ORDER BY resource, key`,
			[]any{project, kind}, func(rows *sql.Rows) error {
				var id string
				var tag smn.Tag
				err := rows.Scan(&id, &tag.Key, &tag.Value)
				if len(all) == 0 || all[len(all)-1].ID != id {
					all = append(all, store.Tagged{ID: id})
				}
				last := &all[len(all)-1]
				last.Tags = append(last.Tags, tag)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list tags of kind %s: %w", kind, err)
	}
	return all, nil
}
