// Package sms sends SMS through a gateway that takes them by HTTP: one of the
// presets, or whatever an operator has described by settings.
package sms

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/deliver/post"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

// Gateway is where SMS are handed over, and how. Settings.Read makes it.
type Gateway struct {
	url    string // with user and password, if it wants them by Basic authentication
	from   string
	method string
	header map[string]string
	form   bool // or else JSON
	write  func(message) string
	judge  func(o deliver.Outcome, answer []byte) deliver.Outcome // nil if the status says all
}

// Sender hands SMS to a gateway.
type Sender struct {
	poster  *post.Poster
	gateway Gateway
}

// New makes a sender. The gateway is the operator's own, so poster may be one that
// allows addresses inside the network.
func New(poster *post.Poster, g Gateway) *Sender { return &Sender{poster: poster, gateway: g} }

// Send hands d to the gateway. What an answer means is Poster.Post's; that of a
// preset is looked into besides. A text that is too long for an SMS is dead.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	text, problem := letter.Short(d)
	if problem == "" && !validation.Fits(smn.SMS, d.Endpoint) {
		problem = "the endpoint is not a phone number"
	}
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	request := s.gateway.request(message{
		to: d.Endpoint, from: s.gateway.from, text: strings.ToValidUTF8(text, "\uFFFD"), id: d.MessageID,
	})
	if s.gateway.judge == nil {
		return s.poster.Post(ctx, request)
	}
	return s.gateway.judge(s.poster.Ask(ctx, request))
}

// request is the call that hands over a message.
func (g Gateway) request(m message) post.Request {
	r := post.Request{Endpoint: g.url, Header: headers(g.header), Method: g.method, ContentType: g.contentType()}
	if g.method == http.MethodGet {
		r.Query = g.write(m)
	} else {
		r.Body = []byte(g.write(m))
	}
	return r
}

func headers(h map[string]string) post.Header {
	headers := make(post.Header, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		headers = append(headers, post.Field{Name: name, Value: h[name]}) // spelt as given
	}
	return headers
}

// contentType is that of the body.
func (g Gateway) contentType() string {
	if g.form {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}
