package smtp

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	address  = "notify@example.com"
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	link     = "https://host.example/smn/subscription/unsubscribe?subscription_urn=" + topicURN + ":23cf104593284665a1f98691b1576976"
)

func notification() deliver.Delivery {
	var d deliver.Delivery
	d.Type = wire.TypeNotification
	d.MessageID = "d84bd6629ef04513ad2e37bffd6e17cb"
	d.TopicURN = topicURN
	d.TopicDisplay = "Disk Watch"
	d.SubscriptionURN = topicURN + ":23cf104593284665a1f98691b1576976"
	d.Protocol = smn.Email
	d.Endpoint = "ann@example.org"
	d.Subject = "Disk full"
	d.Text = "90 % full"
	d.Timestamp = time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC)
	d.UnsubscribeURL = link
	return d
}

// parts reads a mail as a mail program does.
func parts(t *testing.T, content []byte) (h mail.Header, text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(content))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	r := multipart.NewReader(m.Body, params["boundary"])
	next := func(want string) string {
		part, err := r.NextPart() // decodes quoted-printable
		require.NoError(t, err)
		require.Equal(t, want+"; charset=UTF-8", part.Header.Get("Content-Type"))
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		return strings.ReplaceAll(string(body), "\r\n", "\n")
	}
	text, html = next("text/plain"), next("text/html")
	_, err = r.NextPart()
	require.ErrorIs(t, err, io.EOF)
	return m.Header, text, html
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	require.NoError(t, err)
	return text
}

func TestNotificationMail(t *testing.T) {
	d := notification()
	e, problem := write(d, address)
	require.Empty(t, problem)
	require.Equal(t, envelope{from: address, to: "ann@example.org", content: e.content}, e)
	h, text, html := parts(t, e.content)
	for name, want := range map[string]string{
		"From":                  `"Disk Watch" <notify@example.com>`,
		"To":                    "<ann@example.org>",
		"Subject":               "Disk full",
		"Date":                  "Wed, 10 Jul 2024 09:45:00 +0000",
		"Message-Id":            "<d84bd6629ef04513ad2e37bffd6e17cb.23cf104593284665a1f98691b1576976@example.com>",
		"Auto-Submitted":        "auto-generated",
		"List-Unsubscribe":      "<" + link + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Mime-Version":          "1.0",
	} {
		require.Equal(t, []string{want}, h[name], name)
	}
	require.Len(t, h, 10, "and Content-Type, and no word of a library")
	require.Contains(t, string(e.content), "List-Unsubscribe: <"+link+">\r\n", "on one line")
	require.Equal(t, letter.Text(d), text)
	require.Equal(t, letter.HTML(d), html)
}

func TestConfirmationMail(t *testing.T) {
	d := notification()
	d.Type, d.TopicDisplay, d.UnsubscribeURL, d.SubscribeURL = wire.TypeConfirmation, "", "", "https://host.example/confirm?token=00"
	e, problem := write(d, address)
	require.Empty(t, problem)
	h, text, html := parts(t, e.content)
	require.Equal(t, "<notify@example.com>", h.Get("From"), "no name was given")
	require.Equal(t, "Please confirm your subscription to disk-alerts", h.Get("Subject"))
	require.Empty(t, h.Get("List-Unsubscribe"), "nothing is subscribed yet")
	require.Contains(t, text, d.SubscribeURL)
	require.Contains(t, html, d.SubscribeURL)
}

func TestRepeatsHaveTheSameMessageID(t *testing.T) {
	id := func(change func(*deliver.Delivery)) string {
		d := notification()
		change(&d)
		return messageID(d, address)
	}
	first := id(func(*deliver.Delivery) {})
	require.Equal(t, first, id(func(d *deliver.Delivery) { d.Text = "the text has no part in it" }))
	require.NotEqual(t, first, id(func(d *deliver.Delivery) { d.MessageID = strings.Repeat("0", 32) }))
	require.NotEqual(t, first, id(func(d *deliver.Delivery) { d.SubscriptionURN = topicURN + ":0" }))
}

func TestSubjectsComeOutAsTheyWentIn(t *testing.T) {
	for _, subject := range []string{
		"Disk full", "磁盘已满", "a  b", strings.Repeat("long ", 100) + "end", strings.Repeat("x", 512), strings.Repeat("字", 170),
		"a" + strings.Repeat(" ", 300) + "b", "=?UTF-8?B?QQ==?=", "é =?x?= é", "Emoji 👩‍🚀 " + strings.Repeat("👩‍🚀", 40), "tab\u00a0nbsp",
	} {
		d := notification()
		d.Subject = subject
		e, problem := write(d, address)
		require.Empty(t, problem)
		h, _, _ := parts(t, e.content)
		require.Equal(t, subject, decoded(t, h.Get("Subject")))
		head, _, _ := bytes.Cut(e.content, []byte("\r\n\r\n"))
		if len(subject) < 512 || !letter.IsASCII(subject) {
			require.NotContains(t, string(head), "Subject:\r\n", "some programs show the space that follows")
		}
		for line := range strings.SplitSeq(string(head), "\r\n") {
			require.NotEmpty(t, strings.TrimSpace(line), "some servers end the header there")
			if !strings.HasPrefix(line, "Message-ID:") && !strings.HasPrefix(line, "List-Unsubscribe:") {
				require.LessOrEqual(t, len(line), 78)
			}
		}
	}
}

// FuzzMail: whatever strangers have written, a mail has the header that it is to
// have, and the texts.
func FuzzMail(f *testing.F) {
	f.Add("Disk full", "Disk Watch", "90 % full", "ann@example.org", link, "d84b", false)
	f.Add("a\r\nBcc: all@example.org", "x\r\n\r\nbody\"<>", ".\r\n.\n", "ann@example.org\r\nBcc: x@y.z", "https://h/\r\nX: y", "1>\r\n", true)
	f.Add("=?utf-8?q?=0D=0A?=", "=?utf-8?q?x?=", strings.Repeat("x", 2000), "jörg@exämple.org", "https://h/>,<mailto:a@b.c>", "é", false)
	f.Fuzz(func(t *testing.T, subject, display, text, endpoint, url, id string, confirmation bool) {
		d := notification()
		d.Subject, d.TopicDisplay, d.Introduction, d.Text, d.Endpoint = subject, display, display, text, endpoint
		d.MessageID, d.SubscriptionURN, d.UnsubscribeURL = id, topicURN+":"+id, url
		if confirmation {
			d.Type, d.SubscribeURL, d.UnsubscribeURL = wire.TypeConfirmation, url, ""
		}
		e, problem := write(d, address)
		if problem != "" {
			require.Empty(t, e)
			return
		}
		require.Equal(t, endpoint, e.to)
		require.NotContains(t, e.to, "\r")
		require.NotContains(t, e.to, "\n")
		require.NotContains(t, e.to, ">")
		h, _, html := parts(t, e.content)
		allowed := map[string]bool{
			"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Auto-Submitted": true,
			"List-Unsubscribe": true, "List-Unsubscribe-Post": true, "Mime-Version": true, "Content-Type": true,
		}
		for name, values := range h {
			require.True(t, allowed[name], name)
			require.Len(t, values, 1, name)
		}
		to, err := h.AddressList("To")
		require.NoError(t, err)
		require.Equal(t, []*mail.Address{{Address: endpoint}}, to)
		from, err := h.AddressList("From")
		require.NoError(t, err)
		require.Equal(t, []*mail.Address{{Name: letter.SenderName(d), Address: address}}, from)
		require.Equal(t, letter.Subject(d), decoded(t, h.Get("Subject")))
		require.NotContains(t, html, "<script")
		head, body, _ := bytes.Cut(e.content, []byte("\r\n\r\n"))
		for line := range bytes.SplitSeq(head, []byte("\r\n")) {
			require.LessOrEqual(t, len(line), 998)
			require.NotContains(t, string(line), "\n")
			require.NotContains(t, string(line), "\r")
		}
		for line := range bytes.SplitSeq(body, []byte("\r\n")) {
			require.LessOrEqual(t, len(line), 78)
			require.True(t, letter.IsASCII(string(line)))
			require.NotContains(t, string(line), "\n")
			require.NotContains(t, string(line), "\r")
		}
	})
}
