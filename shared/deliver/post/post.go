// Package post sends a body to an endpoint that a stranger has named, by HTTP. All
// senders that speak to the network share it, so that the guard against addresses
// inside a network, the bounds of time and size, and the meaning of an answer
// exist once.
package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"tocsin/shared/deliver"
	"tocsin/shared/validation"
)

const (
	// DefaultTimeout is how long an attempt takes at most, from looking up the
	// host to the end of the answer. It is SMN's.
	DefaultTimeout = 5 * time.Second

	// DefaultIdlePerHost is as many connections as a worker has quick attempts at once.
	DefaultIdlePerHost = deliver.DefaultSlots

	// MaxAnswer is how much of an answer's body is read, in bytes, for those who
	// want it.
	MaxAnswer = 4 << 10

	idleInAll      = 4 * DefaultIdlePerHost
	idleTimeout    = time.Minute
	maxHeaderBytes = 64 << 10 // of an answer
)

// Config is what a Poster is made of. Its zero value is fit for the open network.
type Config struct {
	// AllowPrivate allows endpoints at addresses that are not public: loopback,
	// private and link-local networks, metadata services.
	AllowPrivate   bool
	Timeout        time.Duration // of an attempt; 0 means DefaultTimeout
	MaxIdlePerHost int           // connections kept open to one host; 0 means DefaultIdlePerHost

	// Writer lets our own writer carry what goes by HTTP/1.1, at half the price.
	// It is for processes that live long: it learns who speaks HTTP/2.
	Writer bool

	RootCAs *x509.CertPool // whose certificates are trusted; nil means the system's

	// Proxy is asked for every endpoint if there is one: an http or https URL, with
	// user and password if it wants them. Then names are looked up by the proxy and
	// not judged here; only endpoints that spell out an address are.
	Proxy *url.URL
}

// Poster makes attempts. It follows no redirect, and uses no proxy but one that it
// was made with, so that the address it checks is the one that is called. It may
// be used from many goroutines at once.
type Poster struct {
	carrier carrier
	targets cache[*target] // by endpoint
	timeout time.Duration
	literal bool // endpoints that spell out an address that is not public are refused before they are called
}

// carrier takes one attempt to its target and brings back the answer. An attempt
// has ended, and leaves nothing behind, when carry returns: by the deadline, and
// soon after ctx has ended.
type carrier interface {
	carry(ctx context.Context, a attempt) (answer, error)
	close()
}

// attempt is what is carried. It has been checked.
type attempt struct {
	*target
	Request
	deadline time.Time
	wanted   bool // the body of the answer is
}

// answer is what came back.
type answer struct {
	status int
	after  string // Retry-After
	http2  bool
	body   []byte // its first MaxAnswer bytes, if it is wanted
	cut    error  // why a wanted body could not be read so far
}

// New makes a poster.
func New(c Config) *Poster {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxIdlePerHost == 0 {
		c.MaxIdlePerHost = DefaultIdlePerHost
	}
	dialer := &net.Dialer{Timeout: c.Timeout, KeepAlive: 30 * time.Second}
	if !c.AllowPrivate && c.Proxy == nil {
		// Control sees the address that is really dialled, after any DNS trick.
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	trust := &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	p := &Poster{timeout: c.Timeout, literal: !c.AllowPrivate && c.Proxy != nil}
	transport := newTransport(c, dialer, trust)
	p.carrier = transport
	if c.Writer && c.Proxy == nil && canProbe {
		p.carrier = &choice{transport: transport, writer: newWriter(dialer, trust, c.MaxIdlePerHost)}
	}
	return p
}

// Close closes the connections that wait for further attempts. Those in use are
// closed when their attempts end.
func (p *Poster) Close() { p.carrier.close() }

// Request is what an attempt sends.
type Request struct {
	Endpoint string // an http or https URL; user and password in it are sent as Basic authentication
	Query    string // joined to the endpoint's own; empty for none
	Header   Header // beside ours
	Body     []byte // JSON, unless ContentType says something else
	Tail     []byte // the rest of it, so that what a message has in common need not be copied

	// Own says that Header holds Content-Type and User-Agent in place of ours, in its own
	// letters, and that user and password in the endpoint are not sent: Authorization is
	// Header's.
	Own bool

	// What gateways of an operator may want in another way.
	Method      string // empty means POST
	ContentType string // of the body; empty means JSON
}

// Post makes one attempt. 2xx is delivered. The endpoint is to be tried again when
// it cannot be reached or answers 408, 429 or from 500 up; then Retry-After
// counts. Any other answer, an unusable URL, a header that is not Fit and an
// address that may not be called are dead.
func (p *Poster) Post(ctx context.Context, r Request) deliver.Outcome {
	o, _ := p.post(ctx, r, false)
	return o
}

// Ask makes one attempt at an endpoint that says in the body of its answer what
// became of it. A delivered outcome comes with that body, cut to MaxAnswer bytes;
// one that cannot be read to there is to be tried again.
func (p *Poster) Ask(ctx context.Context, r Request) (deliver.Outcome, []byte) {
	return p.post(ctx, r, true)
}

func (p *Poster) post(ctx context.Context, r Request, wanted bool) (deliver.Outcome, []byte) {
	to, problem := p.target(r.Endpoint)
	if problem == "" {
		problem = r.problem(to)
	}
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}, nil
	}
	if err := ctx.Err(); err != nil {
		return p.failure(err), nil
	}
	deadline := time.Now().Add(p.timeout)
	if theirs, ok := ctx.Deadline(); ok && theirs.Before(deadline) {
		deadline = theirs
	}
	got, err := p.carrier.carry(ctx, attempt{target: to, Request: r, deadline: deadline, wanted: wanted})
	if err != nil {
		return p.failure(err), nil
	}
	o := judge(got)
	if got.cut != nil && o.Result == deliver.Delivered {
		return p.failure(got.cut), nil
	}
	return o, got.body
}

// target reads an endpoint, or remembers it. The problem is empty if it can be
// called.
func (p *Poster) target(endpoint string) (*target, string) {
	if to, ok := p.targets.get(endpoint); ok {
		return to, ""
	}
	to, problem := parse(endpoint)
	if problem == "" && p.literal && validation.IsInternal(endpoint) {
		problem = notPublic
	}
	if problem == "" {
		p.targets.put(endpoint, to)
	}
	return to, problem
}

// problem says what keeps a request from being sent, empty for nothing. It is
// asked for every attempt: whoever has checked it before, nothing that was meant
// as a value may become a line of its own.
func (r *Request) problem(to *target) string {
	if !isVisible(r.Query) {
		return "the query has characters that are not allowed"
	}
	for _, f := range r.Header {
		if !f.fit(r.Own) || to.basic != "" && !r.Own && strings.EqualFold(f.Name, "Authorization") {
			return "a header is not fit to be sent"
		}
	}
	return ""
}

// Target is what stands in the request line of an attempt at an endpoint, path and
// query, for those who sign it. The problem says why the endpoint cannot be called, it
// is empty if it can.
func (p *Poster) Target(endpoint string) (path, problem string) {
	to, problem := p.target(endpoint)
	if problem != "" {
		return "", problem
	}
	return to.path, ""
}
