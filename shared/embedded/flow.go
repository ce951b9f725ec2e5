package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Admit meets store.Flow.
func (db *DB) Admit(ctx context.Context, now time.Time, messages ...store.Admission) ([]error, error) {
	tasks := make([][]taskRow, len(messages))
	for i := range messages {
		if messages[i].Task.ID == "" {
			continue
		}
		var err error
		if tasks[i], err = rowsOf([]queue.Task{messages[i].Task}); err != nil {
			return nil, err
		}
	}
	outcomes := make([]error, len(messages))
	err := db.write(ctx, func(tx *tx) error {
		for i := range messages {
			if outcomes[i] = tx.count(messages[i].Limit, now); outcomes[i] != nil {
				if !isThrottled(outcomes[i]) {
					return outcomes[i]
				}
				continue
			}
			if err := db.putTasks(tx, tasks[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("admit %d messages: %w", len(messages), err)
	}
	return outcomes, nil
}

func isThrottled(err error) bool {
	_, is := errors.AsType[store.Throttled](err)
	return is
}

// count counts one message, or returns store.Throttled and has written nothing.
func (tx *tx) count(limit flow.Limit, now time.Time) error {
	if len(limit.Windows) == 0 {
		return nil
	}
	counts := make([]flow.Count, len(limit.Windows))
	if err := tx.each(`SELECT place, messages, until FROM flow WHERE recipient = ?`, []any{limit.Key}, func(rows *sql.Rows) error {
		var place, n int
		var until int64
		err := rows.Scan(&place, &n, &until)
		if place < len(counts) { // there were more windows before
			counts[place] = flow.Count{N: n, Until: timeOf(until)}
		}
		return err
	}); err != nil {
		return err
	}
	after, until := flow.Take(limit.Windows, counts, now)
	if !until.IsZero() {
		return store.Throttled{Until: until}
	}
	for place, c := range after {
		if _, err := tx.exec(`INSERT INTO flow (recipient, place, messages, until) VALUES (?, ?, ?, ?)
			ON CONFLICT (recipient, place) DO UPDATE SET messages = excluded.messages, until = excluded.until`,
			limit.Key, place, c.N, micros(c.Until)); err != nil {
			return err
		}
	}
	return nil
}

// forgetConfirmations begins anew for whoever a subscription belongs to.
func (tx *tx) forgetConfirmations(topic int64, id string) error {
	var protocol, endpoint string
	if _, err := tx.get(`SELECT protocol, endpoint FROM subscription WHERE topic = ? AND id = ?`, []any{topic, id}, &protocol, &endpoint); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM flow WHERE recipient = ?`, flow.Confirmations(smn.Protocol(protocol), endpoint).Key)
	return err
}

// removeFlow removes the counts that have ended. They say nothing any more, so how
// long other things are kept does not matter.
func (db *DB) removeFlow(ctx context.Context, p pace, _ time.Time) (gone int, err error) {
	return db.removeOld(ctx, p, `DELETE FROM flow WHERE (recipient, place) IN
		(SELECT recipient, place FROM flow WHERE until <= ? ORDER BY until LIMIT ?)`, micros(db.now()))
}
