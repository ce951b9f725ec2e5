package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/shared/store"
)

// documentRow is the attribute v of a document. Its version and body are attributes
// of their own.
type documentRow struct {
	Name      string    `json:"name,omitempty"`
	CreatedAt time.Time `json:"created"`
	UpdatedAt time.Time `json:"updated"`
}

func (r row) document(owner, kind string) (store.Document, error) {
	var d documentRow
	err := r.decode(&d)
	return store.Document{
		DocumentKey: store.DocumentKey{Owner: owner, Kind: kind, ID: r.sk[len(documents(owner, kind).rows):]},
		Name:        d.Name, Version: int(r.num("version")), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Body: []byte(r.str("body")),
	}, err
}

func putDocument(d store.Document) write {
	return put(documentKey(d.DocumentKey), item{
		"version": n(d.Version), "body": s(string(d.Body)), "v": body(documentRow{d.Name, kept(d.CreatedAt), kept(d.UpdatedAt)}),
	})
}

// CreateDocument meets store.Documents.
func (db *DB) CreateDocument(ctx context.Context, d store.Document, limit int) error {
	if err := db.createDocument(ctx, d, limit); err != nil {
		return fmt.Errorf("create %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}

// AttachDocument meets store.Documents.
func (db *DB) AttachDocument(ctx context.Context, to store.TagKey, d store.Document, limit int) error {
	d.Owner = to.ID
	if err := db.createDocument(ctx, d, limit, isThere(to)); err != nil {
		return fmt.Errorf("attach %s %s to %s %s: %w", d.Kind, d.ID, to.Kind, to.ID, err)
	}
	return nil
}

// createDocument creates a document if these conditions hold; else it is
// store.ErrNotFound.
func (db *DB) createDocument(ctx context.Context, d store.Document, limit int, conditions ...write) error {
	d.Version = 0
	for { // until nobody is faster
		counted, full, err := db.addDocument(ctx, d, limit)
		if err != nil {
			return err
		}
		writes := append(slices.Clone(conditions), putDocument(d).when(absent))
		if d.Name != "" {
			writes = append(writes, put(documentNameKey(d.Owner, d.Kind, d.Name), item{"id": s(d.ID)}).when(absent))
		}
		if full {
			return db.conflictOrLimit(ctx, writes[len(conditions):])
		}
		err = db.transact(ctx, append(writes, counted...)...)
		switch index, _ := failedAt(err); {
		case index < 0:
			return err
		case index < len(conditions):
			return store.ErrNotFound
		case index < len(writes):
			return store.ErrConflict
		}
	}
}

// addDocument gives the writes that count a document, of which there are then at most
// limit.
func (db *DB) addDocument(ctx context.Context, d store.Document, limit int) (counted []write, full bool, err error) {
	l, err := db.countedList(ctx, documents(d.Owner, d.Kind))
	if err != nil || l.total >= limit {
		return nil, err == nil, err
	}
	if counted, err = db.add(ctx, l.directory, d.ID); err != nil {
		return nil, false, err
	}
	counted[0] = l.within(int64(limit), counted[0])
	return counted, false, nil
}

// conflictOrLimit is the error of writes that there is no room for: what is there is
// there, full or not.
func (db *DB) conflictOrLimit(ctx context.Context, writes []write) error {
	var keys []key
	for _, w := range writes {
		keys = append(keys, w.key)
	}
	rows, err := db.getMany(ctx, keys)
	switch {
	case err != nil:
		return err
	case len(rows) > 0:
		return store.ErrConflict
	}
	return store.ErrLimit
}

// GetDocument meets store.Documents.
func (db *DB) GetDocument(ctx context.Context, key store.DocumentKey) (store.Document, error) {
	d, err := db.document(ctx, key)
	if err != nil {
		return store.Document{}, fmt.Errorf("get %s %s: %w", key.Kind, key.ID, err)
	}
	return d, nil
}

func (db *DB) document(ctx context.Context, k store.DocumentKey) (store.Document, error) {
	r, found, err := db.get(ctx, documentKey(k))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Document{}, err
	}
	return r.document(k.Owner, k.Kind)
}

// FindDocument meets store.Documents.
func (db *DB) FindDocument(ctx context.Context, owner, kind, name string) (store.Document, error) {
	var d store.Document
	r, found, err := db.get(ctx, documentNameKey(owner, kind, name))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err == nil {
		d, err = db.document(ctx, store.DocumentKey{Owner: owner, Kind: kind, ID: r.str("id")})
	}
	if err == nil && d.Name != name { // it has got another between the two reads
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Document{}, fmt.Errorf("get %s %s: %w", kind, name, err)
	}
	return d, nil
}

// ListDocuments meets store.Documents.
func (db *DB) ListDocuments(ctx context.Context, q store.DocumentQuery) (page store.DocumentPage, err error) {
	rows, total, err := db.page(ctx, documents(q.Owner, q.Kind), part{offset: q.Offset, limit: q.Limit})
	page.Total = total
	for _, r := range rows {
		var d store.Document
		if d, err = r.document(q.Owner, q.Kind); err != nil {
			break
		}
		page.Documents = append(page.Documents, d)
	}
	if err != nil {
		return store.DocumentPage{}, fmt.Errorf("list documents of kind %s: %w", q.Kind, err)
	}
	return page, nil
}

// UpdateDocument meets store.Documents.
func (db *DB) UpdateDocument(ctx context.Context, d store.Document) error {
	if err := db.updateDocument(ctx, d); err != nil {
		return fmt.Errorf("update %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}

func (db *DB) updateDocument(ctx context.Context, d store.Document) error {
	before, err := db.document(ctx, d.DocumentKey)
	switch {
	case err != nil:
		return err
	case before.Version != d.Version:
		return store.ErrConflict
	}
	d.CreatedAt = before.CreatedAt
	d.Version++
	writes := []write{putDocument(d).when("#version = ?", n(before.Version))}
	if before.Name != d.Name {
		if before.Name != "" {
			writes = append(writes, remove(documentNameKey(d.Owner, d.Kind, before.Name)))
		}
		if d.Name != "" {
			writes = append(writes, put(documentNameKey(d.Owner, d.Kind, d.Name), item{"id": s(d.ID)}).when(absent))
		}
	}
	err = db.transact(ctx, writes...)
	switch index, now := failedAt(err); {
	case index < 0:
		return err
	case index == 0 && !now.has("version"):
		return store.ErrNotFound
	default:
		return store.ErrConflict
	}
}

// DeleteDocument meets store.Documents. A mark stays in its place until all that it
// owned is gone, so that a call which is repeated goes on with that.
func (db *DB) DeleteDocument(ctx context.Context, key store.DocumentKey) error {
	err := db.markDocument(ctx, key)
	if err == nil {
		err = db.removeAttached(ctx, store.TagKey{Project: key.Owner, Kind: key.Kind, ID: key.ID})
	}
	if err == nil {
		_, err = db.write(ctx, remove(documentMarkKey(key)))
	}
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}

// markDocument leaves a mark where a document is, if there is not one already.
func (db *DB) markDocument(ctx context.Context, k store.DocumentKey) error {
	for { // until nobody is faster
		rows, err := db.getMany(ctx, []key{documentKey(k), documentMarkKey(k)})
		if err != nil {
			return err
		}
		r, found := rows[documentKey(k)]
		if _, marked := rows[documentMarkKey(k)]; !found && !marked {
			return store.ErrNotFound
		}
		if !found {
			return nil
		}
		d, err := r.document(k.Owner, k.Kind)
		if err != nil {
			return err
		}
		counted, err := db.drop(ctx, documents(k.Owner, k.Kind), k.ID)
		if err != nil {
			return err
		}
		writes := []write{remove(r.key).when("#version = ?", n(d.Version)), put(documentMarkKey(k), nil)}
		if d.Name != "" {
			writes = append(writes, remove(documentNameKey(k.Owner, k.Kind, d.Name)))
		}
		if err = db.transact(ctx, append(writes, counted...)...); !errors.Is(err, errCondition) {
			return err
		}
	}
}
