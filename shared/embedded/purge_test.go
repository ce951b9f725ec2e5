package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/flow"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func TestPurge(t *testing.T) {
	skipSlowSteps(t)
	ctx := t.Context()
	db := openHeard(t, t.TempDir())
	put := func(expires time.Time) string {
		m := newMessage()
		m.ExpiresAt = expires
		require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
		require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 3}, []store.Failure{{MessageID: m.ID, SubscriptionID: "s"}}))
		return m.ID
	}
	before := moment.Add(time.Hour)
	var old []string
	for range 7 {
		old = append(old, put(before.Add(-time.Millisecond)))
	}
	dead, last, live := put(moment), put(before), put(before.Add(time.Millisecond))
	require.NoError(t, db.PutFailure(ctx, store.Failure{MessageID: dead, SubscriptionID: "dead", Dead: true, At: time.Now()}))

	// A report of more rows than one step removes.
	var failures []store.Failure
	for i := range 2 * stepRows {
		failures = append(failures, store.Failure{MessageID: old[3], SubscriptionID: fmt.Sprint(i)})
	}
	require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: old[3], Chunk: 1}, store.Tally{Matched: len(failures)}, failures))

	removed, err := db.Purge(ctx, before)
	require.NoError(t, err)
	require.Equal(t, len(old), removed)
	for _, id := range old {
		_, err := db.GetMessage(ctx, id)
		require.ErrorIs(t, err, store.ErrNotFound)
		report, err := db.GetReport(ctx, id)
		require.NoError(t, err)
		require.Equal(t, store.Report{FanningOut: true}, report, "nobody has done the tasks")
	}
	for id, open := range map[string]int{dead: 2, last: 1, live: 1} {
		_, err := db.GetMessage(ctx, id)
		require.NoError(t, err)
		report, err := db.GetReport(ctx, id)
		require.NoError(t, err)
		require.Equal(t, 3, report.Matched)
		require.Equal(t, open, report.Retrying+report.Dead)
	}
	removed, err = db.Purge(ctx, before)
	require.NoError(t, err)
	require.Zero(t, removed)
}

func TestPurgeOfMails(t *testing.T) {
	skipSlowSteps(t)
	db := open(t, t.TempDir())
	const old, young = stepRows + 2, 3
	for i := range old + young {
		m := store.Mail{ID: fmt.Sprint(i), Text: "text", CreatedAt: moment}
		if i >= old {
			m.CreatedAt = moment.Add(time.Hour)
		}
		require.NoError(t, db.PutMail(t.Context(), m))
	}
	removed, err := db.Purge(t.Context(), moment.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, old, removed)
	left, err := db.ListMail(t.Context(), old)
	require.NoError(t, err)
	require.Len(t, left, young)
}

// TestPurgeOfTemplateVersions: a version goes when no message can refer to it any
// more; one that is in use never does.
func TestPurgeOfTemplateVersions(t *testing.T) {
	ctx := t.Context()
	db := open(t, t.TempDir())
	template := store.Template{ID: smn.NewID(), Project: "p", Name: "n", Protocol: smn.DefaultVariant, TagNames: []string{}}
	var versions []string
	change := func(at time.Time, put func(store.Template) error) {
		template.VersionID, template.UpdatedAt = smn.NewID(), at
		versions = append(versions, template.VersionID)
		require.NoError(t, put(template))
	}
	change(moment, func(t store.Template) error { return db.CreateTemplate(ctx, t, 1) })
	update := func(t store.Template) error { return db.UpdateTemplate(ctx, t) }
	const more = 2 * stepPart
	for range more {
		change(moment, update)
	}
	change(moment.Add(time.Second), update)
	kept := func() (n int) {
		for _, v := range versions {
			if _, err := db.GetTemplateVersion(ctx, v); err == nil {
				n++
			}
		}
		return n
	}
	end := moment.Add(smn.MaxTimeToLive + publishing)
	for _, c := range []struct {
		before time.Time
		left   int
	}{
		{end, more + 2},
		{end.Add(time.Microsecond), 2},
		{end.Add(time.Second), 2},
		{end.Add(time.Second + time.Microsecond), 1},
		{end.Add(10_000 * time.Hour), 1},
	} {
		removed, err := db.Purge(ctx, c.before)
		require.NoError(t, err)
		require.Zero(t, removed, "neither message nor mail")
		require.Equal(t, c.left, kept(), c.before)
	}
	require.NoError(t, db.DeleteTemplate(ctx, "p", template.ID, moment))
	_, err := db.Purge(ctx, end)
	require.NoError(t, err)
	require.Equal(t, 1, kept())
	_, err = db.Purge(ctx, end.Add(time.Microsecond))
	require.NoError(t, err)
	require.Zero(t, kept())
	require.NoError(t, db.write(ctx, func(tx *tx) error {
		for query := range tx.prepared {
			if strings.Contains(query, "template_version") {
				requireIndex(t, tx.session, query)
			}
		}
		return nil
	}))
}

// TestTaskThatCannotBeRead does not take its batch with it.
func TestTaskThatCannotBeRead(t *testing.T) {
	db := open(t, t.TempDir())
	good := newMessage()
	require.NoError(t, db.Put(t.Context(), fanOut(good)))
	require.NoError(t, db.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO task (id, visible_at, body) VALUES ('bad', 0, '{"id":5}')`)
		return err
	}))
	leases, err := db.Receive(t.Context(), 10, time.Hour)
	require.NoError(t, err)
	require.Len(t, leases, 2)
	ids := []string{leases[0].ID, leases[1].ID}
	require.Contains(t, ids, fanOut(good).ID)
	require.True(t, slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "unreadable/") }))
	require.NoError(t, db.Ack(t.Context(), leases...))
}

func TestPurgeOfManySteps(t *testing.T) {
	skipSlowSteps(t)
	db := open(t, t.TempDir())
	const n = 2*purgeLook + 1
	require.NoError(t, db.write(t.Context(), func(tx *tx) error {
		for i := range n {
			if _, err := tx.exec(`INSERT INTO message
				(id, accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body)
				VALUES (?, ?, ?, '', '', '', '', '', '')`, fmt.Sprint(i), micros(moment), micros(moment)+int64(i%2)); err != nil {
				return err
			}
		}
		return nil
	}))
	removed, err := db.Purge(t.Context(), moment.Add(time.Microsecond))
	require.NoError(t, err)
	require.Equal(t, n/2+1, removed)
	removed, err = db.Purge(t.Context(), moment.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, n/2, removed)
}

func TestPurgeOfSMS(t *testing.T) {
	skipSlowSteps(t)
	ctx := t.Context()
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: func() time.Time { return moment.Add(keepCounts) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	topic, _, err := db.CreateTopic(ctx, store.Topic{ID: "t", Project: "p", Name: "n"}, 1)
	require.NoError(t, err)

	var sms []store.SMS
	for i := range stepRows + 2 { // one more than a step may stay
		sms = append(sms, store.SMS{ID: fmt.Sprint(i), Project: "p", AcceptedAt: moment.Add(time.Duration(i) * time.Millisecond)})
	}
	require.NoError(t, db.PutSMS(ctx, sms))
	hour := moment.Truncate(time.Hour)
	for i, at := range []time.Time{hour, hour.Add(time.Hour), hour.Add(2 * time.Hour)} {
		m := newMessage()
		m.TopicID, m.AcceptedAt, m.ExpiresAt = topic.ID, at, at.Add(time.Hour)
		require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
		for range i + 1 {
			f := store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID()}
			require.NoError(t, db.PutFailure(ctx, f))
			require.NoError(t, db.ResolveFailure(ctx, m.ID, f.SubscriptionID, smn.SMS))
		}
	}

	removed, err := db.Purge(ctx, sms[stepRows+1].AcceptedAt)
	require.NoError(t, err)
	require.Equal(t, stepRows+1+1, removed, "the SMS before, and the hour that is over 92 days old")
	page, err := db.ListSMS(ctx, store.SMSQuery{Project: "p", Limit: 9})
	require.NoError(t, err)
	require.Equal(t, sms[stepRows+1:], page.SMS)
	counts, err := db.CountSMS(ctx, topic.ID, time.Time{}, moment.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, []store.SMSCount{{Hour: hour.Add(time.Hour), SMS: 2}, {Hour: hour.Add(2 * time.Hour), SMS: 3}}, counts)
}

func TestPurgeOfFlow(t *testing.T) {
	db := open(t, t.TempDir())
	const old = stepRows + 2
	hour := []flow.Window{{Limit: 2, Length: time.Hour}}
	admit := func(key string, at time.Time) {
		outcomes, err := db.Admit(t.Context(), at, store.Admission{Limit: flow.Limit{Key: key, Windows: hour}})
		require.NoError(t, err)
		require.NoError(t, errors.Join(outcomes...))
	}
	now := db.now()
	for i := range old {
		admit(fmt.Sprint(i), now.Add(-time.Hour))
	}
	admit("young", now)
	admit("young", now)
	removed, err := db.Purge(t.Context(), now.Add(-14*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, old, removed, "counts go when they have ended, however long other things are kept")
	outcomes, err := db.Admit(t.Context(), now, store.Admission{Limit: flow.Limit{Key: "young", Windows: hour}})
	require.NoError(t, err)
	require.Error(t, outcomes[0])
}

// TestFileStopsGrowing: what comes in takes the room of what has gone.
func TestFileStopsGrowing(t *testing.T) {
	ctx := t.Context()
	db := openHeard(t, t.TempDir())
	pages := func() (n int) {
		require.NoError(t, db.read(ctx, func(s *session) error {
			_, err := s.get(`PRAGMA page_count`, nil, &n)
			return err
		}))
		return n
	}
	const rounds, messages = 6, 12
	var size [rounds]int
	for round := range rounds {
		at := moment.Add(time.Duration(round) * time.Hour)
		for i := range messages {
			m := newMessage()
			m.Body = strings.Repeat("x", smn.MaxMessage*i/messages)
			m.AcceptedAt, m.ExpiresAt = at, at
			require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
			require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 1}, nil))
			leases, err := db.Receive(ctx, 1, time.Hour)
			require.NoError(t, err)
			require.NoError(t, db.Ack(ctx, leases...))
		}
		removed, err := db.Purge(ctx, at) // all but those of this round
		require.NoError(t, err)
		require.Equal(t, min(round, 1)*messages, removed)
		size[round] = pages()
	}
	require.Less(t, size[rounds-1], size[1]*11/10, "pages by round: %v", size)
	for _, name := range []string{databaseFile, databaseFile + "-wal"} {
		info, err := os.Stat(filepath.Join(db.dir, name))
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(4*messages*smn.MaxMessage), name)
	}
}

// TestPurgeWithAClockThatWasWrong: what was kept while the clock was set back is as
// young as what came before it, and what was kept while it was set forward holds up
// nothing.
func TestPurgeWithAClockThatWasWrong(t *testing.T) {
	skipSlowSteps(t)
	ctx := t.Context()
	now := moment.AddDate(0, 0, 20)
	at := setTo(now)
	db, err := Open(ctx, Config{Dir: t.TempDir(), Now: at.time})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	put := func(accepted time.Time) string {
		m := newMessage()
		m.AcceptedAt, m.ExpiresAt = accepted, accepted.Add(time.Hour)
		require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
		require.NoError(t, db.PutMail(ctx, store.Mail{ID: m.ID, CreatedAt: accepted}))
		return m.ID
	}
	there := func(id string) bool {
		_, err := db.GetMessage(ctx, id)
		if err != nil {
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		mails, listErr := db.ListMail(ctx, 3*purgeLook)
		require.NoError(t, listErr)
		kept := slices.ContainsFunc(mails, func(m store.Mail) bool { return m.ID == id })
		require.Equal(t, err == nil, kept, "a mail goes as its message does")
		return kept
	}
	old := put(moment)
	require.NoError(t, db.write(ctx, func(tx *tx) error { // more than one look sees
		for i := range purgeLook + 1 {
			if _, err := tx.exec(`INSERT INTO message (id, accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body)
				VALUES ('m' || ?1, ?2, ?2, '', '', '', '', '', '')`, i, micros(now.AddDate(1, 0, 0))); err != nil {
				return err
			}
			if _, err := tx.exec(`INSERT INTO mail SELECT NULL, 'm' || ?1, '', '', '', '', '', '', '', '', '', ?2`, i, micros(now.AddDate(1, 0, 0))); err != nil {
				return err
			}
		}
		return nil
	}))
	behind, young, setBack := put(moment.Add(time.Hour)), put(now), put(moment)

	removed, err := db.Purge(ctx, now.AddDate(0, 0, -14))
	require.NoError(t, err)
	require.Equal(t, 4, removed, "two messages and their mails")
	for id, kept := range map[string]bool{old: false, behind: false, young: true, setBack: true} {
		require.Equal(t, kept, there(id), id)
	}
	now = now.AddDate(2, 0, 0)
	at.set(now)
	removed, err = db.Purge(ctx, now.AddDate(0, 0, -14))
	require.NoError(t, err)
	require.Equal(t, 2*(purgeLook+3), removed)
}
