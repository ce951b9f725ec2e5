// Package webhook sends messages to http and https endpoints.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"

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
	body, err := encode(d)
	if err != nil {
		return deliver.Outcome{Result: deliver.Dead, Reason: "the message cannot be written as JSON"}
	}
	request := post.Request{Endpoint: d.Endpoint, Header: header, Body: body}
	if !d.KeepAnswer {
		return s.poster.Post(ctx, request)
	}
	o, answer := s.poster.Ask(ctx, request)
	o.Answer = string(answer)
	return o
}

// encode writes the body. A notification's text is mostly free of < > &, and
// nobody shows the body in a page, so these stay as they are.
func encode(d deliver.Delivery) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(len(d.Text) + 2<<10)
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d.Push()); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(body.Bytes(), []byte{'\n'}), nil
}
