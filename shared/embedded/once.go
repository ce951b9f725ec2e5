package embedded

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// PutMessageOnce meets store.OnceMessages.
func (db *DB) PutMessageOnce(ctx context.Context, m store.Message, once store.Once, fanOut queue.Task) (id string, err error) {
	err = db.putMessage(ctx, m, fanOut, func(tx *tx) (put bool, err error) {
		id, err = tx.messageOnce(once)
		if id != "" || err != nil {
			return false, err
		}
		id = m.ID
		// A key that counts no more makes room; its row would be at a wrong place.
		if _, err := tx.exec(`DELETE FROM publish_key WHERE topic = ? AND project = ? AND name = ?`,
			once.TopicID, once.Project, once.Key); err != nil {
			return false, err
		}
		_, err = tx.exec(`INSERT INTO publish_key (project, topic, name, fingerprint, message, at) VALUES (?, ?, ?, ?, ?, ?)`,
			once.Project, once.TopicID, once.Key, once.Fingerprint, m.ID, micros(m.AcceptedAt))
		return err == nil, err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// FindMessageOnce meets store.OnceMessages.
func (db *DB) FindMessageOnce(ctx context.Context, once store.Once) (id string, err error) {
	err = db.read(ctx, func(s *session) error {
		if id, err = s.messageOnce(once); err == nil && id == "" {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("find message by its key: %w", err)
	}
	return id, nil
}

// messageOnce is the message of a key, empty for none.
func (s *session) messageOnce(once store.Once) (id string, err error) {
	var fingerprint []byte
	found, err := s.get(`SELECT message, fingerprint FROM publish_key WHERE topic = ? AND project = ? AND name = ? AND at > ?`,
		[]any{once.TopicID, once.Project, once.Key, micros(once.After)}, &id, &fingerprint)
	if found && !bytes.Equal(fingerprint, once.Fingerprint) {
		return "", store.ErrConflict
	}
	return id, err
}

// removeKeys removes the keys of messages that are forgotten. Rows are in the order of
// storing, so it stops at the first that is young.
func (db *DB) removeKeys(ctx context.Context, p pace, _ time.Time) (gone int, err error) {
	return db.removeOld(ctx, p, `DELETE FROM publish_key WHERE at < ?1 AND key IN (SELECT key FROM publish_key ORDER BY key LIMIT ?2)`,
		micros(db.now().Add(-smn.IdempotencyWindow)))
}
