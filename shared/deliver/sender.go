package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Sender takes one message to one endpoint, once. Retrying is the worker's
// affair. A Sender is called from many goroutines at once. It bounds its attempts
// itself, to a few seconds and never more than MaxAttempt, and has finished when Send
// returns: an attempt never outlives its context.
type Sender interface {
	Send(ctx context.Context, d Delivery) Outcome
}

// MaxAttempt is how long the longest attempt of any sender takes: one at a mail server
// all of whose connections are in use.
const MaxAttempt = 30 * time.Second

// Delivery is one message for one endpoint, ready to be sent.
type Delivery struct {
	Type            string // wire.TypeNotification, …
	MessageID       string
	TopicURN        string
	TopicDisplay    string // display name of the topic; may be empty
	Introduction    string // confirmations of subscriptions: what the topic's owner says of it, one line; may be empty
	SubscriptionURN string
	Protocol        smn.Protocol
	Endpoint        string
	Extension       smn.Extension // of the subscription
	Subject         string        // empty for none
	Text            string
	TextIsObject    bool                   // Text is the JSON text of an object that the publisher made for a chat robot
	KeepAnswer      bool                   // http(s) only: the outcome is to hold what the endpoint answered
	Attributes      []smn.MessageAttribute // of the message; nil for none
	Locale          string                 // language of what a sender adds to Text; empty means English
	Timestamp       time.Time              // of the first sending; the same at every retry
	SubscribeURL    string                 // confirmations: acts on GET for http(s), opens a page for people
	UnsubscribeURL  string                 // notifications: likewise; none for sms, calls and functions
	Signature       string                 // http(s) only, base64; none if Named
	SigningCertURL  string                 // http(s) only

	Named *Named // http(s) only, of subscriptions that want another form than SMN's; else nil

	// Shared holds what senders make once for all deliveries of a message that differ in
	// their subscription alone; nil when there are no others.
	Shared *Shared
}

// Shared is the part of a body that many deliveries have in common.
type Shared struct {
	once  sync.Once
	link  string // what their UnsubscribeURL begins with
	begin []byte // of the body, which ends with link; nil if there is none
}

// From is who a delivery comes from, for people: the topic's display name, or
// else its name.
func (d Delivery) From() string {
	if d.TopicDisplay != "" {
		return d.TopicDisplay
	}
	return d.TopicURN[strings.LastIndexByte(d.TopicURN, ':')+1:]
}

// Push is the body of the delivery for an http(s) endpoint. The worker signs it
// and the sender sends it, so both must take it from here.
func (d Delivery) Push() wire.Push {
	return wire.Push{
		Type:             d.Type,
		MessageID:        d.MessageID,
		TopicURN:         d.TopicURN,
		Subject:          d.Subject,
		Message:          d.Text,
		Timestamp:        wire.Time(d.Timestamp),
		SubscribeURL:     d.SubscribeURL,
		Signature:        d.Signature,
		SignatureVersion: wire.SignatureVersion,
		SigningCertURL:   d.SigningCertURL,
		UnsubscribeURL:   d.UnsubscribeURL,
	}
}

// Body is the JSON of Push in two parts, of which the second is the delivery's own.
// The first must not be changed.
func (d Delivery) Body() (begin, end []byte, err error) {
	if s := d.Shared; s != nil {
		s.once.Do(func() { s.make(d) })
		if own, ok := strings.CutPrefix(d.UnsubscribeURL, s.link); ok && s.begin != nil && isPlain(own) {
			end = append(make([]byte, 0, len(own)+len(bodyEnd)), own...)
			return s.begin, append(end, bodyEnd...), nil
		}
	}
	begin, err = encode(d.Push())
	return begin, nil, err
}

// bodyEnd follows a link that is the last member of a body.
const bodyEnd = `"}`

// make makes the part that a delivery has in common with those to other subscriptions
// of its topic: links end with what is theirs of the URN. Without such a link there is
// no such part.
func (s *Shared) make(d Delivery) {
	own, _ := strings.CutPrefix(d.SubscriptionURN, d.TopicURN)
	link, ok := strings.CutSuffix(d.UnsubscribeURL, own)
	if !ok || link == "" {
		return
	}
	d.UnsubscribeURL = link
	if body, err := encode(d.Push()); err == nil {
		s.link, s.begin = link, bytes.TrimSuffix(body, []byte(bodyEnd))
	}
}

// isPlain says whether a text is one of JSON as it stands. Links are, unless the address
// of the installation is not.
func isPlain(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// encode writes a body. A notification's text is mostly free of < > &, and nobody
// shows the body in a page, so these stay as they are.
func encode(push wire.Push) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(len(push.Message) + 2<<10)
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(push); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(body.Bytes(), []byte{'\n'}), nil
}

// Outcome is what became of an attempt.
type Outcome struct {
	Result Result
	Status int           // HTTP status or the like; 0 when there was no answer
	Reason string        // why it failed, for people and logs: no body, no secret
	After  time.Duration // with Again: what the endpoint asked to wait, with Later: when to ask again; 0 when nobody says
	Answer string        // beginning of the endpoint's answer, as it came, if the delivery asked for it; for no log
}

// Result is the kind of an outcome.
type Result int

// The results of an attempt.
const (
	Delivered Result = iota
	Again            // a later attempt may succeed
	Dead             // no attempt will
	// Later: no attempt was made, or it does not count as one, because whoever takes
	// messages for us takes no more for now. That says nothing about the endpoint.
	Later
)

// String is the result as it stands in the log.
func (r Result) String() string {
	switch r {
	case Delivered:
		return "delivered"
	case Again:
		return "again"
	case Later:
		return "later"
	default:
		return "dead"
	}
}
