package embedded

import (
	"context"
	"database/sql"
	"fmt"

	"tocsin/shared/store"
)

// PutMail meets store.Outbox.
func (db *DB) PutMail(ctx context.Context, m store.Mail) error {
	err := db.write(ctx, func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO mail
			(id, protocol, recipient, from_name, subject, text, subscribe_url, unsubscribe_url, topic_urn, message, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			m.ID, string(m.Protocol), m.To, m.FromName, m.Subject, m.Text, m.SubscribeURL, m.UnsubscribeURL,
			m.TopicURN, m.MessageID, micros(m.CreatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("put mail %s: %w", m.ID, err)
	}
	return nil
}

// ListMail meets store.Outbox.
func (db *DB) ListMail(ctx context.Context, limit int) (mails []store.Mail, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT id, protocol, recipient, from_name, subject, text, subscribe_url, unsubscribe_url,
			topic_urn, message, created_at FROM mail ORDER BY key DESC LIMIT ?`, []any{limit}, func(rows *sql.Rows) error {
			var m store.Mail
			var created int64
			err := rows.Scan(&m.ID, &m.Protocol, &m.To, &m.FromName, &m.Subject, &m.Text, &m.SubscribeURL,
				&m.UnsubscribeURL, &m.TopicURN, &m.MessageID, &created)
			m.CreatedAt = timeOf(created)
			mails = append(mails, m)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	return mails, nil
}
