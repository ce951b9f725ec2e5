package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// manySubscribed makes a topic of n subscriptions, each with a health, and returns
// one of them.
func manySubscribed(t *testing.T, db *DB, project, name string, n int) (topic store.Topic, sub store.Subscription) {
	t.Helper()
	topic, _, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: project, Name: name}, 9)
	require.NoError(t, err)
	var items []store.AddSubscription
	for i := range n {
		items = append(items, store.AddSubscription{Subscription: store.Subscription{
			SubscriptionKey: store.SubscriptionKey{ID: smn.NewID()}, Protocol: smn.HTTP, Endpoint: fmt.Sprint("http://", i),
		}})
	}
	added, err := db.AddSubscriptions(t.Context(), project, topic.ID, items, n)
	require.NoError(t, err)
	require.NoError(t, db.write(t.Context(), func(tx *tx) error {
		if _, err := tx.exec(`INSERT INTO health SELECT topic, seq, id, 1, 1, 1, 1, 1, '' FROM subscription WHERE topic = (SELECT key FROM topic WHERE id = ?)`, topic.ID); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO sms_count SELECT key, 0, 1 FROM topic WHERE id = ?`, topic.ID)
		return err
	}))
	return topic, added[n/2].Subscription
}

// left counts what is there of topics that are being deleted, by table.
func leftBehind(t *testing.T, query func(string) *sql.Row) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{"subscription", "health", "sms_count"} {
		var n int
		require.NoError(t, query(`SELECT count(*) FROM `+table+` WHERE topic IN (SELECT key FROM topic WHERE project = 0)`).Scan(&n))
		if n > 0 {
			counts[table] = n
		}
	}
	var n int
	require.NoError(t, query(`SELECT count(*) FROM topic WHERE project = 0`).Scan(&n))
	if n > 0 {
		counts["topic"] = n
	}
	return counts
}

// TestDeletedTopicGoesInSteps: it is out of sight at once, and gone some time
// later, however often the program is ended in between.
func TestDeletedTopicGoesInSteps(t *testing.T) {
	skipSlowSteps(t)
	ctx := t.Context()
	const n = stepRows // and as many of health
	project := smn.NewID()
	db := open(t, t.TempDir())
	old, sub := manySubscribed(t, db, project, "alerts", n)
	kept, keptSub := manySubscribed(t, db, project, "kept", 2)
	require.NoError(t, db.DeleteTopic(ctx, project, "alerts"))

	again, againSub := manySubscribed(t, db, project, "alerts", 3)
	unseen := func() {
		for _, q := range []store.SubscriptionQuery{
			{Project: project, Limit: 10},
			{Project: project, Limit: 10, Protocol: smn.HTTP},
			{Project: project, Limit: 10, After: sub.ID},
		} {
			page, err := db.ListSubscriptions(ctx, q)
			require.NoError(t, err)
			require.Equal(t, 5, page.Total)
			require.Len(t, page.Subscriptions, 5)
			for _, s := range page.Subscriptions {
				require.NotEqual(t, old.ID, s.TopicID)
			}
		}
		_, err := db.GetSubscription(ctx, sub.SubscriptionKey)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = db.GetHealth(ctx, sub.SubscriptionKey)
		require.ErrorIs(t, err, store.ErrNotFound)
		for _, key := range []store.SubscriptionKey{keptSub.SubscriptionKey, againSub.SubscriptionKey} {
			_, err = db.GetHealth(ctx, key)
			require.NoError(t, err)
		}
		topics, err := db.ListTopics(ctx, store.TopicQuery{Project: project, Limit: 9})
		require.NoError(t, err)
		require.Equal(t, store.TopicPage{Topics: []store.Topic{again, kept}, Total: 2}, topics)
		counts, err := db.CountSMS(ctx, old.ID, time.Time{}, moment)
		require.NoError(t, err)
		require.Empty(t, counts)
	}
	unseen()
	for restart := range 3 {
		require.NoError(t, db.Close())
		file, err := sql.Open("sqlite", filepath.Join(db.dir, databaseFile))
		require.NoError(t, err)
		left := leftBehind(t, func(query string) *sql.Row { return file.QueryRow(query) })
		require.True(t, restart > 0 || len(left) > 0, "one step cannot do it all")
		require.NoError(t, file.Close())
		db = open(t, db.dir)
		unseen()
	}
	requireCleared(t, db)
	unseen()
}

func TestDeletedTopicIsCleared(t *testing.T) {
	db := open(t, t.TempDir())
	for i := range 3 {
		name := fmt.Sprint(i)
		manySubscribed(t, db, "p", name, 20)
		require.NoError(t, db.DeleteTopic(t.Context(), "p", name))
	}
	requireCleared(t, db)
	requireIndexes(t, db)
}

// requireCleared waits until deleted topics have left nothing behind.
func requireCleared(t *testing.T, db *DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		var left map[string]int
		require.NoError(t, db.read(t.Context(), func(s *session) error {
			left = leftBehind(t, func(query string) *sql.Row { return s.conn.QueryRowContext(context.Background(), query) })
			return nil
		}))
		return len(left) == 0
	}, 60*time.Second, 10*time.Millisecond)
}

// skipSlowSteps leaves out of short runs, which are those with the race detector,
// what takes hundreds of steps: a moment is enough for a few rows there.
func skipSlowSteps(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a step does little under the race detector")
	}
}

// A table that refers to topics and is not cleared would keep them for ever.
func TestAllThatRefersToTopicsIsCleared(t *testing.T) {
	db := open(t, t.TempDir())
	var refer int
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		_, err := s.get(`SELECT count(*) FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f."table" = 'topic'`, nil, &refer)
		return err
	}))
	require.Len(t, left, refer)
}

func TestPace(t *testing.T) {
	var p pace
	require.Equal(t, stepRest, p.rest(time.Millisecond, 0))
	require.Equal(t, stepRest/2, p.rest(time.Millisecond, hurried/2))
	require.Equal(t, leastRest*time.Millisecond, p.rest(time.Millisecond, hurried))
	require.Equal(t, leastRest*stepRest, p.rest(stepRest, 2*hurried), "a slow disk has its rest, too")
}

func TestStepIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStep()
		s.rows = 3
		require.Equal(t, 3, s.room())
		s.removed(3)
		require.False(t, s.over)
		require.Zero(t, s.room())
		require.True(t, s.over)

		s = newStep()
		s.began = s.began.Add(-stepTime)
		require.Positive(t, s.room(), "it removes something, however late it is")
		require.False(t, s.over)
		s.removed(1)
		require.Zero(t, s.room())
		require.True(t, s.over)

		s = newStep()
		for range 9 {
			s.began, s.then = time.Now(), -time.Hour // one row takes long
			require.LessOrEqual(t, s.room(), 4)
			require.Equal(t, 1, s.part)
		}
		for range 9 {
			s.began, s.then = time.Now().Add(-time.Microsecond), 0 // nearly as quick as can be
			require.LessOrEqual(t, s.room(), stepPart)
		}
		require.Equal(t, stepPart, s.part)
	})
}
