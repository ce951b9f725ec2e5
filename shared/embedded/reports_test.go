package embedded

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// TestTopicNumbersOfOldMessages: the migration numbers them as PutMessage does.
func TestTopicNumbersOfOldMessages(t *testing.T) {
	text, err := migrations.ReadFile("migrations/0009_reports.sql")
	require.NoError(t, err)
	from := strings.Index(string(text), "WITH RECURSIVE")
	update := string(text)[from : from+strings.Index(string(text)[from:], ";")]

	db := open(t, t.TempDir())
	for _, topic := range []string{smn.NewID(), strings.Repeat("0", 32), strings.Repeat("f", 32), "0123456789abcdef0123456789abcdef"} {
		m := newMessage()
		m.TopicID = topic
		require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
		var before, after int64
		require.NoError(t, db.write(t.Context(), func(tx *tx) error {
			const number = `SELECT topic_number FROM message WHERE id = ?`
			_, err := tx.get(number, []any{m.ID}, &before)
			_, err2 := tx.exec(`UPDATE message SET topic_number = -1`)
			_, err3 := tx.exec(update)
			_, err4 := tx.get(number, []any{m.ID}, &after)
			return errors.Join(err, err2, err3, err4)
		}))
		require.Equal(t, before, after, topic)
	}
}

// TestReportsReadNoMoreThanTheyNeed: the dead deliveries of a message are counted
// without their rows.
func TestReportsReadNoMoreThanTheyNeed(t *testing.T) {
	db := open(t, t.TempDir())
	var plan string
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		var a, b, c int
		_, err := s.get(`EXPLAIN QUERY PLAN `+countDead, []any{""}, &a, &b, &c, &plan)
		return err
	}))
	require.Contains(t, plan, "COVERING INDEX failure_dead")
}
