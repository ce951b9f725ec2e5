package store

import (
	"context"
	"time"

	"tocsin/shared/smn"
)

// Mail is an e-mail, SMS or push message that was kept instead of sent, because
// the installation has no way out for its protocol.
type Mail struct {
	ID             string       // follows from message and subscription, so that sending twice keeps one
	Protocol       smn.Protocol // smn.Email, smn.SMS or that of a smn.Platform
	To             string       // address, phone number or device token
	FromName       string       // sender's display name; may be empty
	Subject        string       // empty for none
	Text           string
	SubscribeURL   string // in confirmations
	UnsubscribeURL string // in notifications
	TopicURN       string // empty for messages without a topic
	MessageID      string
	CreatedAt      time.Time // kept to the millisecond
}

// Outbox keeps mails for people who look at them. Its methods may be called
// from many goroutines at once.
type Outbox interface {
	// PutMail keeps a mail. One whose ID is kept already is not kept again and
	// stays as it is.
	PutMail(ctx context.Context, m Mail) error

	// ListMail gives up to limit mails, newest first: in the reverse order of
	// keeping.
	ListMail(ctx context.Context, limit int) ([]Mail, error)
}
