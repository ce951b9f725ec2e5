package dynamostore

import (
	"bytes"
	"context"
	"fmt"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// PutMessageOnce meets store.OnceMessages.
func (db *DB) PutMessageOnce(ctx context.Context, m store.Message, once store.Once, fanOut queue.Task) (string, error) {
	rows := messageRows(m)
	err := db.transact(ctx, rows[0], rows[1], put(onceKey(once), item{
		"message": s(m.ID), "project": s(m.Project), "fingerprint": b(once.Fingerprint), "at": ms(m.AcceptedAt),
		"ttl": ttl(m.AcceptedAt.Add(smn.IdempotencyWindow)),
	}).when(absent+" OR #at <= ?", ms(once.After)))
	id := m.ID
	if index, there := failedAt(err); index >= 0 {
		id, err = db.storedBefore(ctx, there, once)
	} else if err == nil {
		err = db.putTasks(ctx, fanOut)
	}
	if err != nil {
		return "", fmt.Errorf("put message %s: %w", m.ID, err)
	}
	return id, nil
}

// FindMessageOnce meets store.OnceMessages.
func (db *DB) FindMessageOnce(ctx context.Context, once store.Once) (id string, err error) {
	there, err := db.there(ctx, onceKey(once))
	switch {
	case err != nil:
	case there.num("at") <= once.After.UnixMilli():
		err = store.ErrNotFound
	default:
		id, err = db.storedBefore(ctx, there, once)
	}
	if err != nil {
		return "", fmt.Errorf("find message by its key: %w", err)
	}
	return id, nil
}

// storedBefore gives the message of a key. Who asks again may never have got an
// answer, since the call ended before it put the task. So the task is put again: if
// that has been done, there is nothing left to do for it.
func (db *DB) storedBefore(ctx context.Context, there row, once store.Once) (string, error) {
	id := there.str("message")
	err := db.putTasks(ctx, queue.NewFanOut(there.str("project"), once.TopicID, id, 0))
	if err == nil && !bytes.Equal(there.bytes("fingerprint"), once.Fingerprint) {
		return "", store.ErrConflict // only now: whoever asks may take this for published
	}
	return id, err
}
