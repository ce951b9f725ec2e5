package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var smsCases = []testCase{
	{"an SMS comes out as it went in, with its task", testPutSMS},
	{"putting an SMS again changes nothing", testPutSMSTwice},
	{"SMS are listed newest first", testListSMS},
	{"SMS are filtered", testFilterSMS},
	{"an SMS ends once", testFinishSMS},
}

func newSMS(project string) store.SMS {
	return store.SMS{ID: smn.NewID(), Project: project, Endpoint: "+4915112345678", Text: "ünï ✓", SignID: "sign", AcceptedAt: moment}
}

func (e env) putSMS(t *testing.T, sms ...store.SMS) {
	t.Helper()
	require.NoError(t, e.PutSMS(t.Context(), sms))
}

func (e env) listSMS(t *testing.T, q store.SMSQuery) store.SMSPage {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, err := e.ListSMS(t.Context(), q)
	require.NoError(t, err)
	return page
}

func testPutSMS(t *testing.T, e env) {
	project := smn.NewID()
	first, second := newSMS(project), newSMS(project)
	task := queue.NewDirect(queue.Direct{MessageID: first.ID, Project: project, Attempt: 1}, time.Time{})
	require.NoError(t, e.PutSMS(t.Context(), []store.SMS{first, second}, task))
	require.Equal(t, map[string]queue.Task{task.ID: task}, e.tasks(t, 1))
	for _, want := range []store.SMS{first, second} {
		got, err := e.GetSMS(t.Context(), project, want.ID)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := e.GetSMS(t.Context(), smn.NewID(), first.ID)
	require.ErrorIs(t, err, store.ErrNotFound, "of another project")
	_, err = e.GetSMS(t.Context(), project, smn.NewID())
	require.ErrorIs(t, err, store.ErrNotFound)
}

func testPutSMSTwice(t *testing.T, e env) {
	first := newSMS(smn.NewID())
	e.putSMS(t, first)
	again := first
	again.Text = "other"
	e.putSMS(t, again)
	require.Equal(t, store.SMSPage{SMS: []store.SMS{first}, Total: 1}, e.listSMS(t, store.SMSQuery{Project: first.Project}))
}

func testListSMS(t *testing.T, e env) {
	project := smn.NewID()
	var all []store.SMS
	for i := range 5 {
		m := newSMS(project)
		m.AcceptedAt = moment.Add(time.Duration(i/2) * time.Second) // two at once
		all = append([]store.SMS{m}, all...)
	}
	e.putSMS(t, all...)
	e.putSMS(t, newSMS(smn.NewID()))
	require.Equal(t, store.SMSPage{SMS: all, Total: 5}, e.listSMS(t, store.SMSQuery{Project: project}))
	require.Equal(t, store.SMSPage{SMS: all[1:3], Total: 5}, e.listSMS(t, store.SMSQuery{Project: project, Offset: 1, Limit: 2}))
	require.Equal(t, store.SMSPage{Total: 5}, e.listSMS(t, store.SMSQuery{Project: project, Offset: 5}))
	require.Zero(t, e.listSMS(t, store.SMSQuery{Project: smn.NewID()}))
}

func testFilterSMS(t *testing.T, e env) {
	project := smn.NewID()
	one, other := newSMS(project), newSMS(project)
	other.Endpoint, other.SignID, other.AcceptedAt = "112", "", moment.Add(time.Second)
	e.putSMS(t, one, other)
	require.NoError(t, e.FinishSMS(t.Context(), other.ID, smn.SMSFailed, "why", moment))
	accepted, failed := smn.SMSAccepted, smn.SMSFailed
	for _, c := range []struct {
		q    store.SMSQuery
		want string
	}{
		{store.SMSQuery{ID: one.ID}, one.ID},
		{store.SMSQuery{Endpoint: "112"}, other.ID},
		{store.SMSQuery{SignID: "sign"}, one.ID},
		{store.SMSQuery{Status: &accepted}, one.ID},
		{store.SMSQuery{Status: &failed}, other.ID},
		{store.SMSQuery{To: other.AcceptedAt}, one.ID},
		{store.SMSQuery{From: other.AcceptedAt}, other.ID},
	} {
		c.q.Project = project
		page := e.listSMS(t, c.q)
		require.Equal(t, 1, page.Total)
		require.Equal(t, c.want, page.SMS[0].ID)
	}
	require.Zero(t, e.listSMS(t, store.SMSQuery{Project: project, ID: one.ID, Endpoint: "112"}), "all filters hold")
}

func testFinishSMS(t *testing.T, e env) {
	m := newSMS(smn.NewID())
	e.putSMS(t, m)
	require.NoError(t, e.FinishSMS(t.Context(), m.ID, smn.SMSDelivered, "", moment.Add(time.Second)))
	require.NoError(t, e.FinishSMS(t.Context(), m.ID, smn.SMSFailed, "late", moment.Add(time.Minute)))
	require.NoError(t, e.FinishSMS(t.Context(), smn.NewID(), smn.SMSFailed, "gone", moment))
	m.Status, m.FinishedAt = smn.SMSDelivered, moment.Add(time.Second)
	got, err := e.GetSMS(t.Context(), m.Project, m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
}
