package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"syscall"

	protocol "github.com/wneessen/go-mail/smtp"

	"tocsin/shared/deliver"
)

// step is a part of a conversation, as it is called in the reason of a failure.
type step string

// Before the sender is named, the talk is about the server and us; from then on,
// about this mail.
const (
	greeting  step = "the connection"
	login     step = "the login"
	sender    step = "the sender"
	recipient step = "the recipient"
	content   step = "the mail"
)

// failure is why a mail was not sent.
type failure struct {
	at    step
	err   error
	given bool // all of the mail was given to the server, which may have taken it

	unasked string // why the server was not even asked, and need not be; empty if it was
}

// answer is what the server said; nil if it said nothing that can be understood.
func (f *failure) answer() *textproto.Error {
	var answer *textproto.Error
	if errors.As(f.err, &answer) && answer.Code >= 400 && answer.Code <= 599 {
		return answer
	}
	return nil
}

// closing says whether the server, or the network, has ended the conversation.
func (f *failure) closing() bool {
	a := f.answer()
	return f.unasked == "" && (a == nil || a.Code == codeClosing)
}

// Codes that are about the conversation (RFC 5321, RFC 4954), whatever it is
// about.
const (
	codeClosing  = 421
	codeSequence = 503
)

// isOurs: a refusal that the mail has no part in, as another login would help.
func isOurs(code int) bool {
	switch code {
	case codeSequence, 530, 534, 535, 538:
		return true
	}
	return false
}

// outcome says what a failure means for the delivery. Reasons are made here: what a
// server says can hold the address, and words of anyone.
func (f *failure) outcome() deliver.Outcome {
	a := f.answer()
	switch {
	case f.unasked != "":
		return deliver.Outcome{Result: deliver.Dead, Reason: f.unasked}
	case a == nil:
		return deliver.Outcome{Result: deliver.Again, Reason: reason(f.err)}
	}
	o := deliver.Outcome{Result: deliver.Again, Status: a.Code, Reason: "the mail server put " + string(f.at) + " off"}
	if a.Code >= 500 {
		o.Reason = "the mail server refused " + string(f.at)
		if f.at != greeting && f.at != login && !isOurs(a.Code) {
			o.Result = deliver.Dead
		}
	}
	if code := enhancedCode.FindString(a.Msg); code != "" {
		o.Reason += " (" + code + ")"
	}
	return o
}

// enhancedCode is what RFC 3463 puts before the words of an answer, such as 5.1.1.
var enhancedCode = regexp.MustCompile(`^[45]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// What keeps us from a conversation although the server is there.
var (
	errNoTLS  = errors.New("the mail server offers no STARTTLS")
	errNoAuth = errors.New("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")

	errAhead   = errors.New("the mail server answered what it was not asked")
	errEndless = errors.New("the mail server says too much")
)

// reason says why there was no answer, without a word of the peer's.
func reason(err error) string {
	var (
		lookup  *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout net.Error
	)
	switch {
	case errors.Is(err, errNoTLS), errors.Is(err, errNoAuth), errors.Is(err, errAhead):
		return err.Error()
	case errors.Is(err, errEndless): // it comes wrapped
		return errEndless.Error()
	case errors.Is(err, protocol.ErrUnencrypted):
		return "the mail server offers no TLS, and the password is not sent without"
	case errors.Is(err, context.Canceled):
		return "the attempt was broken off"
	case errors.As(err, &lookup):
		return "the name of the mail server could not be looked up"
	case errors.As(err, &cert):
		return "the certificate of the mail server is not trusted"
	case errors.As(err, &record), errors.As(err, &alert):
		return "the mail server and we have no TLS in common"
	case errors.As(err, &timeout) && timeout.Timeout(): // context.DeadlineExceeded too
		return "no answer of the mail server within " + attemptTimeout.String()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the mail server refused the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the mail server cannot be reached"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the mail server closed the connection"
	default:
		return "no readable answer of the mail server"
	}
}
