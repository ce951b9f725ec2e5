package embedded

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// TestPurgeOfDead: a message goes with its dead deliveries once the last of them has
// been dead for long enough.
func TestPurgeOfDead(t *testing.T) {
	ctx := t.Context()
	now := moment
	at := setTo(now)
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: at.time})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	m := newMessage()
	require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
	for id, died := range map[string]time.Time{"early": moment, "late": moment.Add(time.Hour)} {
		require.NoError(t, db.PutFailure(ctx, store.Failure{
			MessageID: m.ID, SubscriptionID: id, Project: m.Project, TopicID: m.TopicID, Dead: true, At: died,
		}))
	}
	purge := func(removed int) {
		gone, err := db.Purge(ctx, moment.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.Equal(t, removed, gone, now)
		list, err := db.ListDead(ctx, store.DeadQuery{TopicID: m.TopicID, Limit: 9})
		require.NoError(t, err)
		require.Len(t, list, 2*(1-removed))
	}
	for _, age := range []time.Duration{0, smn.KeepDead + time.Minute, smn.KeepDead + time.Hour} {
		now = moment.Add(age)
		at.set(now)
		purge(0)
	}
	now = now.Add(time.Microsecond)
	at.set(now)
	purge(1)
	_, err = db.GetMessage(ctx, m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, db.write(ctx, func(tx *tx) error {
		requireIndex(t, tx.session, `SELECT 1 FROM failure WHERE message = ? AND dead AND at >= ? LIMIT 1`)
		return nil
	}))
}

// TestPurgeOfKeys: keys are forgotten in small steps, the oldest first.
func TestPurgeOfKeys(t *testing.T) {
	ctx := t.Context()
	now := moment
	at := setTo(now)
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: at.time})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.write(ctx, func(tx *tx) error {
		for i := range 2*stepRows + 1 {
			if _, err := tx.exec(`INSERT INTO publish_key (project, topic, name, fingerprint, message, at) VALUES ('p', 't', ?, x'', 'm', ?)`,
				strconv.Itoa(i), micros(moment)+int64(i)); err != nil {
				return err
			}
		}
		return nil
	}))
	left := func(age time.Duration) (n int) {
		now = moment.Add(age)
		at.set(now)
		_, err := db.Purge(ctx, moment)
		require.NoError(t, err)
		require.NoError(t, db.read(ctx, func(s *session) error {
			_, err := s.get(`SELECT count(*) FROM publish_key`, nil, &n)
			return err
		}))
		return n
	}
	const day = smn.IdempotencyWindow
	require.Equal(t, 2*stepRows+1, left(day))
	require.Equal(t, 2*stepRows-1, left(day+2*time.Microsecond))
	require.Equal(t, 1, left(day+2*stepRows*time.Microsecond))
	require.Zero(t, left(day+time.Second))
}
