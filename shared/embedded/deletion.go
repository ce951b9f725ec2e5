package embedded

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/store"
)

// deleted is the key of the project to which topics belong that are being deleted.
const deleted = 0

// DeleteTopic meets store.Topics. It is constant work: the topic changes its
// project, id and name, so that nothing finds it any more. What there can be
// thousands of goes in the background.
func (db *DB) DeleteTopic(ctx context.Context, project, name string) error {
	err := db.write(ctx, func(tx *tx) error {
		var key, owner int64
		var id string
		var subscriptions int
		found, err := tx.get(`SELECT t.key, p.key, t.id, t.subscriptions FROM project p JOIN topic t ON t.project = p.key
			WHERE p.id = ? AND t.name = ?`, []any{project, name}, &key, &owner, &id, &subscriptions)
		if err != nil || !found {
			return notFoundUnless(err)
		}
		tx.touch(id)
		if _, err := tx.exec(`DELETE FROM document WHERE owner = ?`, id); err != nil {
			return err
		}
		if err := tx.deleteAttributes(id); err != nil {
			return err
		}
		if err := tx.deleteAllTags(store.TagKey{Project: project, Kind: store.TopicKind, ID: id}); err != nil {
			return err
		}
		if _, err := tx.exec(`UPDATE topic SET project = ?, name = id, id = '-' || id WHERE key = ?`, deleted, key); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE project SET topics = topics - 1, subscriptions = subscriptions - ? WHERE key = ?`, subscriptions, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	db.clearSoon()
	return nil
}

// left are the statements that remove what a topic has left behind. A table that
// refers to topics needs one here.
var left = []string{
	`DELETE FROM subscription WHERE key IN (SELECT key FROM subscription WHERE topic = ?1 LIMIT ?2)`,
	`DELETE FROM health WHERE topic = ?1 AND seq IN (SELECT seq FROM health WHERE topic = ?1 LIMIT ?2)`,
	`DELETE FROM sms_count WHERE topic = ?1 AND hour IN (SELECT hour FROM sms_count WHERE topic = ?1 LIMIT ?2)`,
}

// notDeleted leaves out subscriptions s whose topic is being deleted.
const notDeleted = ` AND s.topic NOT IN (SELECT key FROM topic WHERE project = 0)`

// clearSoon lets the background know that there are deleted topics.
func (db *DB) clearSoon() {
	select {
	case db.deletions <- struct{}{}:
	default:
	}
}

// clearAgain is when what could not be removed is tried again.
const clearAgain = 10 * time.Second

// clearDeleted removes what deleted topics have left behind, until the store closes.
func (db *DB) clearDeleted() {
	defer close(db.cleared)
	for {
		select {
		case <-db.deletions:
		case <-db.closing:
			return
		}
		round := newPace()
		for more := true; more; {
			var err error
			if more, err = db.step(context.Background(), round, (*tx).clearDeleted); err != nil {
				time.AfterFunc(clearAgain, db.clearSoon)
				break
			}
		}
	}
}

// clearDeleted removes as much as one step may.
func (tx *tx) clearDeleted(s *step) error {
	for {
		var topic int64
		found, err := tx.get(`SELECT key FROM topic WHERE project = ? LIMIT 1`, []any{deleted}, &topic)
		if err != nil || !found {
			return err
		}
		for _, query := range left {
			if _, err := tx.remove(s, query, topic); err != nil || s.over {
				return err
			}
		}
		if _, err := tx.exec(`DELETE FROM topic WHERE key = ?`, topic); err != nil {
			return err
		}
		s.removed(1)
	}
}
