// Package chatbot sends messages to chat groups, through the webhooks of their
// bots. Each service has its own form of message, its own way to be sure of the
// sender and its own way to say no; they stand in a file each.
package chatbot

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/smn"
)

// Sender posts messages to the webhooks of bots.
type Sender struct{ poster *post.Poster }

// New makes a sender that posts through poster.
func New(poster *post.Poster) *Sender { return &Sender{poster: poster} }

// bot is how the bots of a service want to be spoken to.
type bot struct {
	// message is the body that says a text. The link stands in the text already; it
	// is empty for none.
	message func(text, link string) object
	spell   func(text string) string // what a text must look like; nil for as it is

	// Texts are cut to this: maxText, measured by size, and maxBody bytes of JSON.
	// 0 means no limit.
	maxText int
	size    func(text string) int
	maxBody int

	// kind is the field of a body that says what kind of message it is; empty for none.
	kind string

	// seal adds what makes the body one of now and of someone who knows the secret,
	// if there is one, and gives what the URL needs besides. Nil adds nothing.
	seal func(body object, secret string, now time.Time) (query string)

	// judge says what the body of an answer with a status from 200 to 299 means.
	judge func(status int, answer []byte) deliver.Outcome
}

// object is a JSON object on its way out.
type object = map[string]any

var bots = map[smn.Protocol]bot{
	smn.DingDing: dingding,
	smn.Feishu:   feishu,
	smn.WeChat:   wechat,
	smn.WeLink:   welink,
	smn.Slack:    slack,
	smn.Teams:    teams,
}

// Send posts d in the form of its service. It is delivered when the service says
// so; to be tried again when it cannot be reached, is out of order or has had too
// much; and dead when it refuses the message, the bot or the signature.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	b, ok := bots[d.Protocol]
	if !ok {
		return deliver.Outcome{Result: deliver.Dead, Reason: "there are no bots of this protocol"}
	}
	body, query, problem := b.write(d, time.Now())
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	o, answer := s.poster.Ask(ctx, post.Request{Endpoint: d.Endpoint, Query: query, Body: body})
	if o.Result != deliver.Delivered {
		return o
	}
	return b.judge(o.Status, answer)
}

// write makes the body. The problem is empty if it can be sent.
func (b bot) write(d deliver.Delivery, now time.Time) (body []byte, query, problem string) {
	if d.TextIsObject {
		return b.raw(d, now)
	}
	say := func(w words) (text string, body []byte) {
		text = w.plain(d.Extension.Keyword)
		if b.spell != nil {
			text = b.spell(text)
		}
		message := b.message(text, w.link)
		if b.seal != nil {
			query = b.seal(message, d.Extension.SignSecret, now)
		}
		return text, encode(message)
	}
	_, body = say(wordsOf(d).shortened(func(w words) bool {
		text, body := say(w)
		return (b.maxText == 0 || b.size(text) <= b.maxText) && (b.maxBody == 0 || len(body) <= b.maxBody)
	}))
	return body, query, ""
}

// raw makes a body of what a publisher has written for this service. It is for
// the publisher to keep the service's form, and to say the keyword; only the
// field msgType, as SMN's documents call it, gets the name that the service wants.
func (b bot) raw(d deliver.Delivery, now time.Time) (body []byte, query, problem string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(d.Text), &fields) != nil || fields == nil {
		return nil, "", "the message for this protocol is not a JSON object"
	}
	message := make(object, len(fields)+2)
	for name, value := range fields {
		message[name] = value
	}
	const alias = "msgType"
	if kind, ok := message[alias]; ok && b.kind != "" {
		if _, ok := message[b.kind]; !ok {
			message[b.kind] = kind
		}
		delete(message, alias)
	}
	if b.seal != nil {
		query = b.seal(message, d.Extension.SignSecret, now)
	}
	body = encode(message)
	limit := b.maxBody
	if limit == 0 {
		limit = smn.MaxMessage
	}
	if len(body) > limit {
		return nil, "", "the message is larger than the service takes"
	}
	return body, query, ""
}

// encode writes a body. Nobody shows it in a page, so < > & stay as they are.
func encode(message object) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(message) // texts, numbers and what was JSON already
	return bytes.TrimSuffix(body.Bytes(), []byte{'\n'})
}
