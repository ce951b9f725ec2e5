package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// PutMessage meets store.Messages.
func (db *DB) PutMessage(ctx context.Context, m store.Message, fanOut queue.Task) error {
	return db.putMessage(ctx, m, fanOut, nil)
}

// putMessage stores a message unless first, in the same transaction, has a reason
// against it; first may be nil.
func (db *DB) putMessage(ctx context.Context, m store.Message, fanOut queue.Task, first func(*tx) (put bool, err error)) error {
	if err := db.room(); err != nil {
		return fmt.Errorf("put message %s: %w", m.ID, err)
	}
	template, err := toJSON(m.Template)
	attributes, err2 := toJSON(m.Attributes)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("encode message %s: %w", m.ID, err)
	}
	err = db.write(ctx, func(tx *tx) error {
		if first != nil {
			if put, err := first(tx); err != nil || !put {
				return err
			}
		}
		stored, err := tx.insertMessage(m, template, attributes)
		if err != nil || !stored {
			return err // it was there already, and its task came with it
		}
		if receives, err := db.receives(tx, m.TopicID); err != nil || !receives {
			return err
		}
		task, err := rowsOf([]queue.Task{fanOut}) // only now: where nobody receives nobody reads it
		if err != nil {
			return err
		}
		tx.messages = append(tx.messages, m)
		return db.putTasks(tx, task)
	})
	if err != nil {
		return fmt.Errorf("put message %s: %w", m.ID, err)
	}
	return nil
}

// Most messages have a body and nothing more; columns that are not named cost nothing.
const (
	plainColumns = `key, id, accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body`
	plainPlaces  = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?`

	insertPlain = `INSERT INTO message (` + plainColumns + `) VALUES (` + plainPlaces + `) ON CONFLICT (key) DO NOTHING`
	insertRich  = `INSERT INTO message (` + plainColumns + `, structure, template, attributes, locale, tag)
		VALUES (` + plainPlaces + `, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`
)

// insertMessage stores a message, unless it is there already.
func (tx *tx) insertMessage(m store.Message, template, attributes any) (stored bool, err error) {
	first, ok := messageKey(m.ID)
	if !ok {
		return false, fmt.Errorf("%q is no id", m.ID)
	}
	query, args := insertPlain, []any{
		nil, m.ID, micros(m.AcceptedAt), micros(m.ExpiresAt), m.Project, m.TopicID, m.TopicURN, m.TopicDisplay, m.Subject, m.Body,
	}
	if m.Structure != "" || template != nil || attributes != nil || m.Locale != "" || m.Tag != "" {
		query = insertRich
		args = append(args, textColumn(m.Structure), template, attributes, textColumn(m.Locale), textColumn(m.Tag))
	}
	for key := first; key < first+keyPlaces; key++ {
		args[0] = key
		n, err := tx.exec(query, args...)
		if err != nil {
			return false, err
		}
		if n > 0 {
			return true, tx.putMoment(momentOf(m.TopicID, key))
		}
		var id string
		if _, err := tx.get(`SELECT id FROM message WHERE key = ?`, []any{key}, &id); err != nil || id == m.ID {
			return false, err
		}
	}
	return false, errors.New("too many messages have ids that begin alike")
}

// PutPush meets store.Messages.
func (db *DB) PutPush(ctx context.Context, task queue.Task) error {
	err := db.room()
	if err == nil {
		err = db.Put(ctx, task)
	}
	if err != nil {
		return fmt.Errorf("put push: %w", err)
	}
	return nil
}

// GetMessage meets store.Messages.
func (db *DB) GetMessage(ctx context.Context, id string) (m store.Message, err error) {
	if m, ok := db.recent.message(id); ok {
		return m, nil
	}
	err = db.read(ctx, func(s *session) error {
		var accepted, expires int64
		var structure, template, attributes, locale, tag sql.NullString
		m.ID = id
		found, err := s.get(`SELECT accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body,
			structure, template, attributes, locale, tag FROM message m WHERE `+messageIs(`?1`), []any{id},
			&accepted, &expires, &m.Project, &m.TopicID, &m.TopicURN, &m.TopicDisplay, &m.Subject, &m.Body,
			&structure, &template, &attributes, &locale, &tag)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		m.AcceptedAt, m.ExpiresAt = timeOf(accepted), timeOf(expires)
		m.Structure, m.Locale, m.Tag = structure.String, locale.String, tag.String
		return errors.Join(err, fromJSON(template, &m.Template), fromJSON(attributes, &m.Attributes))
	})
	if err != nil {
		return store.Message{}, fmt.Errorf("get message %s: %w", id, err)
	}
	return m, nil
}
