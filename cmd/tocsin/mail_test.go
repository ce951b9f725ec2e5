package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// mailbox is a mail server that keeps what it takes.
type mailbox struct{ mails chan *mail.Message }

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *mailbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m *mailbox) Reset()                                      {}
func (m *mailbox) Logout() error                               { return nil }

func (m *mailbox) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(bytes.NewReader(content))
	if err == nil {
		m.mails <- message
	}
	return err
}

// next waits for a mail with a subject.
func (m *mailbox) next(t *testing.T, subject string) (_ mail.Header, body string) {
	t.Helper()
	select {
	case got := <-m.mails:
		require.Equal(t, subject, got.Header.Get("Subject"))
		text, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		// What quoted-printable has done to links.
		return got.Header, strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(string(text))
	case <-time.After(20 * time.Second):
		require.Fail(t, "no mail", subject)
		return nil, ""
	}
}

func openMailbox(t *testing.T) (_ *mailbox, address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serveMailbox(t, listener), listener.Addr().String()
}

func serveMailbox(t *testing.T, listener net.Listener) *mailbox {
	box := &mailbox{mails: make(chan *mail.Message, 9)}
	server := smtp.NewServer(box)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
	return box
}

// safeBuffer may be written to while others write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestMailAndSMS goes the whole way: a confirmation by mail, its button, a message
// by mail and by SMS, the mail program's own button to unsubscribe (RFC 8058), and
// the goodbye.
func TestMailAndSMS(t *testing.T) {
	box, server := openMailbox(t)
	texts := make(chan string, 9)
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		texts <- string(body)
	}))
	t.Cleanup(gateway.Close)
	t.Setenv("TOCSIN_SMTP_URL", "smtp://"+server)
	t.Setenv("TOCSIN_MAIL_FROM", "notify@example.com")
	t.Setenv("TOCSIN_SMS_URL", gateway.URL+"/send?key=hush")
	t.Setenv("TOCSIN_SMS_BODY", "to={to}&text={text}")

	var log safeBuffer
	h, err := openHouse(t.Context(), parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings, slog.New(slog.NewJSONHandler(&log, nil)))
	require.NoError(t, err)
	serving, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.serve(serving) }()
	defer func() { stop(); require.NoError(t, <-served) }()

	ctx := smn.WithCaller(t.Context(), smn.Caller{Project: h.settings.ProjectID})
	topic, err := h.broker.CreateTopic(ctx, smn.CreateTopicInput{Name: "disk-alerts", DisplayName: "Disk Watch"})
	require.NoError(t, err)
	subscribe := func(p smn.Protocol, endpoint string) {
		_, err := h.broker.Subscribe(ctx, smn.SubscribeInput{
			TopicURN: topic.URN, NewSubscription: smn.NewSubscription{Protocol: p, Endpoint: endpoint},
		})
		require.NoError(t, err)
	}
	press := func(link, body string) {
		t.Helper()
		answer, err := http.Post(link, "application/x-www-form-urlencoded", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
	}
	confirm := regexp.MustCompile(`http://[0-9.:]+/smn/subscription/confirm\?token=[0-9a-f]+&topic_urn=[a-z0-9:-]+`)

	subscribe(smn.Email, "ann@example.org")
	header, body := box.next(t, "Please confirm your subscription to Disk Watch")
	require.Equal(t, `"Disk Watch" <notify@example.com>`, header.Get("From"))
	require.Equal(t, "<ann@example.org>", header.Get("To"))
	press(confirm.FindString(body), "")

	subscribe(smn.SMS, "+4915112345678")
	values, err := url.ParseQuery(<-texts)
	require.NoError(t, err)
	require.Equal(t, "+4915112345678", values.Get("to"))
	press(confirm.FindString(values.Get("text")), "")

	_, err = h.broker.Publish(ctx, smn.PublishInput{TopicURN: topic.URN, Subject: "Disk full", Message: "90 percent"})
	require.NoError(t, err)
	header, body = box.next(t, "Disk full")
	require.Contains(t, body, "90 percent")
	require.Equal(t, "to=%2B4915112345678&text=90+percent", <-texts)

	link := strings.Trim(header.Get("List-Unsubscribe"), "<>")
	require.Contains(t, body, link)
	press(link, header.Get("List-Unsubscribe-Post"))
	page, err := h.broker.ListSubscriptionsByTopic(ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic.URN})
	require.NoError(t, err)
	for _, s := range page.Subscriptions {
		require.Equal(t, s.Protocol == smn.Email, s.Status == smn.Cancelled)
	}
	_, body = box.next(t, "You have unsubscribed from Disk Watch")
	press(confirm.FindString(body), "")

	stop()
	for _, secret := range []string{"ann@", "4915112345678", "hush", "90 percent", "smtp://"} {
		require.NotContains(t, log.String(), secret)
	}
	require.Contains(t, log.String(), `"host":"example.org"`)
	require.Contains(t, log.String(), `"status":250`)
}

func TestWaysOutThatCannotBe(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	for args, want := range map[string]string{
		"-smtp-url=smtp://me:secret@host":                             "TOCSIN_MAIL_FROM",
		"-smtp-url=secret -mail-from=a@example.com":                   "TOCSIN_SMTP_URL",
		"-sms-url=ftp://secret":                                       "TOCSIN_SMS_URL",
		"-sms-preset=secret":                                          "TOCSIN_SMS_PRESET",
		"-sms-preset=twilio -sms-user=me -sms-password=secret":        "TOCSIN_SMS_FROM",
		"-sms-url=http://host -sms-body={secret":                      "TOCSIN_SMS_BODY",
		"-sms-url=http://host -sms-headers=secret -sms-body={to={tex": "TOCSIN_SMS_BODY",
	} {
		s := parsed(t, strings.Fields(args)...).settings
		err := s.complete(loopback)
		require.ErrorContains(t, err, want, args)
		require.NotContains(t, fmt.Sprint(err), "secret", args)
	}
}
