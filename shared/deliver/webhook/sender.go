// Package webhook sends messages to http and https endpoints.
package webhook

import (
	"context"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

// Sender posts messages.
type Sender struct{ poster *post.Poster }

// New makes a sender that posts through poster.
func New(poster *post.Poster) *Sender { return &Sender{poster: poster} }

// Send posts d to its endpoint; what an answer means is Poster.Post's. A header
// that could break the request is dead.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	header, problem := header(d)
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	begin, end, err := d.Body()
	if err != nil {
		return deliver.Outcome{Result: deliver.Dead, Reason: "the message cannot be written as JSON"}
	}
	request := post.Request{Endpoint: d.Endpoint, Header: header, Body: begin, Tail: end}
	if !d.KeepAnswer {
		return s.poster.Post(ctx, request)
	}
	o, answer := s.poster.Ask(ctx, request)
	o.Answer = string(answer)
	return o
}
