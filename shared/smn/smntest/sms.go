package smntest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

const phone = "+4915112345678"

// report waits until an SMS is delivered.
func (s *suite) report(t *testing.T, id string) smn.SMSReport {
	t.Helper()
	delivered := smn.SMSDelivered
	var page smn.SMSPage
	require.Eventually(t, func() bool {
		var err error
		page, err = s.owner.ListSMS(s.owner.ctx, smn.ListSMSInput{MessageID: id, Status: &delivered})
		return err == nil && page.Total == 1
	}, patience, 5*time.Millisecond)
	return page.SMS[0]
}

func sendSMS(t *testing.T, s *suite) {
	const text = "Grüße,\n消息 <b>&amp;</b>"
	id, err := s.owner.SendSMS(s.owner.ctx, smn.NewSMS{Endpoint: phone, Text: text, SignID: "sign-1"})
	require.NoError(t, err)
	require.True(t, smn.IsID(id))
	kept, err := s.owner.GetSMS(s.owner.ctx, smn.SMSInput{MessageID: id})
	require.NoError(t, err)
	require.Equal(t, text, kept)

	r := s.report(t, id)
	require.WithinDuration(t, time.Now(), r.AcceptedAt, patience)
	require.False(t, r.FinishedAt.Before(r.AcceptedAt))
	r.AcceptedAt, r.FinishedAt = time.Time{}, time.Time{}
	require.Equal(t, smn.SMSReport{MessageID: id, Endpoint: phone, SignID: "sign-1", Status: smn.SMSDelivered, Parts: 1}, r)

	_, err = s.stranger.GetSMS(s.stranger.ctx, smn.SMSInput{MessageID: id})
	requireCode(t, smn.ResourceNotFound, err, "it belongs to another project")
	_, err = s.owner.GetSMS(s.owner.ctx, smn.SMSInput{MessageID: smn.NewID()})
	requireCode(t, smn.ResourceNotFound, err)
	_, err = s.owner.GetSMS(s.owner.ctx, smn.SMSInput{MessageID: "x"})
	requireCode(t, smn.InvalidMessageID, err)
}

func sendSMSRules(t *testing.T, s *suite) {
	for _, c := range []struct {
		code smn.Code
		in   smn.NewSMS
	}{
		{smn.InvalidEndpoint, smn.NewSMS{Text: "t"}},
		{smn.InvalidEndpoint, smn.NewSMS{Endpoint: "12", Text: "t"}},
		{smn.InvalidEndpoint, smn.NewSMS{Endpoint: "1234567890123456", Text: "t"}},
		{smn.InvalidEndpoint, smn.NewSMS{Endpoint: "ann@example.org", Text: "t"}},
		{smn.InvalidMessage, smn.NewSMS{Endpoint: phone}},
		{smn.InvalidSignID, smn.NewSMS{Endpoint: phone, Text: "t", SignID: "a b"}},
	} {
		_, err := s.owner.SendSMS(s.owner.ctx, c.in)
		requireCode(t, c.code, err, c.in)
	}
	for past := -1; past <= 1; past++ {
		for code, in := range map[smn.Code]smn.NewSMS{
			smn.InvalidMessage: {Endpoint: phone, Text: strings.Repeat("ä", smn.MaxSMS+past)},
			smn.InvalidSignID:  {Endpoint: phone, Text: "t", SignID: strings.Repeat("s", smn.MaxSignID+past)},
		} {
			_, err := s.owner.SendSMS(s.owner.ctx, in)
			if past > 0 {
				requireCode(t, code, err)
			} else {
				require.NoError(t, err)
			}
		}
	}
	page, err := s.owner.ListSMS(s.owner.ctx, smn.ListSMSInput{})
	require.NoError(t, err)
	require.Equal(t, 4, page.Total, "what was refused is not kept")
}

func sendSMSBatch(t *testing.T, s *suite) {
	sent, err := s.owner.SendSMSBatch(s.owner.ctx, smn.SendSMSBatchInput{Messages: []smn.NewSMS{
		{Endpoint: phone, Text: "one"},
		{Endpoint: "x", Text: "one"},
		{Endpoint: phone, Text: "one"},
		{Endpoint: phone, Text: ""},
		{Endpoint: phone, Text: "two"},
	}})
	require.NoError(t, err)
	require.Len(t, sent, 5)
	for i, code := range []smn.Code{"", smn.InvalidEndpoint, smn.DuplicateEndpoint, smn.InvalidMessage, ""} {
		require.Equal(t, code, smn.CodeOf(sent[i].Err), i)
		require.Equal(t, code == "", smn.IsID(sent[i].MessageID), i)
	}
	require.Equal(t, "x", sent[1].Endpoint)
	require.NotEqual(t, sent[0].MessageID, sent[4].MessageID)
	s.report(t, sent[0].MessageID)
	s.report(t, sent[4].MessageID)

	many := make([]smn.NewSMS, 120) // one transaction of a table does not hold so many
	for i := range many {
		many[i] = smn.NewSMS{Endpoint: fmt.Sprint(100 + i), Text: "t"}
	}
	sent, err = s.owner.SendSMSBatch(s.owner.ctx, smn.SendSMSBatchInput{Messages: many})
	require.NoError(t, err)
	ids := map[string]bool{}
	for i := range sent {
		require.NoError(t, sent[i].Err)
		ids[sent[i].MessageID] = true
	}
	require.Len(t, ids, len(many))

	// Limits count what is asked for. All are the same, so that one is sent.
	batch := func(n int) error {
		sent, err := s.owner.SendSMSBatch(s.owner.ctx, smn.SendSMSBatchInput{Messages: slices.Repeat(many[:1], n)})
		if err == nil {
			require.Len(t, sent, n)
			require.NoError(t, sent[0].Err)
		}
		return err
	}
	requireCode(t, smn.TooManyEndpoints, batch(0))
	require.NoError(t, batch(1))
	require.NoError(t, batch(smn.MaxSMSBatch-1))
	require.NoError(t, batch(smn.MaxSMSBatch))
	requireCode(t, smn.TooManyEndpoints, batch(smn.MaxSMSBatch+1))
}

func listSMS(t *testing.T, s *suite) {
	empty, err := s.owner.ListSMS(s.owner.ctx, smn.ListSMSInput{})
	require.NoError(t, err)
	require.Zero(t, empty.Total)
	require.NotNil(t, empty.SMS)
	began := time.Now()
	var ids []string
	for i := range 3 {
		id, err := s.owner.SendSMS(s.owner.ctx, smn.NewSMS{Endpoint: fmt.Sprint("11", i), Text: "t", SignID: fmt.Sprint("s", i)})
		require.NoError(t, err)
		s.report(t, id)
		ids = append([]string{id}, ids...)
	}
	list := func(in smn.ListSMSInput) (found []string, total int) {
		page, err := s.owner.ListSMS(s.owner.ctx, in)
		require.NoError(t, err)
		for _, r := range page.SMS {
			found = append(found, r.MessageID)
		}
		return found, page.Total
	}
	accepted := smn.SMSAccepted
	for _, c := range []struct {
		in    smn.ListSMSInput
		want  []string
		total int
	}{
		{smn.ListSMSInput{}, ids, 3},
		{smn.ListSMSInput{Page: smn.Page{Offset: 1, Limit: 1}}, ids[1:2], 3},
		{smn.ListSMSInput{Page: smn.Page{Offset: 3}}, nil, 3},
		{smn.ListSMSInput{Endpoint: "111"}, ids[1:2], 1},
		{smn.ListSMSInput{SignID: "s0"}, ids[2:], 1},
		{smn.ListSMSInput{Status: &accepted}, nil, 0},
		{smn.ListSMSInput{From: began.Add(-time.Minute), To: began.Add(time.Hour)}, ids, 3},
		{smn.ListSMSInput{To: began.Add(-time.Minute)}, nil, 0},
		{smn.ListSMSInput{From: began.Add(time.Hour)}, nil, 0},
	} {
		found, total := list(c.in)
		require.Equal(t, c.want, found, c.in)
		require.Equal(t, c.total, total, c.in)
	}
	wrong := smn.SMSStatus(3)
	for _, c := range []struct {
		code smn.Code
		in   smn.ListSMSInput
	}{
		{smn.InvalidEndTime, smn.ListSMSInput{From: began, To: began}},
		{smn.InvalidMessageID, smn.ListSMSInput{MessageID: "x"}},
		{smn.InvalidEndpoint, smn.ListSMSInput{Endpoint: "x"}},
		{smn.InvalidSignID, smn.ListSMSInput{SignID: "a b"}},
		{smn.InvalidStatus, smn.ListSMSInput{Status: &wrong}},
	} {
		_, err := s.owner.ListSMS(s.owner.ctx, c.in)
		requireCode(t, c.code, err, c.in)
	}
	page, err := s.stranger.ListSMS(s.stranger.ctx, smn.ListSMSInput{})
	require.NoError(t, err)
	require.Zero(t, page.Total)
}

func smsCallbacks(t *testing.T, s *suite) {
	list := func(event smn.SMSEvent) []smn.SMSCallback {
		callbacks, err := s.owner.ListSMSCallbacks(s.owner.ctx, smn.ListSMSCallbacksInput{Event: event})
		require.NoError(t, err)
		return callbacks
	}
	update := func(callbacks ...smn.SMSCallback) error {
		return s.owner.UpdateSMSCallbacks(s.owner.ctx, smn.UpdateSMSCallbacksInput{Callbacks: callbacks})
	}
	require.Equal(t, []smn.SMSCallback{}, list(""))
	one, two := s.topic(t, "one"), s.topic(t, "two")
	require.NoError(t, update(smn.SMSCallback{Event: smn.SMSReply, TopicURN: one}, smn.SMSCallback{Event: smn.SMSSuccess, TopicURN: one}))
	require.NoError(t, update(smn.SMSCallback{Event: smn.SMSReply, TopicURN: two}))
	want := []smn.SMSCallback{{Event: smn.SMSSuccess, TopicURN: one}, {Event: smn.SMSReply, TopicURN: two}}
	require.Equal(t, want, list(""))
	require.Equal(t, want[1:], list(smn.SMSReply))
	require.Empty(t, list(smn.SMSFailure))

	ok := smn.SMSCallback{Event: smn.SMSReply, TopicURN: one}
	requireCode(t, smn.InvalidEventType, update())
	requireCode(t, smn.InvalidEventType, update(ok, ok, ok, ok))
	requireCode(t, smn.InvalidEventType, update(ok, smn.SMSCallback{Event: "x", TopicURN: one}))
	requireCode(t, smn.InvalidTopicURN, update(ok, smn.SMSCallback{Event: smn.SMSReply, TopicURN: "x"}))
	requireCode(t, smn.TopicNotFound, update(ok, smn.SMSCallback{Event: smn.SMSReply, TopicURN: s.urn(Owner.Project, "missing")}))
	requireCode(t, smn.Forbidden, update(ok, smn.SMSCallback{Event: smn.SMSReply, TopicURN: s.urn(Stranger.Project, "topic")}))
	require.Equal(t, want, list(""), "what was refused has changed nothing")
	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: two}))
	require.Equal(t, want[:1], list(""), "a callback ends with its topic")
	require.Equal(t, two, s.topic(t, "two"))
	require.Equal(t, want[:1], list(""), "a new topic of the name inherits nothing")
	require.NoError(t, update(want[1]))
	require.Equal(t, want, list(""))
	_, err := s.owner.ListSMSCallbacks(s.owner.ctx, smn.ListSMSCallbacksInput{Event: "x"})
	requireCode(t, smn.InvalidEventType, err)
}
