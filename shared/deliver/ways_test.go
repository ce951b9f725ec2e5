package deliver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/function"
	"tocsin/shared/deliver/post"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// TestToAChatAndAFunction sends a confirmation and a message through a worker and
// real sockets: to a chat that takes only what is signed, at a private address that
// is allowed to strangers here, and to a function, at one that is not.
func TestToAChatAndAFunction(t *testing.T) {
	var said []string
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sign") == "" {
			_, _ = io.WriteString(w, `{"errcode":310000,"errmsg":"sign not match"}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		said = append(said, string(body))
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	defer chat.Close()
	var called []string
	report := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		called = append(called, string(body))
	}))
	defer report.Close()

	const known = "urn:cff:local:" + project + ":function:default:report"
	strangers, own := post.New(post.Config{AllowPrivate: true}), post.New(post.Config{AllowPrivate: true})
	defer strangers.Close()
	defer own.Close()
	m := newMemory()
	c := config(m, nil)
	c.Senders = map[smn.Protocol]deliver.Sender{
		smn.DingDing:      chatbot.New(strangers),
		smn.FunctionGraph: function.New(own, function.Addresses{known: report.URL}),
	}
	w := worker(t, c)

	invitation := notice(queue.Subscribed, smn.DingDing, chat.URL)
	invitation.Notice.Subscription.Extension.SignSecret = "SEC"
	again, err := w.Handle(t.Context(), invitation)
	require.NoError(t, err)
	require.Zero(t, again)
	require.Len(t, said, 1)
	require.Contains(t, said[0], "https://tocsin.example/base/smn/subscription/confirm?token=")

	group := m.subscribe(smn.DingDing, chat.URL)
	group.Extension.SignSecret = "SEC"
	m.subs[group.Seq] = group
	unsigned := m.subscribe(smn.DingDing, chat.URL+"/unsigned")
	m.setStatus(m.subscribe(smn.FunctionGraph, known).Seq, smn.Exempt)
	unknown := m.subscribe(smn.FunctionGraph, known+"2")
	msg := m.publish(time.Hour)
	_, err = w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
	require.NoError(t, err)

	require.Len(t, said, 2)
	require.Contains(t, said[1], `"content":"Disk\n90 % full\n\nTo unsubscribe, open: https://tocsin.example/base/smn/subscription/unsubscribe?subscription_urn=`)
	require.Len(t, called, 1)
	require.Contains(t, called[0], `"event_subscription_urn":"`+known+`"`)
	require.Contains(t, called[0], `"message":"90 % full"`)

	require.Len(t, m.failures, 2)
	f, _ := m.failure(msg.ID, unsigned.ID)
	require.True(t, f.Dead)
	require.Equal(t, "the service answered code 310000", f.Reason)
	f, _ = m.failure(msg.ID, unknown.ID)
	require.True(t, f.Dead)
	require.Equal(t, "no address is configured for this function", f.Reason)
}
