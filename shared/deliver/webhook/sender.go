// Package webhook sends messages to http and https endpoints.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
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

	idleInAll      = 4 * DefaultIdlePerHost
	idleTimeout    = time.Minute
	maxHeaderBytes = 64 << 10 // of an answer
	maxAnswer      = 4 << 10  // bytes of an answer's body that are read to use its connection again
)

// Config is what a Sender is made of. Its zero value is fit for the open network.
type Config struct {
	// AllowPrivate allows endpoints at addresses that are not public: loopback,
	// private and link-local networks, metadata services.
	AllowPrivate   bool
	Timeout        time.Duration // of an attempt; 0 means DefaultTimeout
	MaxIdlePerHost int           // connections kept open to one host; 0 means DefaultIdlePerHost
}

// Sender posts messages. It follows no redirect and uses no proxy, so that the
// address it checks is the one that is called.
type Sender struct {
	transport *http.Transport
	timeout   time.Duration
}

// New makes a sender.
func New(c Config) *Sender {
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
	return &Sender{
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

// Close closes the connections that wait for further messages.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// Send posts d to its endpoint. 2xx is delivered. The endpoint is tried again
// when it cannot be reached or answers 408, 429 or from 500 up; then Retry-After
// counts. Any other answer, an unusable URL or header, and an address that may
// not be called are dead.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	to, problem := endpoint(d.Endpoint)
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	header, problem := header(d, to)
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	body, err := encode(d)
	if err != nil {
		return deliver.Outcome{Result: deliver.Dead, Reason: "the message cannot be written as JSON"}
	}

	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	reader := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request := &http.Request{
		Method:        http.MethodPost,
		URL:           to,
		Host:          to.Host,
		Header:        header,
		ContentLength: int64(len(body)),
		GetBody:       reader,
	}
	request.Body, _ = reader()

	// RoundTrip and not a client: no redirects, no cookies, less work.
	answer, err := s.transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return s.failure(err)
	}
	o := judge(answer, time.Now())
	if d.KeepAnswer {
		o.Answer = beginning(answer)
	}
	finish(answer)
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

// beginning reads as much of an answer as may be kept.
func beginning(answer *http.Response) string {
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // what came is what there is
	return string(text)
}

// finish lets go of the answer's connection: back into the pool if little of the
// body is left, else closed.
func finish(answer *http.Response) {
	// The body of 101 is the connection itself; reading it would wait for ever.
	if answer.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer+1)
	}
	_ = answer.Body.Close()
}
