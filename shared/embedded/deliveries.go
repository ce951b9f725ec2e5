package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// ClaimChunk meets store.Deliveries. A lease that an earlier run of the program
// took does not count.
func (db *DB) ClaimChunk(ctx context.Context, key store.ChunkKey, now, until time.Time, next ...queue.Task) (claim store.Claim, err error) {
	tasks, err := rowsOf(next)
	if err != nil {
		return store.Claim{}, err
	}
	err = db.write(ctx, func(tx *tx) error {
		claim = store.Claim{State: store.ClaimGranted, Until: timeOf(micros(until))}
		granted, err := tx.exec(`INSERT INTO chunk (message, chunk, lease, holder) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (message, chunk) DO UPDATE SET lease = ?3, holder = ?4
			WHERE matched IS NULL AND (lease <= ?5 OR holder <> ?4)`,
			key.MessageID, key.Chunk, micros(until), db.holder, micros(now))
		if err != nil {
			return err
		}
		if granted > 0 {
			return tx.putTasks(tasks)
		}
		var done bool
		var lease int64
		if _, err := tx.get(`SELECT matched IS NOT NULL, lease FROM chunk WHERE message = ? AND chunk = ?`,
			[]any{key.MessageID, key.Chunk}, &done, &lease); err != nil {
			return err
		}
		claim = store.Claim{State: store.ClaimLeased, Until: timeOf(lease)}
		if done {
			claim = store.Claim{State: store.ClaimDone}
		}
		return nil
	})
	if err != nil {
		return store.Claim{}, fmt.Errorf("claim chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	return claim, nil
}

// FinishChunk meets store.Deliveries.
func (db *DB) FinishChunk(ctx context.Context, key store.ChunkKey, tally store.Tally, failures []store.Failure, retries ...queue.Task) error {
	tasks, err := rowsOf(retries)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *tx) error {
		var counted int // of an earlier finish
		if _, err := tx.get(`SELECT sms FROM chunk WHERE message = ? AND chunk = ?`, []any{key.MessageID, key.Chunk}, &counted); err != nil {
			return err
		}
		if _, err := tx.exec(`INSERT INTO chunk (message, chunk, lease, holder, matched, sms) VALUES (?1, ?2, 0, 0, ?3, ?4)
			ON CONFLICT (message, chunk) DO UPDATE SET matched = ?3, sms = ?4`, key.MessageID, key.Chunk, tally.Matched, tally.SMS); err != nil {
			return err
		}
		if err := tx.countSMS(key.MessageID, tally.SMS-counted); err != nil {
			return err
		}
		for i := range failures {
			if err := tx.putFailure(&failures[i]); err != nil {
				return err
			}
		}
		return tx.putTasks(tasks)
	})
	if err != nil {
		return fmt.Errorf("finish chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	return nil
}

// PutFailure meets store.Deliveries.
func (db *DB) PutFailure(ctx context.Context, f store.Failure, retry ...queue.Task) error {
	tasks, err := rowsOf(retry)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *tx) error {
		if err := tx.putFailure(&f); err != nil {
			return err
		}
		return tx.putTasks(tasks)
	})
	if err != nil {
		return fmt.Errorf("put failure of message %s: %w", f.MessageID, err)
	}
	return nil
}

func (tx *tx) putFailure(f *store.Failure) error {
	_, err := tx.exec(`INSERT INTO failure (message, subscription, attempts, dead, next_at, status, reason)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (message, subscription) DO UPDATE SET attempts = ?3, dead = ?4, next_at = ?5, status = ?6, reason = ?7`,
		f.MessageID, f.SubscriptionID, f.Attempts, f.Dead, micros(f.Next), f.Status, f.Reason)
	return err
}

// ResolveFailure meets store.Deliveries.
func (db *DB) ResolveFailure(ctx context.Context, messageID, subscriptionID string, protocol smn.Protocol) error {
	err := db.write(ctx, func(tx *tx) error {
		resolved, err := tx.exec(`DELETE FROM failure WHERE message = ? AND subscription = ?`, messageID, subscriptionID)
		if err != nil || protocol != smn.SMS {
			return err
		}
		return tx.countSMS(messageID, resolved)
	})
	if err != nil {
		return fmt.Errorf("resolve failure of message %s: %w", messageID, err)
	}
	return nil
}

// GetReport meets store.Deliveries.
func (db *DB) GetReport(ctx context.Context, messageID string) (report store.Report, err error) {
	err = db.snapshot(ctx, func(s *session) error {
		if _, err := s.get(`SELECT coalesce(sum(matched), 0) FROM chunk WHERE message = ?`,
			[]any{messageID}, &report.Matched); err != nil {
			return err
		}
		return s.each(`SELECT subscription, attempts, dead, next_at, status, reason FROM failure
			WHERE message = ? ORDER BY subscription`, []any{messageID}, func(rows *sql.Rows) error {
			f := store.Failure{MessageID: messageID}
			var next int64
			err := rows.Scan(&f.SubscriptionID, &f.Attempts, &f.Dead, &next, &f.Status, &f.Reason)
			f.Next = timeOf(next)
			report.Failures = append(report.Failures, f)
			return err
		})
	})
	if err != nil {
		return store.Report{}, fmt.Errorf("get report of message %s: %w", messageID, err)
	}
	return report, nil
}
