// Package outbox is the sender for e-mail, SMS, voice calls and mobile push of an
// installation that has no way out for them: it keeps each mail in the store, where
// people can look at it and follow its links.
package outbox

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// putTimeout bounds an attempt: the store answers in milliseconds or is in
// trouble.
const putTimeout = 5 * time.Second

// Sender keeps mails.
type Sender struct {
	box store.Outbox
	log *slog.Logger
}

// New makes a sender that keeps mails in box. A nil log means slog.Default().
func New(box store.Outbox, log *slog.Logger) *Sender {
	if log == nil {
		log = slog.Default()
	}
	return &Sender{box: box, log: log}
}

// Send keeps d as a mail, with the words that would be sent. It is delivered once it
// is stored, and keeping the same delivery again keeps one mail. When the store
// fails it is to be tried again. An SMS that is too long is dead, as it would be on
// its way.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	m := store.Mail{
		ID:             d.MessageID + "/" + lastPart(d.SubscriptionURN),
		Protocol:       d.Protocol,
		To:             d.Endpoint,
		FromName:       d.TopicDisplay,
		SubscribeURL:   d.SubscribeURL,
		UnsubscribeURL: d.UnsubscribeURL,
		TopicURN:       d.TopicURN,
		MessageID:      d.MessageID,
		CreatedAt:      time.Now(),
	}
	if d.Protocol == smn.Email {
		m.Subject, m.Text = letter.Subject(d), letter.Text(d)
	} else {
		var problem string
		if m.Text, problem = letter.Short(d); problem != "" {
			return deliver.Outcome{Result: deliver.Dead, Reason: problem}
		}
	}
	if err := s.box.PutMail(ctx, m); err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "keep mail in the outbox",
			slog.String("mail_id", m.ID), slog.String("error", err.Error()))
		return deliver.Outcome{Result: deliver.Again, Reason: "the outbox could not keep it"}
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "kept in the outbox",
		slog.String("mail_id", m.ID), slog.String("protocol", string(m.Protocol)),
		slog.String("topic_urn", m.TopicURN))
	return deliver.Outcome{Result: deliver.Delivered}
}

// lastPart is what follows the last colon of a URN.
func lastPart(urn string) string { return urn[strings.LastIndexByte(urn, ':')+1:] }
