package smtp

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

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
	var content bytes.Buffer
	body := multipart.NewWriter(&content)
	to := mail.Address{Address: d.Endpoint}
	for _, f := range append([]letter.Field{
		{Name: "From", Value: letter.FromHeader(d, from)},
		{Name: "To", Value: to.String()},
		{Name: "Subject", Value: letter.SubjectHeader(d)},
		{Name: "Date", Value: d.Timestamp.Format(time.RFC1123Z)},
		{Name: "Message-ID", Value: "<" + messageID(d, from) + ">"},
		{Name: "MIME-Version", Value: "1.0"},
		{Name: "Content-Type", Value: "multipart/alternative; boundary=" + body.Boundary()},
	}, letter.Header(d)...) {
		content.WriteString(f.Name + ": " + fold(f.Value, len(f.Name)+2) + "\r\n")
	}
	content.WriteString("\r\n")
	if err := errors.Join(
		part(body, "text/plain", letter.Text(d)), part(body, "text/html", letter.HTML(d)), body.Close(),
	); err != nil {
		return envelope{}, "the mail could not be written"
	}
	return envelope{from: from, to: d.Endpoint, content: content.Bytes()}, ""
}

// part writes a text as quoted-printable, so that lines are short and no server needs
// to take 8 bits.
func part(body *multipart.Writer, kind, text string) error {
	w, err := body.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {kind + "; charset=UTF-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err //nolint:wrapcheck // nobody reads it
	}
	quoted := quotedprintable.NewWriter(w)
	_, err = io.WriteString(quoted, text)
	return errors.Join(err, quoted.Close())
}

// fold breaks the value of a header at spaces, where a line would become longer than 76
// characters, of which some are taken already. The first word stays beside the name:
// some programs show the space that would come before it.
func fold(value string, taken int) string {
	var b strings.Builder
	for i, word := range strings.Split(value, " ") {
		switch {
		case i == 0:
		case taken+1+len(word) > 76:
			b.WriteString("\r\n ")
			taken = 1
		default:
			b.WriteByte(' ')
			taken++
		}
		b.WriteString(word)
		taken += len(word)
	}
	return b.String()
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
