package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/shared/store"
)

// PutHealth meets store.EndpointHealth.
func (db *DB) PutHealth(_ context.Context, h store.Health) error {
	return db.writeLater(func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO health (topic, seq, subscription, failures, since, parks, parked_until, status, reason)
			SELECT t.key, s.seq, s.id, ?4, ?5, ?6, ?7, ?8, ?9 FROM project p JOIN topic t ON t.project = p.key
			JOIN subscription s ON s.topic = t.key WHERE p.id = ?1 AND t.id = ?2 AND s.id = ?3
			ON CONFLICT (topic, seq) DO UPDATE SET failures = ?4, since = ?5, parks = ?6, parked_until = ?7, status = ?8, reason = ?9`,
			h.Project, h.TopicID, h.ID, h.Failures, micros(h.Since), h.Parks, micros(h.ParkedUntil), h.Status, h.Reason)
		if err == nil {
			db.troubled.Store(true)
		}
		return err
	})
}

// ClearHealth meets store.EndpointHealth.
func (db *DB) ClearHealth(_ context.Context, key store.SubscriptionKey) error {
	return db.writeLater(func(tx *tx) error {
		_, err := tx.exec(`DELETE FROM health WHERE (topic, seq) IN (SELECT t.key, s.seq FROM project p JOIN topic t ON t.project = p.key
			JOIN subscription s ON s.topic = t.key WHERE p.id = ? AND t.id = ? AND s.id = ?)`, key.Project, key.TopicID, key.ID)
		return err
	})
}

const healthColumns = `h.subscription, h.seq, h.failures, h.since, h.parks, h.parked_until, h.status, h.reason`

func scanHealth(scan func(dest ...any) error, h *store.Health) error {
	var since, parked int64
	err := scan(&h.ID, &h.Seq, &h.Failures, &since, &h.Parks, &parked, &h.Status, &h.Reason)
	h.Since, h.ParkedUntil = timeOf(since), timeOf(parked)
	return err
}

// GetHealth meets store.EndpointHealth.
func (db *DB) GetHealth(ctx context.Context, key store.SubscriptionKey) (store.Health, error) {
	h := store.Health{SubscriptionKey: key}
	err := db.read(ctx, func(s *session) error {
		found := false
		err := scanHealth(func(dest ...any) (err error) {
			found, err = s.get(`SELECT `+healthColumns+` FROM project p JOIN topic t ON t.project = p.key
				JOIN subscription s ON s.topic = t.key JOIN health h ON h.topic = t.key AND h.seq = s.seq
				WHERE p.id = ? AND t.id = ? AND s.id = ?`, []any{key.Project, key.TopicID, key.ID}, dest...)
			return err
		}, &h)
		if err != nil || !found {
			return notFoundUnless(err)
		}
		return nil
	})
	if err != nil {
		return store.Health{}, fmt.Errorf("get health of subscription %s: %w", key.ID, err)
	}
	return h, nil
}

// ListHealth meets store.EndpointHealth. As long as no endpoint has ever been in
// trouble it reads nothing.
func (db *DB) ListHealth(ctx context.Context, project, topicID string, n int) (list []store.Health, err error) {
	if !db.troubled.Load() {
		return nil, nil
	}
	err = db.read(ctx, func(s *session) error {
		from := int64(n) * store.ChunkSize
		return s.each(`SELECT `+healthColumns+` FROM project p JOIN topic t ON t.project = p.key JOIN health h ON h.topic = t.key
			WHERE p.id = ? AND t.id = ? AND h.seq >= ? AND h.seq < ? ORDER BY h.seq`,
			[]any{project, topicID, from, from + store.ChunkSize}, func(rows *sql.Rows) error {
				h := store.Health{SubscriptionKey: store.SubscriptionKey{Project: project, TopicID: topicID}}
				err := scanHealth(rows.Scan, &h)
				list = append(list, h)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list health of topic %s: %w", topicID, err)
	}
	return list, nil
}
