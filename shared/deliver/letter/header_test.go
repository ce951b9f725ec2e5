package letter_test

import (
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver/letter"
	"tocsin/shared/wire"
)

func TestHeader(t *testing.T) {
	generated := letter.Field{Name: "Auto-Submitted", Value: "auto-generated"}
	d := delivery(wire.TypeNotification)
	require.Equal(t, []letter.Field{
		generated,
		{Name: "List-Unsubscribe", Value: "<" + link + ">"},
		{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"},
	}, letter.Header(d))
	require.Equal(t, []letter.Field{generated}, letter.Header(delivery(wire.TypeConfirmation)), "nothing is subscribed yet")

	d.UnsubscribeURL = "https://host/" + strings.Repeat("x", 868-13)
	require.Len(t, letter.Header(d), 3)
	for _, unfit := range []string{
		d.UnsubscribeURL + "x", "https://h/\r\nBcc: a@b.org", "https://h/>,<mailto:a@b.org>", "https://h/ x", "https://h/ü", "https://h/\x00",
	} {
		d.UnsubscribeURL = unfit
		require.Equal(t, []letter.Field{generated}, letter.Header(d), unfit)
	}
}

func TestSenderName(t *testing.T) {
	d := delivery(wire.TypeNotification)
	for display, want := range map[string]string{
		"": "", "Disk Watch": "Disk Watch", "a\r\nBcc: b@c.org": "a Bcc: b@c.org", " \t ": "", "磁盘\u2028": "磁盘",
	} {
		d.TopicDisplay = display
		require.Equal(t, want, letter.SenderName(d), display)
	}
}

func TestFromHeader(t *testing.T) {
	d := delivery(wire.TypeNotification)
	for display, want := range map[string]string{
		"":                     "<notify@example.com>",
		"Disk Watch":           `"Disk Watch" <notify@example.com>`,
		`a "b" \ <c@d.org>`:    `"a \"b\" \\ <c@d.org>" <notify@example.com>`,
		"a\r\nBcc: b@c.org":    `"a Bcc: b@c.org" <notify@example.com>`,
		"磁盘":                   "=?UTF-8?B?56OB55uY?= <notify@example.com>",
		"=?UTF-8?B?56OB55uY?=": "=?UTF-8?B?PT9VVEYtOD9CPzU2T0I1NXVZPz0=?= <notify@example.com>",
	} {
		d.TopicDisplay = display
		require.Equal(t, want, letter.FromHeader(d, "notify@example.com"), display)
	}
	for _, display := range []string{strings.Repeat("x", 500), strings.Repeat("字", 170), strings.Repeat("a, ", 100)} {
		d.TopicDisplay = display
		from, err := mail.ParseAddress(letter.FromHeader(d, "notify@example.com"))
		require.NoError(t, err)
		require.Equal(t, &mail.Address{Name: strings.TrimSpace(display), Address: "notify@example.com"}, from)
	}
}

func TestSubjectHeader(t *testing.T) {
	for _, subject := range []string{
		"Disk full", "磁盘已满", "a  b", strings.Repeat("long ", 100) + "end", strings.Repeat("x", 512), "=?UTF-8?B?QQ==?=",
		"é =?x?= é", strings.Repeat("👩‍🚀", 40), "tab\u00a0nbsp",
	} {
		d := delivery(wire.TypeNotification)
		d.Subject = subject
		header := letter.SubjectHeader(d)
		require.Regexp(t, `^[ -~]+$`, header)
		text, err := new(mime.WordDecoder).DecodeHeader(header)
		require.NoError(t, err)
		require.Equal(t, subject, text)
	}
	d := delivery(wire.TypeNotification)
	d.Subject = "Disk full"
	require.Equal(t, "Disk full", letter.SubjectHeader(d), "what can be read is left readable")
	d.Subject = "a\r\nBcc: all@example.org"
	require.Equal(t, "=?UTF-8?B?YSAgQmNjOiBhbGxAZXhhbXBsZS5vcmc=?=", letter.SubjectHeader(d))
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"ann@example.org": true, "ann+x@example.org": true, "jörg@exämple.org": true, "a@" + strings.Repeat("b", 252): true,
		"a@" + strings.Repeat("b", 253): false, "": false, "ann": false, "Ann <ann@example.org>": false, `"a"@b.org`: false,
		"a@b.org,c@d.org": false, "a@b.org\r\nBcc: c@d.org": false, "a@[127.0.0.1]": false,
	} {
		require.Equal(t, want, letter.IsAddress(address), address)
		require.Equal(t, want && letter.IsASCII(address), letter.IsSender(address), address)
	}
}
