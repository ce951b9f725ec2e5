// Package function sends messages to functions: to the address that the operator
// has set for each.
package function

import (
	"context"
	"encoding/json"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/wire"
)

// Addresses says where functions are called: an http or https URL by the URN of a
// function. A URN without a version stands for all versions that are not named.
type Addresses map[string]string

// Sender posts messages as events of FunctionGraph.
type Sender struct {
	poster    *post.Poster
	addresses Addresses
}

// New makes a sender. The addresses are the operator's own, so poster may be one
// that allows addresses inside the network.
func New(poster *post.Poster, addresses Addresses) *Sender {
	return &Sender{poster: poster, addresses: addresses}
}

// Send posts d to the address of its function; what an answer means is
// Poster.Post's. A function without an address is dead, and so is what is no
// notification.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	if d.Type != wire.TypeNotification {
		return deliver.Outcome{Result: deliver.Dead, Reason: "functions receive notifications only"}
	}
	address, ok := s.addresses.of(d.Endpoint)
	if !ok {
		return deliver.Outcome{Result: deliver.Dead, Reason: "no address is configured for this function"}
	}
	body, err := json.Marshal(event(d))
	if err != nil {
		return deliver.Outcome{Result: deliver.Dead, Reason: "the message cannot be written as JSON"}
	}
	return s.poster.Post(ctx, post.Request{Endpoint: address, Body: body})
}

// of finds the address of a function.
func (a Addresses) of(urn string) (address string, ok bool) {
	if address, ok = a[urn]; ok {
		return address, true
	}
	const colons = 7 // in a URN with a version
	if strings.Count(urn, ":") == colons {
		address, ok = a[urn[:strings.LastIndexByte(urn, ':')]]
	}
	return address, ok
}

func event(d deliver.Delivery) wire.FunctionEvent {
	return wire.FunctionEvent{Record: []wire.FunctionRecord{{
		EventVersion: wire.FunctionEventVersion,
		SMN: wire.FunctionMessage{
			MessageAttributes: wire.NewFunctionAttributes(d.Attributes),
			Subject:           d.Subject,
			MessageID:         d.MessageID,
			TopicURN:          d.TopicURN,
			Type:              wire.FunctionMessageType,
			Message:           d.Text,
			Timestamp:         wire.Time(d.Timestamp),
		},
		EventSource:          wire.FunctionEventSource,
		EventSubscriptionURN: d.Endpoint,
	}}}
}
