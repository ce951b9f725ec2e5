package embedded

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// chunkLeases holds who has which chunk in hand. They need not outlive the program:
// nobody has one in hand when it starts.
type chunkLeases struct {
	mu    sync.Mutex
	until map[store.ChunkKey]time.Time
}

// manyLeases is when leases that have ended are looked for and thrown away.
const manyLeases = 16384

// take takes the lease of a chunk unless someone has it: then it tells until when.
func (l *chunkLeases) take(key store.ChunkKey, now, until time.Time) (other time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other = l.until[key]; other.After(now) {
		return other, false
	}
	if l.until == nil || len(l.until) >= manyLeases {
		alive := make(map[store.ChunkKey]time.Time)
		for k, t := range l.until {
			if t.After(now) {
				alive[k] = t
			}
		}
		l.until = alive
	}
	l.until[key] = until
	return until, true
}

func (l *chunkLeases) drop(key store.ChunkKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.until, key)
}

// ClaimChunk meets store.Deliveries.
func (db *DB) ClaimChunk(ctx context.Context, key store.ChunkKey, now, until time.Time, next ...queue.Task) (claim store.Claim, err error) {
	// The lease keeps what the caller's clock knows of the time that passes.
	if other, ok := db.leases.take(key, now, until); !ok {
		return store.Claim{State: store.ClaimLeased, Until: timeOf(micros(other))}, nil
	}
	claim = store.Claim{State: store.ClaimGranted, Until: timeOf(micros(until))}
	if claim, err = db.claimChunk(ctx, key, claim, next); err != nil {
		err = fmt.Errorf("claim chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	if claim.State != store.ClaimGranted || err != nil {
		db.leases.drop(key)
	}
	return claim, err
}

func (db *DB) claimChunk(ctx context.Context, key store.ChunkKey, claim store.Claim, next []queue.Task) (store.Claim, error) {
	done := false
	err := db.read(ctx, func(s *session) error {
		var sent []byte
		found, err := s.get(`SELECT matched IS NOT NULL, sent FROM chunk WHERE message = ? AND chunk = ?`,
			[]any{key.MessageID, key.Chunk}, &done, &sent)
		if err == nil && found && !done {
			_, err = binary.Decode(sent, binary.LittleEndian, &claim.Sent)
		}
		return err
	})
	switch {
	case err != nil:
		return store.Claim{}, err
	case done:
		return store.Claim{State: store.ClaimDone}, nil
	case len(next) == 0:
		return claim, nil
	}
	return claim, db.Put(ctx, next...)
}

// SaveChunk meets store.Deliveries.
func (db *DB) SaveChunk(_ context.Context, key store.ChunkKey, sent store.Places) error {
	return db.writeLater(func(tx *tx) error {
		var kept []byte
		if _, err := tx.get(`SELECT sent FROM chunk WHERE message = ? AND chunk = ?`, []any{key.MessageID, key.Chunk}, &kept); err != nil {
			return err
		}
		all := sent
		if kept != nil { // of who had it before, or of one whose lease is over
			var before store.Places
			if _, err := binary.Decode(kept, binary.LittleEndian, &before); err != nil {
				return err
			}
			all.Join(before)
		}
		places, err := binary.Append(nil, binary.LittleEndian, all)
		if err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO chunk (message, chunk, sent) VALUES (?1, ?2, ?3)
			ON CONFLICT (message, chunk) DO UPDATE SET sent = ?3 WHERE matched IS NULL`, key.MessageID, key.Chunk, places)
		return err
	})
}

// FinishChunk meets store.Deliveries.
func (db *DB) FinishChunk(ctx context.Context, key store.ChunkKey, tally store.Tally, failures []store.Failure, retries ...queue.Task) error {
	tasks, err := rowsOf(retries)
	if err != nil {
		return err
	}
	err = db.writeUnhurried(ctx, func(tx *tx) error {
		if _, err := tx.exec(`INSERT INTO chunk (message, chunk, matched, filtered, waiting) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (message, chunk) DO UPDATE SET matched = ?3, filtered = ?4, waiting = ?5, sent = NULL`,
			key.MessageID, key.Chunk, tally.Matched, tally.Filtered, tally.Waiting); err != nil {
			return err
		}
		for i := range failures {
			if err := tx.putFailure(&failures[i]); err != nil {
				return err
			}
		}
		return db.putTasks(tx, tasks)
	})
	db.leases.drop(key) // also after a failure: then someone may begin again at once
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
	err = db.writeUnhurried(ctx, func(tx *tx) error {
		if err := tx.putFailure(&f); err != nil {
			return err
		}
		return db.putTasks(tx, tasks)
	})
	if err != nil {
		return fmt.Errorf("put failure of message %s: %w", f.MessageID, err)
	}
	return nil
}

const failureColumns = `subscription, project, topic, attempts, dead, next_at, status, reason, at`

// failureRow is where the columns of a failure are read to.
type failureRow struct {
	store.Failure
	next, at int64
}

func (r *failureRow) dest() []any {
	return []any{&r.SubscriptionID, &r.Project, &r.TopicID, &r.Attempts, &r.Dead, &r.next, &r.Status, &r.Reason, &r.at}
}

func (r *failureRow) failure(messageID string) store.Failure {
	r.MessageID, r.Next, r.At = messageID, timeOf(r.next), timeOf(r.at)
	return r.Failure
}

func (tx *tx) putFailure(f *store.Failure) error {
	_, err := tx.exec(`INSERT INTO failure (message, subscription, project, topic, attempts, dead, next_at, status, reason, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (message, subscription) DO UPDATE SET attempts = ?5, dead = ?6, next_at = ?7, status = ?8, reason = ?9, at = ?10`,
		f.MessageID, f.SubscriptionID, f.Project, f.TopicID, f.Attempts, f.Dead, micros(f.Next), f.Status, f.Reason, micros(f.At))
	return err
}

// GetFailure meets store.Deliveries.
func (db *DB) GetFailure(ctx context.Context, messageID, subscriptionID string) (store.Failure, error) {
	var row failureRow
	err := db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT `+failureColumns+` FROM failure WHERE message = ? AND subscription = ?`,
			[]any{messageID, subscriptionID}, row.dest()...)
		if err != nil || !found {
			return notFoundUnless(err)
		}
		return nil
	})
	if err != nil {
		return store.Failure{}, fmt.Errorf("get failure of message %s: %w", messageID, err)
	}
	return row.failure(messageID), nil
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
