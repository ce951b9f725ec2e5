// Package notice makes messages of what other programs have to tell: an alarm, a
// schedule, a group of alerts. A Notice says it once; the message has a text for
// each kind of reader: short for an SMS, whole for a mail, JSON for programs.
package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
)

const (
	// MaxSMS is how long the text for SMS may be, in bytes: one SMS of GSM's
	// alphabet.
	MaxSMS = 160

	// maxWord bounds what JSON says besides the text and the event, in bytes each.
	maxWord = 256
)

// Notice is what has happened, in words.
type Notice struct {
	Source  string      // who tells it, such as aws.cloudwatch
	State   string      // the state that came about, such as ALARM; empty where there is none
	Time    string      // when it happened, as Time spells it; may be empty
	Subject string      // one line; what else it holds becomes spaces
	Brief   string      // what an SMS says behind the subject; may be empty
	SMS     string      // the whole SMS, in place of subject and Brief; empty for these
	Summary string      // what has happened, in a sentence or as text
	Facts   [][2]string // what else there is to say, name and value; those without a value are left out
	More    string      // text behind the facts

	// Event is the JSON that told it, for programs that want to know more.
	Event json.RawMessage

	// Key tells what has happened from everything else: the same when it is told
	// again. Empty when that cannot be known; then each telling is a message.
	Key []string
}

// Input is the message for a topic. It keeps the limits of messages, whatever n
// holds: first the event is left out, then the text is cut.
func (n Notice) Input(topicURN string) smn.PublishInput {
	in := smn.PublishInput{
		TopicURN:       topicURN,
		Subject:        cut(line(n.Subject), smn.MaxSubject),
		IdempotencyKey: key(n.Key),
	}
	if strings.TrimSpace(in.Subject) == "" {
		in.Subject = "Notification"
	}
	text, event := n.text(in.Subject), compact(n.Event)
	in.Structure = n.structure(in.Subject, text, event)
	if len(in.Structure) > smn.MaxMessage {
		event = nil
		in.Structure = n.structure(in.Subject, text, event)
	}
	for limit := smn.MaxMessage / 2; len(in.Structure) > smn.MaxMessage; limit /= 2 {
		in.Structure = n.structure(in.Subject, cut(text, limit), event)
	}
	return in
}

// forPrograms is what goes to http and https.
type forPrograms struct {
	Source  string          `json:"source"`
	State   string          `json:"state,omitempty"`
	Time    string          `json:"time,omitempty"`
	Subject string          `json:"subject"`
	Text    string          `json:"text"`
	Event   json.RawMessage `json:"event,omitempty"`
}

// structure is the message_structure.
func (n Notice) structure(subject, text string, event json.RawMessage) string {
	program := encode(forPrograms{
		Source: cut(clean(n.Source), maxWord), State: cut(clean(n.State), maxWord), Time: cut(clean(n.Time), maxWord),
		Subject: subject, Text: text, Event: event,
	})
	return encode(map[smn.Protocol]string{
		smn.DefaultVariant: text, smn.SMS: n.sms(subject), smn.HTTP: program, smn.HTTPS: program,
	})
}

// text is what people read where there is room.
func (n Notice) text(subject string) string {
	parts := []string{strings.TrimSpace(n.Summary), Lines(n.Facts...), strings.TrimSpace(n.More)}
	var said []string
	for _, part := range parts {
		if part = strings.TrimSuffix(clean(part), "\n"); part != "" {
			said = append(said, part)
		}
	}
	if len(said) == 0 {
		return subject + "\n"
	}
	return strings.Join(said, "\n\n") + "\n"
}

// sms is short, and keeps to characters that do not make an SMS longer.
func (n Notice) sms(subject string) string {
	if own := strings.TrimSpace(clean(n.SMS)); own != "" {
		return cutWith(own, smn.MaxSMS, "...")
	}
	text := subject
	if brief := strings.TrimSpace(line(n.Brief)); brief != "" {
		text += ". " + brief
	}
	return cutWith(text, MaxSMS, "...")
}

// Lines joins what there is to say, a line each. Pairs without a value are left
// out.
func Lines(pairs ...[2]string) string {
	var b strings.Builder
	for _, pair := range pairs {
		if value := strings.TrimSpace(pair[1]); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", pair[0], value)
		}
	}
	return b.String()
}

// key is the same for the same parts, and another for all others.
func key(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	h := sha256.New()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // so that no two lists of parts look alike
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// line makes a text fit for a subject, which may hold no control characters.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, clean(s))
}

func clean(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// cut shortens a text to at most n bytes without breaking a character.
func cut(s string, n int) string { return cutWith(s, n, "…") }

func cutWith(s string, n int, ellipsis string) string {
	if len(s) <= n {
		return s
	}
	n -= len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

// compact writes JSON anew: without spaces, and with whole characters only. What
// is no JSON becomes nothing.
func compact(event json.RawMessage) json.RawMessage {
	if len(event) == 0 {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(event))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return nil
	}
	return json.RawMessage(encode(v))
}

// encode writes JSON that is easy to read in a text: <, > and & as they are.
func encode(v any) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		panic(err) // texts, and what was decoded from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Time spells a time the way it stands in texts, in UTC. What cannot be read as a
// time is left as it is; so is none.
func Time(s string) string {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.RFC1123} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return s
}
