package letter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	link     = "https://host/smn/subscription/x?a=1&b=2"
)

func delivery(kind string) deliver.Delivery {
	d := deliver.Delivery{}
	d.Type, d.TopicURN, d.TopicDisplay, d.Protocol, d.Text = kind, topicURN, "Disk Watch", smn.Email, "90 % <full>\nnow"
	if kind == wire.TypeNotification {
		d.UnsubscribeURL = link
	} else {
		d.SubscribeURL = link
	}
	return d
}

func TestConfirmationSaysAllThatMatters(t *testing.T) {
	d := delivery(wire.TypeConfirmation)
	d.Introduction = "Alarms of the <disks>"
	require.Equal(t, "Please confirm your subscription to Disk Watch", letter.Subject(d))
	require.Equal(t, `Hello,

Disk Watch would like to send you notifications by e-mail, from this topic:

`+topicURN+`

Alarms of the <disks>

To receive them, open this link within 48 hours and press the button:

`+link+`

If you do not want them, or do not know the sender, you need not do anything: nothing is sent until you confirm.
`, letter.Text(d))
	page := letter.HTML(d)
	for _, want := range []string{
		`<html lang="en">`, "Disk Watch would like", topicURN, "Alarms of the &lt;disks&gt;", "within 48 hours",
		`href="https://host/smn/subscription/x?a=1&amp;b=2"`, "Confirm the subscription", "need not do anything",
	} {
		require.Contains(t, page, want)
	}
}

func TestGoodbyeOffersAWayBack(t *testing.T) {
	d := delivery(wire.TypeUnsubscribed)
	require.Equal(t, "You have unsubscribed from Disk Watch", letter.Subject(d))
	for _, text := range []string{letter.Text(d), letter.HTML(d)} {
		require.Contains(t, text, "no more notifications from Disk Watch")
		require.Contains(t, text, topicURN)
		require.Contains(t, text, "within 48 hours")
	}
}

func TestNotificationInBothLanguages(t *testing.T) {
	d := delivery(wire.TypeNotification)
	require.Equal(t, "Disk Watch", letter.Subject(d))
	for locale, want := range map[string]struct{ code, prompt, button string }{
		"":      {"en", "To unsubscribe, open: " + link, ">Unsubscribe</a>"},
		"en-us": {"en", "To unsubscribe, open: " + link, ">Unsubscribe</a>"},
		"ZH-cn": {"zh", "如需退订，请打开：" + link, ">退订</a>"},
	} {
		d.Locale = locale
		require.True(t, strings.HasPrefix(letter.Text(d), "90 % <full>\nnow\n\n--\n"+want.prompt+"\n"), letter.Text(d))
		require.Contains(t, letter.Text(d), "Disk Watch (disk-alerts)")
		page := letter.HTML(d)
		require.Contains(t, page, `lang="`+want.code+`"`)
		require.Contains(t, page, "90 % &lt;full&gt;<br>now</p>")
		require.Contains(t, page, want.button)
	}
	d.Subject = "Disk full"
	require.Equal(t, "Disk full", letter.Subject(d))
}

func TestATopicIsNotNamedTwice(t *testing.T) {
	d := delivery(wire.TypeNotification)
	for _, display := range []string{"", "Disk-Alerts"} {
		d.TopicDisplay = display
		require.NotContains(t, letter.Text(d), "(")
	}
}

func TestHeadersAreOneLine(t *testing.T) {
	d := delivery(wire.TypeConfirmation)
	d.TopicDisplay, d.Introduction = "Disk\r\nBcc: all@example.org\u2028\x00", "a\nb\xff"
	require.Equal(t, "Disk  Bcc: all@example.org", letter.From(d))
	require.NotContains(t, letter.Subject(d), "\n")
	text, problem := letter.Short(d)
	require.Empty(t, problem)
	require.NotContains(t, text, "\n")
	require.Contains(t, text, "(a b\uFFFD)")
	d.TopicDisplay = " \r\n"
	require.Equal(t, "disk-alerts", letter.From(d))
	d.Type, d.Subject = wire.TypeNotification, "a\r\nb"
	require.Equal(t, "a  b", letter.Subject(d))
}

func TestStrangersWriteNoHTML(t *testing.T) {
	const attack = `</p><script>alert(1)</script>"`
	for _, kind := range []string{wire.TypeConfirmation, wire.TypeUnsubscribed, wire.TypeNotification} {
		d := delivery(kind)
		d.TopicDisplay, d.Introduction, d.Text, d.SubscribeURL, d.UnsubscribeURL = attack, attack, attack, attack, attack
		require.NotContains(t, letter.HTML(d), "<script")
		require.NotContains(t, letter.HTML(d), `>"`)
	}
}
