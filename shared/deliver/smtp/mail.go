package smtp

import (
	"bytes"
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode/utf8"

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
	if !isAddress(d.Endpoint) {
		return envelope{}, "the endpoint is not a mail address"
	}
	// Texts go quoted-printable, so that lines are short and no server needs to
	// take 8 bits.
	m := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&mail.Address{Name: senderName(d), Address: from})
	m.ToMailAddress(&mail.Address{Address: d.Endpoint})
	m.SetGenHeader(gomail.HeaderSubject, encodeWords(letter.Subject(d)))
	m.SetDateWithValue(d.Timestamp)
	m.SetMessageIDWithValue(messageID(d, from))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if link := d.UnsubscribeURL; link != "" && isLink(link) {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+link+">")
		m.SetListUnsubscribePost()
	}
	m.SetBodyString(gomail.TypeTextPlain, letter.Text(d))
	m.AddAlternativeString(gomail.TypeTextHTML, letter.HTML(d))
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return envelope{}, "the mail could not be written"
	}
	return envelope{from: from, to: d.Endpoint, content: content.Bytes()}, ""
}

// senderName is the topic's display name. Without one, only the address is shown.
func senderName(d deliver.Delivery) string {
	if d.TopicDisplay == "" {
		return ""
	}
	return strings.Join(strings.Fields(letter.From(d)), " ")
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

// isLink: a URL that can stand in a header as it is.
func isLink(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return len(s) <= 900 // a line has 998 characters at most
}

// encodeWords is a text for a header. Words in ASCII stay as they are; whatever a
// program could read or fold in another way is encoded (RFC 2047), so that it comes
// out as it went in.
func encodeWords(s string) string {
	if isPlain(s) {
		return s
	}
	const chunk = 36 // bytes, 48 characters in base64: so that the first word fits beside "Subject:"
	var words []string
	for len(s) > 0 {
		n := min(chunk, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// isPlain: printable ASCII, in short words with one space between them, none of
// which looks encoded.
func isPlain(s string) bool {
	if strings.Contains(s, "=?") {
		return false
	}
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || len(word) > 60 || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	return true
}
