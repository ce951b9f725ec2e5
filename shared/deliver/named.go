package deliver

import (
	"context"

	"tocsin/shared/store"
)

// Named is what the delivery of a notification has besides if its subscription wants
// another form than SMN's (smn.Style). It is not signed yet: each endpoint gets a text
// of its own.
type Named struct {
	Form       string // picks the sender
	Name       string // of the subscription, unique in its topic
	Subscriber string // id of the project that added it
	Tag        string // of the message; empty for none

	// Sign is Signer.SignSHA1, by the certificate that SigningCertURL names. A signature
	// takes 0.8 ms of CPU: see Preparer.
	Sign func(text []byte) (signature string, err error)

	send func(context.Context) Outcome // made by a Preparer for this attempt; nil if there is none
}

// formOf is the form that a subscription wants its notifications in, which counts for
// http and https; empty for SMN's.
func formOf(s *store.Subscription) string {
	if isHTTP(s.Protocol) {
		return s.Style.Form
	}
	return ""
}

// named is what the delivery of a message in a form of its own has besides; nil for SMN's.
func (w *Worker) named(m *message, s *store.Subscription) *Named {
	form := formOf(s)
	if form == "" {
		return nil
	}
	subscriber := s.Subscriber
	if subscriber == "" {
		subscriber = m.Project
	}
	return &Named{Form: form, Name: s.Name, Subscriber: subscriber, Tag: m.Tag, Sign: w.signer.SignSHA1}
}
