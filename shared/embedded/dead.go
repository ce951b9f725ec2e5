package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// ListDead meets store.Reports.
func (db *DB) ListDead(ctx context.Context, q store.DeadQuery) (list []store.DeadFailure, err error) {
	where, args := `f.topic = ? AND f.dead`, []any{q.TopicID}
	if q.MessageID != "" {
		where, args = where+` AND f.message = ?`, append(args, q.MessageID)
	}
	if q.SubscriptionID != "" {
		where, args = where+` AND f.subscription = ?`, append(args, q.SubscriptionID)
	}
	if q.After != (store.DeadKey{}) {
		where, args = where+` AND (f.message, f.subscription) < (?, ?)`, append(args, q.After.MessageID, q.After.SubscriptionID)
	}
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT m.subject, m.accepted_at, `+listedColumns+` FROM failure f CROSS JOIN message m ON `+messageIs(`f.message`)+`
			WHERE `+where+` ORDER BY f.message DESC, f.subscription DESC LIMIT ?`, append(args, q.Limit), func(rows *sql.Rows) error {
			var row listedRow
			var m store.MessageHead
			var accepted int64
			err := rows.Scan(append([]any{&m.Subject, &accepted}, row.dest()...)...)
			m.ID, m.AcceptedAt = row.MessageID, timeOf(accepted)
			list = append(list, store.DeadFailure{ListedFailure: row.listed(), Message: m})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list dead deliveries of topic %s: %w", q.TopicID, err)
	}
	return list, nil
}

// redeliverStep is how many deliveries one transaction revives.
const redeliverStep = 100

// Redeliver meets store.Reports.
func (db *DB) Redeliver(ctx context.Context, items []store.Redelivery) (redelivered int, err error) {
	for step := range slices.Chunk(items, redeliverStep) {
		n, err := db.redeliver(ctx, step)
		if err != nil {
			return redelivered, fmt.Errorf("redeliver: %w", err)
		}
		redelivered += n
	}
	return redelivered, nil
}

func (db *DB) redeliver(ctx context.Context, items []store.Redelivery) (n int, err error) {
	if err := db.room(); err != nil {
		return 0, err
	}
	tasks := make([]queue.Task, len(items))
	for i := range items {
		tasks[i] = items[i].Task
	}
	rows, err := rowsOf(tasks)
	if err != nil {
		return 0, err
	}
	err = db.write(ctx, func(tx *tx) error {
		n = 0
		for i := range items {
			f := &items[i].Failure
			dead, err := tx.exec(`UPDATE failure SET attempts = ?, dead = ?, next_at = ?, status = ?, reason = ?, at = ?
				WHERE message = ? AND subscription = ? AND dead`,
				f.Attempts, f.Dead, micros(f.Next), f.Status, f.Reason, micros(f.At), f.MessageID, f.SubscriptionID)
			if err != nil {
				return err
			}
			if dead == 0 {
				continue
			}
			if err := db.putTasks(tx, rows[i:i+1]); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}
