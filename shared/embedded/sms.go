package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

const smsColumns = `id, project, accepted_at, status, finished_at, endpoint, sign_id, reason, text`

// smsRow is where the columns of an SMS are read to.
type smsRow struct {
	store.SMS
	accepted, finished int64
}

func (r *smsRow) dest() []any {
	return []any{&r.ID, &r.Project, &r.accepted, &r.Status, &r.finished, &r.Endpoint, &r.SignID, &r.Reason, &r.Text}
}

func (r *smsRow) sms() store.SMS {
	r.AcceptedAt, r.FinishedAt = timeOf(r.accepted), timeOf(r.finished)
	return r.SMS
}

// PutSMS meets store.DirectSMS.
func (db *DB) PutSMS(ctx context.Context, sms []store.SMS, tasks ...queue.Task) error {
	rows, err := rowsOf(tasks)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *tx) error {
		for i := range sms {
			m := &sms[i]
			if _, err := tx.exec(`INSERT INTO sms (`+smsColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
				m.ID, m.Project, micros(m.AcceptedAt), int(m.Status), micros(m.FinishedAt), m.Endpoint, m.SignID, m.Reason, m.Text); err != nil {
				return err
			}
		}
		return tx.putTasks(rows)
	})
	if err != nil {
		return fmt.Errorf("put %d SMS: %w", len(sms), err)
	}
	return nil
}

// GetSMS meets store.DirectSMS.
func (db *DB) GetSMS(ctx context.Context, project, id string) (store.SMS, error) {
	var row smsRow
	err := db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT `+smsColumns+` FROM sms WHERE id = ? AND project = ?`, []any{id, project}, row.dest()...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.SMS{}, fmt.Errorf("get SMS %s: %w", id, err)
	}
	return row.sms(), nil
}

// ListSMS meets store.DirectSMS.
func (db *DB) ListSMS(ctx context.Context, q store.SMSQuery) (page store.SMSPage, err error) {
	const filter = ` FROM sms WHERE project = ?1 AND accepted_at >= ?2 AND accepted_at < ?3 AND (?4 = '' OR id = ?4)
		AND (?5 = '' OR endpoint = ?5) AND (?6 = '' OR sign_id = ?6) AND (?7 < 0 OR status = ?7)`
	from, to, status := int64(math.MinInt64), int64(math.MaxInt64), -1
	if !q.From.IsZero() {
		from = micros(q.From)
	}
	if !q.To.IsZero() {
		to = micros(q.To)
	}
	if q.Status != nil {
		status = int(*q.Status)
	}
	args := []any{q.Project, from, to, q.ID, q.Endpoint, q.SignID, status}
	err = db.snapshot(ctx, func(s *session) error {
		if _, err := s.get(`SELECT count(*)`+filter, args, &page.Total); err != nil {
			return err
		}
		return s.each(`SELECT `+smsColumns+filter+` ORDER BY accepted_at DESC, id DESC LIMIT ?8 OFFSET ?9`,
			append(args, q.Limit, q.Offset), func(rows *sql.Rows) error {
				var row smsRow
				err := rows.Scan(row.dest()...)
				page.SMS = append(page.SMS, row.sms())
				return err
			})
	})
	if err != nil {
		return store.SMSPage{}, fmt.Errorf("list SMS: %w", err)
	}
	return page, nil
}

// FinishSMS meets store.DirectSMS.
func (db *DB) FinishSMS(ctx context.Context, id string, status smn.SMSStatus, reason string, at time.Time) error {
	err := db.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`UPDATE sms SET status = ?, reason = ?, finished_at = ? WHERE id = ? AND status = ?`,
			int(status), reason, micros(at), id, int(smn.SMSAccepted))
		return err
	})
	if err != nil {
		return fmt.Errorf("finish SMS %s: %w", id, err)
	}
	return nil
}

// removeSMS removes the oldest SMS, as many as one step may. Keys are in the
// order of acceptance, give or take, so it stops at those that are young.
func (db *DB) removeSMS(ctx context.Context, before time.Time) (gone int, err error) {
	err = db.write(ctx, func(tx *tx) (err error) {
		gone, err = tx.exec(`DELETE FROM sms WHERE accepted_at < ?1 AND key IN (SELECT key FROM sms ORDER BY key LIMIT ?2)`,
			micros(before), purgeStep)
		return err
	})
	return gone, err
}
