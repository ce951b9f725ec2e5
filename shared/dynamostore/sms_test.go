package dynamostore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Pages are those of a list that is sorted and cut, wherever they begin and end in
// an hour, and whether they are counted or looked through.
func TestListSMS(t *testing.T) {
	db, _ := open(t)
	project, start := smn.NewID(), time.Now().UTC().Truncate(time.Hour).Add(-5*time.Hour)
	var all []store.SMS
	for i := range 210 { // most in the fourth hour, and none in the second
		at := start.Add(time.Duration(i%10) * 6 * time.Minute)
		if i%3 > 0 {
			at = at.Add(2*time.Hour + time.Duration(min(i, 200))*30*time.Second)
		}
		all = append(all, store.SMS{ID: smn.NewID(), Project: project, Endpoint: fmt.Sprint(i % 4), AcceptedAt: at})
	}
	require.NoError(t, db.PutSMS(t.Context(), all[:70]))
	require.NoError(t, db.PutSMS(t.Context(), all), "some are there")
	slices.SortFunc(all, func(a, b store.SMS) int {
		if c := b.AcceptedAt.Compare(a.AcceptedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	rapid.Check(t, func(rt *rapid.T) {
		moment := func(name string) time.Time {
			return rapid.SampledFrom([]time.Time{
				{},
				start, start.Add(time.Hour), start.Add(3 * time.Hour), start.Add(5 * time.Hour),
				all[rapid.IntRange(0, 209).Draw(rt, name+" of")].AcceptedAt,
				all[rapid.IntRange(0, 209).Draw(rt, name+" behind")].AcceptedAt.Add(1),
			}).Draw(rt, name)
		}
		q := store.SMSQuery{
			Project: project, From: moment("from"), To: moment("to"),
			Endpoint: rapid.SampledFrom([]string{"", "", "1"}).Draw(rt, "endpoint"),
			Offset:   rapid.IntRange(0, 220).Draw(rt, "offset"), Limit: rapid.IntRange(1, 220).Draw(rt, "limit"),
		}
		var fit []store.SMS
		for _, m := range all {
			if fitsSMS(m, q) {
				fit = append(fit, m)
			}
		}
		page, err := db.ListSMS(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, len(fit), page.Total)
		from := min(q.Offset, len(fit))
		require.Equal(rt, append([]store.SMS(nil), fit[from:min(from+q.Limit, len(fit))]...), page.SMS)
	})
}

// SMS go away with the hour that counts them, when they have been kept for long
// enough.
func TestSMSExpire(t *testing.T) {
	db, _ := open(t)
	now := time.Now().UTC().Truncate(time.Hour)
	db.now = func() time.Time { return now }
	m := store.SMS{ID: smn.NewID(), Project: smn.NewID(), AcceptedAt: now}
	now = now.Add(59 * time.Minute)
	last := store.SMS{ID: smn.NewID(), Project: m.Project, AcceptedAt: now}
	require.NoError(t, db.PutSMS(t.Context(), []store.SMS{m}))
	now = now.Add(2 * time.Minute) // it came in the next hour
	require.NoError(t, db.PutSMS(t.Context(), []store.SMS{last}))
	end := now.Truncate(time.Hour).Add(smsKept)

	now = end.Add(-time.Second)
	page, err := db.ListSMS(t.Context(), store.SMSQuery{Project: m.Project, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, store.SMSPage{SMS: []store.SMS{last, m}, Total: 2}, page)

	now = end
	page, err = db.ListSMS(t.Context(), store.SMSQuery{Project: m.Project, Limit: 10})
	require.NoError(t, err)
	require.Zero(t, page)
	_, err = db.GetSMS(t.Context(), m.Project, m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, db.FinishSMS(t.Context(), m.ID, smn.SMSFailed, "late", now))
	require.Empty(t, rowsOf(t, db, smsPartition(m.Project)))
}

func TestCostsOfSMS(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	newSMS := func(n int) (sms []store.SMS) {
		for range n {
			sms = append(sms, store.SMS{ID: smn.NewID(), Project: project, Endpoint: "+4915112345678", Text: strings.Repeat("x", 160), AcceptedAt: time.Now().UTC().Truncate(time.Hour)})
		}
		return sms
	}
	one := newSMS(1)
	requireCost(t, db, 0, 6, "put one", func() error { return db.PutSMS(t.Context(), one) })
	requireCost(t, db, 0, 49*4+2, "put many", func() error { return db.PutSMS(t.Context(), newSMS(49)) })
	requireCost(t, db, 2, 0, "get", func() error {
		_, err := db.GetSMS(t.Context(), project, one[0].ID)
		return err
	})
	requireCost(t, db, 1, 1, "finish", func() error {
		return db.FinishSMS(t.Context(), one[0].ID, smn.SMSDelivered, "", time.Now())
	})
	for range 6 {
		require.NoError(t, db.PutSMS(t.Context(), newSMS(49)))
	}
	requireCost(t, db, 10, 0, "list", func() error {
		page, err := db.ListSMS(t.Context(), store.SMSQuery{Project: project, Limit: 100})
		require.Len(t, page.SMS, 100)
		return err
	})
}
