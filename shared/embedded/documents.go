package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/shared/store"
)

const documentColumns = `owner, kind, id, name, version, created_at, updated_at, body`

// documentRow is where the columns of a document are read to.
type documentRow struct {
	store.Document
	name             sql.NullString
	created, updated int64
}

func (r *documentRow) dest() []any {
	return []any{&r.Owner, &r.Kind, &r.ID, &r.name, &r.Version, &r.created, &r.updated, &r.Body}
}

func (r *documentRow) document() store.Document {
	r.Name, r.CreatedAt, r.UpdatedAt = r.name.String, timeOf(r.created), timeOf(r.updated)
	return r.Document
}

// CreateDocument meets store.Documents.
func (db *DB) CreateDocument(ctx context.Context, d store.Document, limit int) error {
	err := db.write(ctx, func(tx *tx) error { return tx.createDocument(d, limit) })
	if err != nil {
		return fmt.Errorf("create %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}

// AttachDocument meets store.Documents.
func (db *DB) AttachDocument(ctx context.Context, to store.TagKey, d store.Document, limit int) error {
	d.Owner = to.ID
	err := db.write(ctx, func(tx *tx) error {
		if err := tx.hasTagged(to); err != nil {
			return err
		}
		return tx.createDocument(d, limit)
	})
	if err != nil {
		return fmt.Errorf("attach %s %s to %s %s: %w", d.Kind, d.ID, to.Kind, to.ID, err)
	}
	return nil
}

func (tx *tx) createDocument(d store.Document, limit int) error {
	var one int
	there, err := tx.get(`SELECT 1 FROM document WHERE owner = ?1 AND kind = ?2 AND id = ?3
		UNION ALL SELECT 1 FROM document WHERE owner = ?1 AND kind = ?2 AND name = ?4`,
		[]any{d.Owner, d.Kind, d.ID, textColumn(d.Name)}, &one)
	if err != nil {
		return err
	}
	var count int
	if _, err := tx.get(`SELECT count(*) FROM document WHERE owner = ? AND kind = ?`, []any{d.Owner, d.Kind}, &count); err != nil {
		return err
	}
	switch {
	case there:
		return store.ErrConflict
	case count >= limit:
		return store.ErrLimit
	}
	_, err = tx.exec(`INSERT INTO document (`+documentColumns+`) VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
		d.Owner, d.Kind, d.ID, textColumn(d.Name), micros(d.CreatedAt), micros(d.UpdatedAt), string(d.Body))
	return err
}

// GetDocument meets store.Documents.
func (db *DB) GetDocument(ctx context.Context, key store.DocumentKey) (store.Document, error) {
	return db.oneDocument(ctx, `owner = ? AND kind = ? AND id = ?`, key.Owner, key.Kind, key.ID)
}

// FindDocument meets store.Documents.
func (db *DB) FindDocument(ctx context.Context, owner, kind, name string) (store.Document, error) {
	return db.oneDocument(ctx, `owner = ? AND kind = ? AND name = ?`, owner, kind, name)
}

func (db *DB) oneDocument(ctx context.Context, where, owner, kind, which string) (store.Document, error) {
	var row documentRow
	err := db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT `+documentColumns+` FROM document WHERE `+where, []any{owner, kind, which}, row.dest()...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Document{}, fmt.Errorf("get %s %s: %w", kind, which, err)
	}
	return row.document(), nil
}

// ListDocuments meets store.Documents.
func (db *DB) ListDocuments(ctx context.Context, q store.DocumentQuery) (page store.DocumentPage, err error) {
	err = db.snapshot(ctx, func(s *session) error {
		if _, err := s.get(`SELECT count(*) FROM document WHERE owner = ? AND kind = ?`, []any{q.Owner, q.Kind}, &page.Total); err != nil {
			return err
		}
		return s.each(`SELECT `+documentColumns+` FROM document WHERE owner = ? AND kind = ? ORDER BY id LIMIT ? OFFSET ?`,
			[]any{q.Owner, q.Kind, q.Limit, q.Offset}, func(rows *sql.Rows) error {
				var row documentRow
				err := rows.Scan(row.dest()...)
				page.Documents = append(page.Documents, row.document())
				return err
			})
	})
	if err != nil {
		return store.DocumentPage{}, fmt.Errorf("list documents of kind %s: %w", q.Kind, err)
	}
	return page, nil
}

// UpdateDocument meets store.Documents.
func (db *DB) UpdateDocument(ctx context.Context, d store.Document) error {
	err := db.write(ctx, func(tx *tx) error {
		var version, others int
		found, err := tx.get(`SELECT version, (SELECT count(*) FROM document o WHERE o.owner = d.owner AND o.kind = d.kind AND o.name = ? AND o.id <> d.id)
			FROM document d WHERE owner = ? AND kind = ? AND id = ?`,
			[]any{textColumn(d.Name), d.Owner, d.Kind, d.ID}, &version, &others)
		switch {
		case err != nil:
			return err
		case !found:
			return store.ErrNotFound
		case version != d.Version, others > 0:
			return store.ErrConflict
		}
		_, err = tx.exec(`UPDATE document SET name = ?, body = ?, updated_at = ?, version = version + 1
			WHERE owner = ? AND kind = ? AND id = ?`,
			textColumn(d.Name), string(d.Body), micros(d.UpdatedAt), d.Owner, d.Kind, d.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("update %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}

// DeleteDocument meets store.Documents.
func (db *DB) DeleteDocument(ctx context.Context, key store.DocumentKey) error {
	err := db.write(ctx, func(tx *tx) error {
		deleted, err := tx.exec(`DELETE FROM document WHERE owner = ? AND kind = ? AND id = ?`, key.Owner, key.Kind, key.ID)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return store.ErrNotFound
		}
		if _, err := tx.exec(`DELETE FROM document WHERE owner = ?`, key.ID); err != nil {
			return err
		}
		return tx.deleteAllTags(store.TagKey{Project: key.Owner, Kind: key.Kind, ID: key.ID})
	})
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}
