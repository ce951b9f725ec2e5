// Package smtp sends e-mails through a mail server: the operator's own, or that of
// a provider.
package smtp

import (
	"context"
	"errors"
	"time"

	"tocsin/shared/deliver"
)

const (
	attemptTimeout = 10 * time.Second                    // from dialling to the answer to the mail
	patience       = deliver.MaxAttempt - attemptTimeout // for a connection to come free
)

// Sender sends mails. It keeps a few connections to the server and uses them again.
type Sender struct {
	config Config
	pool   *pool
}

// New makes a sender.
func New(c Config) *Sender {
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	return &Sender{config: c, pool: newPool(c.Connections)}
}

// Close closes the connections that wait for further mails.
func (s *Sender) Close() { s.pool.close() }

// Send sends d as a mail, which is delivered when the server has taken it. It is to
// be tried again when the server cannot be reached, refuses us or our login, or
// answers 4xx; any other 5xx, and an address that cannot be written to, is dead. The
// status is the server's.
//
// A mail is only ever repeated at once when the server had closed a kept connection
// before all of the mail was on its way.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	e, problem := write(d, s.config.From)
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	if !s.pool.enter(ctx) {
		return deliver.Outcome{Result: deliver.Again, Reason: "all connections to the mail server were busy"}
	}
	defer s.pool.leave()
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	f := s.send(ctx, e)
	switch {
	case f == nil:
		return deliver.Outcome{Result: deliver.Delivered, Status: 250}
	case f.answer() == nil && errors.Is(ctx.Err(), context.Canceled):
		f.err = ctx.Err() // not the deadline that it was made of
	}
	return f.outcome()
}

// send uses a kept connection if there is one that still works, else a new one.
func (s *Sender) send(ctx context.Context, e envelope) *failure {
	if kept := s.pool.take(); kept != nil && !kept.isSilent() {
		_ = kept.raw.Close()
	} else if kept != nil {
		f := s.use(ctx, kept, e)
		if f == nil || f.given || !f.closing() || ctx.Err() != nil {
			return f
		}
	}
	fresh, f := s.config.dial(ctx)
	if f != nil {
		return f
	}
	return s.use(ctx, fresh, e)
}

// use sends a mail through c and keeps c, if it can be used again.
func (s *Sender) use(ctx context.Context, c *connection, e envelope) *failure {
	f := c.send(ctx, e)
	if f != nil && (f.closing() || c.reset(ctx) != nil) {
		_ = c.raw.Close()
		return f
	}
	s.pool.keep(c)
	return f
}
