// Package letter makes the words that a delivery says to people: in a mail, and on
// a phone. Whoever sends them or keeps them takes them from here, so that the
// outbox shows what would be sent.
package letter

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Subject is the subject of a mail: one line, never empty.
func Subject(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		return "Please confirm your subscription to " + From(d)
	case wire.TypeUnsubscribed:
		return "You have unsubscribed from " + From(d)
	}
	return cmp.Or(line(d.Subject), From(d))
}

// From is who a delivery comes from, on one line: the topic's display name or, if there
// is nothing in it to see, its name.
func From(d deliver.Delivery) string {
	from := line(d.From())
	if from == "" {
		d.TopicDisplay = ""
		from = line(d.From())
	}
	return from
}

// Text is what a mail says to a program that shows plain text.
func Text(d deliver.Delivery) string {
	if d.Type == wire.TypeNotification {
		return d.Text + "\n\n" + footer(d).text()
	}
	return confirmation(d).text()
}

// HTML is what a mail says to a program that shows HTML.
func HTML(d deliver.Delivery) string {
	if d.Type == wire.TypeNotification {
		return page(languageOf(d).code, paragraph(d.Text)+footer(d).html())
	}
	return page(english.code, confirmation(d).html())
}

// Short is what a phone shows. The problem is empty unless it is an SMS that no
// phone would get.
func Short(d deliver.Delivery) (text, problem string) {
	text = short(d)
	if d.Protocol == smn.SMS && utf8.RuneCountInString(text) > smn.MaxSMS {
		problem = "the text has more than 1,000 characters"
	}
	return text, problem
}

func short(d deliver.Delivery) string {
	switch d.Type {
	case wire.TypeConfirmation:
		about := ""
		if d.Introduction != "" {
			about = " (" + line(d.Introduction) + ")"
		}
		return From(d) + " would like to send you messages" + about + ". To agree, open within 48 hours: " + d.SubscribeURL
	case wire.TypeUnsubscribed:
		return "You will get no more messages from " + From(d) + ". To subscribe again, open within 48 hours: " + d.SubscribeURL
	default:
		return d.Text
	}
}

// line is s on one line. What comes from elsewhere has been checked at the door;
// in a header a second look costs little.
func line(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
