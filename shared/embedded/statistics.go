package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tocsin/shared/store"
)

// keepCounts is how long the counts of an hour are kept: the three months of
// which SMN gives reports.
const keepCounts = 92 * 24 * time.Hour

// CountSMS meets store.Statistics.
func (db *DB) CountSMS(ctx context.Context, topicID string, from, to time.Time) (counts []store.SMSCount, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT c.hour, c.sms FROM topic t JOIN sms_count c ON c.topic = t.key
			WHERE t.id = ? AND c.hour >= ? AND c.hour < ? AND c.sms > 0 ORDER BY c.hour`,
			[]any{topicID, micros(from.Truncate(time.Hour)), micros(to)}, func(rows *sql.Rows) error {
				var hour int64
				var count store.SMSCount
				err := rows.Scan(&hour, &count.SMS)
				count.Hour = timeOf(hour)
				counts = append(counts, count)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("count SMS of topic %s: %w", topicID, err)
	}
	return counts, nil
}

// countSMS adds to the count of the topic and hour of a message. Nothing counts
// when the message or its topic is gone.
func (tx *tx) countSMS(messageID string, more int) error {
	if more == 0 {
		return nil
	}
	_, err := tx.exec(`INSERT INTO sms_count (topic, hour, sms)
		SELECT t.key, m.accepted_at - m.accepted_at % ?2, ?3 FROM message m JOIN topic t ON t.id = m.topic WHERE `+messageIs(`?1`)+`
		ON CONFLICT (topic, hour) DO UPDATE SET sms = sms + ?3`, messageID, time.Hour.Microseconds(), more)
	return err
}

// removeCounts removes the counts that are older than keepCounts.
func (db *DB) removeCounts(ctx context.Context, p pace, _ time.Time) (gone int, err error) {
	return db.removeOld(ctx, p, `DELETE FROM sms_count WHERE (topic, hour) IN
		(SELECT topic, hour FROM sms_count WHERE hour < ?1 ORDER BY hour LIMIT ?2)`, micros(db.now().Add(-keepCounts)))
}
