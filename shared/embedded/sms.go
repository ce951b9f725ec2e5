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
	if err := db.room(); err != nil {
		return fmt.Errorf("put %d SMS: %w", len(sms), err)
	}
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
		return db.putTasks(tx, rows)
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
	filter, args := smsFilter(q)
	err = db.snapshot(ctx, func(s *session) error {
		if _, err := s.get(`SELECT count(*)`+filter, args, &page.Total); err != nil {
			return err
		}
		return s.each(`SELECT `+smsColumns+filter+` ORDER BY accepted_at DESC, id DESC LIMIT ? OFFSET ?`,
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

// smsFilter spells which SMS fit q. It names no filter that q does not have, so
// that each question finds the index that answers it.
func smsFilter(q store.SMSQuery) (filter string, args []any) {
	filter, args = ` FROM sms WHERE project = ?`, []any{q.Project}
	and := func(condition string, value any) {
		filter += ` AND ` + condition
		args = append(args, value)
	}
	if !q.From.IsZero() {
		and(`accepted_at >= ?`, micros(q.From))
	}
	if !q.To.IsZero() {
		and(`accepted_at < ?`, micros(q.To))
	}
	if q.ID != "" {
		and(`id = ?`, q.ID)
	}
	if q.Endpoint != "" {
		and(`endpoint = ?`, q.Endpoint)
	}
	if q.SignID != "" {
		and(`sign_id = ?`, q.SignID)
	}
	if q.Status != nil {
		and(`status = ?`, int(*q.Status))
	}
	return filter, args
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

// removeSMS removes old SMS.
func (db *DB) removeSMS(ctx context.Context, p pace, before time.Time) (gone int, err error) {
	return db.removeAging(ctx, p, before, `SELECT key, id, accepted_at, accepted_at FROM sms`, removeByKey(`sms`))
}
