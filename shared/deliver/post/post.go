// Package post sends a body to an endpoint that a stranger has named, by HTTP. All
// senders that speak to the network share it, so that the guard against addresses
// inside a network, the bounds of time and size, and the meaning of an answer
// exist once.
package post

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"

	"tocsin/shared/deliver"
)

const (
	// DefaultTimeout is how long an attempt takes at most, from looking up the
	// host to the end of the answer. It is SMN's.
	DefaultTimeout = 5 * time.Second

	// DefaultIdlePerHost is as many connections as a worker has attempts at once.
	DefaultIdlePerHost = deliver.DefaultSlots

	// MaxAnswer is how much of an answer's body is read, in bytes: to use its
	// connection again, and for those who want it.
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
}

// Poster makes attempts. It follows no redirect and uses no proxy, so that the
// address it checks is the one that is called. It may be used from many goroutines
// at once.
type Poster struct {
	transport *http.Transport
	timeout   time.Duration
}

// New makes a poster.
func New(c Config) *Poster {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxIdlePerHost == 0 {
		c.MaxIdlePerHost = DefaultIdlePerHost
	}
	dialer := &net.Dialer{KeepAlive: 30 * time.Second}
	if !c.AllowPrivate {
		// Control sees the address that is really dialled, after any DNS trick.
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	// HTTP/1.1 only: it keeps the spelling of headers, and attempts of one host
	// that hang do not share a connection with others.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &Poster{
		timeout: c.Timeout,
		transport: &http.Transport{
			Protocols:              &protocols,
			DialContext:            dialer.DialContext,
			DisableCompression:     true,
			MaxIdleConns:           max(idleInAll, c.MaxIdlePerHost),
			MaxIdleConnsPerHost:    c.MaxIdlePerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
		},
	}
}

// Close closes the connections that wait for further attempts.
func (p *Poster) Close() { p.transport.CloseIdleConnections() }

// Request is what an attempt sends.
type Request struct {
	Endpoint string      // an http or https URL; user and password in it are sent as Basic authentication
	Query    string      // joined to the endpoint's own; empty for none
	Header   http.Header // beside ours, each name spelt as given; it must be fit to be sent
	Body     []byte      // JSON, unless ContentType says something else

	// What gateways of an operator may want in another way.
	Method      string // empty means POST
	ContentType string // of the body; empty means JSON
}

// Post makes one attempt. 2xx is delivered. The endpoint is to be tried again when
// it cannot be reached or answers 408, 429 or from 500 up; then Retry-After
// counts. Any other answer, an unusable URL and an address that may not be called
// are dead.
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
	to, problem := endpoint(r.Endpoint)
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}, nil
	}
	if r.Query != "" && to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += r.Query

	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	reader := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
	request := &http.Request{
		Method:        cmp.Or(r.Method, http.MethodPost),
		URL:           to,
		Host:          to.Host,
		Header:        header(r, to),
		ContentLength: int64(len(r.Body)),
		GetBody:       reader,
	}
	if len(r.Body) > 0 {
		request.Body, _ = reader()
	}

	// RoundTrip and not a client: no redirects, no cookies, less work.
	answer, err := p.transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return p.failure(err), nil
	}
	// Closing it gives the connection back to the pool if little of the body is left.
	defer func() { _ = answer.Body.Close() }()
	body, err := read(answer, wanted)
	o := judge(answer, time.Now())
	if err != nil && o.Result == deliver.Delivered {
		return p.failure(err), nil
	}
	return o, body
}

// header is what is sent above the body.
func header(r Request, to *url.URL) http.Header {
	h := make(http.Header, len(r.Header)+4)
	maps.Copy(h, r.Header)
	if len(r.Body) > 0 {
		h["Content-Type"] = []string{cmp.Or(r.ContentType, "application/json; charset=utf-8")}
	}
	h["User-Agent"] = []string{"Tocsin"}
	if to.User != nil {
		password, _ := to.User.Password()
		secret := base64.StdEncoding.EncodeToString([]byte(to.User.Username() + ":" + password))
		h["Authorization"] = []string{"Basic " + secret}
	}
	// Not sent: it tells the transport that it may send again on a new connection
	// when the peer has just closed the old one. Messages come at least once.
	h["Idempotency-Key"] = nil
	return h
}

// endpoint reads an endpoint. The problem is empty if it can be called.
func endpoint(s string) (u *url.URL, problem string) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, "the endpoint is not a URL" // the parser's error would repeat it
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "the endpoint is not an http or https URL"
	case u.Hostname() == "":
		return nil, "the endpoint has no host"
	case u.Opaque != "":
		return nil, "the endpoint is not a URL"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, "the endpoint's port is not within 1 and 65535"
		}
	}
	return u, ""
}

// read reads the beginning of an answer, and returns it if it is wanted.
func read(answer *http.Response, wanted bool) (body []byte, err error) {
	switch {
	case answer.StatusCode == http.StatusSwitchingProtocols:
		return nil, nil // the body is the connection itself; reading it would wait for ever
	case wanted:
		body, err = io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
		return body[:min(len(body), MaxAnswer)], err
	}
	_, _ = io.CopyN(io.Discard, answer.Body, MaxAnswer+1)
	return nil, nil
}
