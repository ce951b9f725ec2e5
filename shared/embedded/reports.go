package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// countDead reads nothing but an index. SQLite by itself would take the rows.
const countDead = `SELECT count(*) FROM failure INDEXED BY failure_dead WHERE message = ? AND dead`

// GetReport meets store.Reports. What is left to fan out is told by the ids of tasks.
func (db *DB) GetReport(ctx context.Context, messageID string) (report store.Report, err error) {
	err = db.snapshot(ctx, func(s *session) error {
		var failures, one int
		tasks := "fan-out/" + messageID
		_, err := s.get(`SELECT coalesce(sum(matched), 0), coalesce(sum(filtered), 0), coalesce(sum(waiting), 0) FROM chunk WHERE message = ?`,
			[]any{messageID}, &report.Matched, &report.Filtered, &report.Waiting)
		_, err2 := s.get(`SELECT count(*) FROM failure WHERE message = ?`, []any{messageID}, &failures)
		_, err3 := s.get(countDead, []any{messageID}, &report.Dead)
		found, err4 := s.get(`SELECT 1 FROM task WHERE id > ? AND id < ? LIMIT 1`, []any{tasks + "/", tasks + "0"}, &one)
		report.Retrying, report.FanningOut = failures-report.Dead, found
		return errors.Join(err, err2, err3, err4)
	})
	if err != nil {
		return store.Report{}, fmt.Errorf("report on message %s: %w", messageID, err)
	}
	return report, nil
}

// listedColumns are those of a failure f, and the protocol of its subscription.
const listedColumns = `f.message, f.subscription, f.project, f.topic, f.attempts, f.dead, f.next_at, f.status, f.reason, f.at,
	(SELECT s.protocol FROM topic t JOIN subscription s ON s.topic = t.key WHERE t.id = f.topic AND s.id = f.subscription)`

// listedRow is where they are read to.
type listedRow struct {
	failureRow
	protocol sql.NullString
}

func (r *listedRow) dest() []any {
	return append(append([]any{&r.MessageID}, r.failureRow.dest()...), &r.protocol)
}

func (r *listedRow) listed() store.ListedFailure {
	return store.ListedFailure{Failure: r.failure(r.MessageID), Protocol: smn.Protocol(r.protocol.String)}
}

// ListFailures meets store.Reports.
func (db *DB) ListFailures(ctx context.Context, q store.FailureQuery) (list []store.ListedFailure, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT `+listedColumns+` FROM failure f WHERE f.message = ? AND f.subscription > ? ORDER BY f.subscription LIMIT ?`,
			[]any{q.MessageID, q.After, q.Limit}, func(rows *sql.Rows) error {
				var row listedRow
				err := rows.Scan(row.dest()...)
				list = append(list, row.listed())
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list failures of message %s: %w", q.MessageID, err)
	}
	return list, nil
}

// listMessages goes from moment to moment.
const listMessages = `SELECT m.id, m.subject, m.accepted_at FROM topic_moment t CROSS JOIN message m
	ON m.key >= t.moment << ?3 AND m.key < (t.moment + 1) << ?3 AND m.key < ?4
	WHERE t.topic = ?1 AND t.moment <= ?2 AND m.topic = ?5 ORDER BY t.moment DESC, m.key DESC LIMIT ?6`

// ListMessages meets store.Reports. Keys are in the order of storing.
func (db *DB) ListMessages(ctx context.Context, q store.MessageQuery) (list []store.MessageHead, err error) {
	err = db.read(ctx, func(s *session) error {
		before := int64(math.MaxInt64)
		if q.After != "" {
			if found, err := s.get(`SELECT key FROM message m WHERE `+messageIs(`?1`), []any{q.After}, &before); err != nil || !found {
				return err
			}
		}
		return s.each(listMessages, []any{topicNumber(q.TopicID), before >> momentBits, momentBits, before, q.TopicID, q.Limit},
			func(rows *sql.Rows) error {
				var m store.MessageHead
				var accepted int64
				err := rows.Scan(&m.ID, &m.Subject, &accepted)
				m.AcceptedAt = timeOf(accepted)
				list = append(list, m)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list messages of topic %s: %w", q.TopicID, err)
	}
	return list, nil
}
