package embedded

import (
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// listed are the ids of the messages of a topic, read page by page.
func listed(t *testing.T, db *DB, topic string, page int) (ids []string) {
	t.Helper()
	q := store.MessageQuery{TopicID: topic, Limit: page}
	for {
		list, err := db.ListMessages(t.Context(), q)
		require.NoError(t, err)
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		if len(list) < page {
			return ids
		}
		q.After = ids[len(ids)-1]
	}
}

func countMoments(t *testing.T, db *DB) (n int) {
	t.Helper()
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		_, err := s.get(`SELECT count(*) FROM topic_moment`, nil, &n)
		return err
	}))
	return n
}

// Two topics whose numbers are the same, and another.
var (
	alike1 = "0123456789abcde" + "00000000000000001"
	alike2 = "0123456789abcde" + "00000000000000002"
	other  = "fedcba9876543210fedcba9876543210"
)

// idAt is an id whose key is that of a moment, and some more.
func idAt(at, more int64) string {
	const digits = "0123456789abcdef"
	key := at<<momentBits + more
	id := []byte(smn.NewID())
	for i := range 16 {
		id[i] = digits[key>>(60-4*i)&15]
	}
	return string(id)
}

func TestMessagesAreListedByMoments(t *testing.T) {
	db := openHeard(t, t.TempDir())
	want := map[string][]string{}
	for at := range int64(5) {
		for i, topic := range []string{alike1, other, alike2, alike1, alike1, other} {
			if at%2 == 1 && topic == alike2 {
				continue
			}
			m := newMessage()
			m.ID, m.TopicID = idAt(1000+at, int64(i)<<18), topic
			require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
			require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)), "twice is once")
			want[topic] = append([]string{m.ID}, want[topic]...)
		}
	}
	for topic, ids := range want {
		for page := 1; page <= len(ids)+1; page++ {
			require.Equal(t, ids, listed(t, db, topic, page))
		}
	}
	require.Equal(t, 10, countMoments(t, db))
}

// A clock that is set back while the program is down can make ids whose first halves
// are there already.
func TestMessagesWhoseIDsBeginAlike(t *testing.T) {
	db := openHeard(t, t.TempDir())
	var ids []string
	for range keyPlaces {
		m := newMessage()
		m.ID = idAt(2000, 1<<momentBits-2) // the third is in the next moment
		require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
		ids = append(ids, m.ID)
	}
	db.recent.forget()
	for _, id := range ids {
		m, err := db.GetMessage(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, m.ID)
		require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)), "it is there already")
	}
	require.Len(t, listed(t, db, heard.ID, 3), keyPlaces)
	m := newMessage()
	m.ID = idAt(2000, 1<<momentBits-2)
	require.ErrorContains(t, db.PutMessage(t.Context(), m, fanOut(m)), "begin alike")
	_, err := db.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	m.ID = "alert"
	require.ErrorContains(t, db.PutMessage(t.Context(), m, fanOut(m)), "is no id")
}

// A moment lives as long as a message of its topic.
func TestMomentsArePurged(t *testing.T) {
	skipSlowSteps(t)
	db := openHeard(t, t.TempDir())
	put := func(at, more int64, topic string, expires time.Time) {
		m := newMessage()
		m.ID, m.TopicID, m.ExpiresAt = idAt(at, more), topic, expires
		require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
	}
	before := moment.Add(time.Hour)
	for i := range int64(100) { // more than a statement removes
		put(1, i, alike1, moment)
	}
	put(1, 100, alike2, before) // stands in the same row
	put(1, 101, other, moment)
	put(2, 0, alike1, moment)
	put(2, 1, other, before)
	require.Equal(t, 4, countMoments(t, db))

	removed, err := db.Purge(t.Context(), before)
	require.NoError(t, err)
	require.Equal(t, 102, removed)
	require.Equal(t, 2, countMoments(t, db))
	require.Empty(t, listed(t, db, alike1, 10))
	require.Len(t, listed(t, db, alike2, 10), 1)
	require.Len(t, listed(t, db, other, 10), 1)

	put(1, 102, other, before) // in a moment whose row is gone
	require.Len(t, listed(t, db, other, 10), 2)
}

// TestMessagesOfOlderSchema: they are found and listed as before.
func TestMessagesOfOlderSchema(t *testing.T) {
	dir := t.TempDir()
	old, err := connect(t.Context(), filepath.Join(dir, databaseFile))
	require.NoError(t, err)
	files, err := fs.Glob(migrations, "migrations/*.sql")
	require.NoError(t, err)
	const version = 10
	for i, name := range files[:version] {
		text, err := migrations.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, apply(t.Context(), old.conn, string(text), i+1))
	}
	ids := []string{idAt(1, 0), idAt(1, 1), idAt(1, 1), idAt(3, 0)} // two begin alike
	for i, id := range ids {
		_, err := old.exec(`INSERT INTO message (id, accepted_at, expires_at, project, topic, topic_urn, topic_display,
			subject, body, locale, topic_number) VALUES (?, ?, ?, 'project', ?, 'urn', '', ?, 'body', 'en-us', ?)`,
			id, micros(moment), micros(moment.Add(time.Hour)), alike1, string(rune('a'+i)), topicNumber(alike1))
		require.NoError(t, err)
	}
	require.NoError(t, old.close())

	db := open(t, dir)
	for i, id := range ids {
		m, err := db.GetMessage(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, store.Message{
			ID: id, Project: "project", TopicID: alike1, TopicURN: "urn", Subject: string(rune('a' + i)), Body: "body",
			Locale: "en-us", AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
		}, m)
	}
	require.Equal(t, []string{ids[3], ids[2], ids[1], ids[0]}, listed(t, db, alike1, 2))
	require.Equal(t, 2, countMoments(t, db))
}
