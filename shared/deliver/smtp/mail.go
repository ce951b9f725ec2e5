package smtp

import (
	"bytes"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
)

// envelope is a mail on its way.
type envelope struct {
	from, to string
	content  []byte // header and body, in ASCII but for an address in the header
}

// write makes the mail of a delivery. The problem is empty if it can be sent.
func write(d deliver.Delivery, from string) (e envelope, problem string) {
	if !letter.IsAddress(d.Endpoint) {
		return envelope{}, "the endpoint is not a mail address"
	}
	// Texts go quoted-printable, so that lines are short and no server needs to
	// take 8 bits.
	m := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&mail.Address{Name: letter.SenderName(d), Address: from})
	m.ToMailAddress(&mail.Address{Address: d.Endpoint})
	m.SetGenHeader(gomail.HeaderSubject, letter.SubjectHeader(d))
	m.SetDateWithValue(d.Timestamp)
	m.SetMessageIDWithValue(messageID(d, from))
	for _, f := range letter.Header(d) {
		m.SetGenHeaderPreformatted(gomail.Header(f.Name), f.Value)
	}
	m.SetBodyString(gomail.TypeTextPlain, letter.Text(d))
	m.AddAlternativeString(gomail.TypeTextHTML, letter.HTML(d))
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return envelope{}, "the mail could not be written"
	}
	return envelope{from: from, to: d.Endpoint, content: content.Bytes()}, ""
}

// messageID is the same each time that this message is sent to this subscription,
// so that receivers can drop repeats.
func messageID(d deliver.Delivery, from string) string {
	subscription := d.SubscriptionURN[strings.LastIndexByte(d.SubscriptionURN, ':')+1:]
	return atom(d.MessageID) + "." + atom(subscription) + from[strings.LastIndexByte(from, '@'):]
}

// atom keeps the letters, digits and hyphens that our ids are made of.
func atom(s string) string {
	return strings.Map(func(r rune) rune {
		if letter := r|0x20 >= 'a' && r|0x20 <= 'z'; letter || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, s[:min(len(s), 128)])
}
