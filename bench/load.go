package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The generators. The raw one speaks HTTP/1.1 on connections of its own: one
// request as bytes made beforehand, one goroutine for each connection. It costs a
// few microseconds a request, so that what is measured is the server. The other one
// is a http.Client with kept connections, which real publishers use and which takes
// as much of the machine as the server does.
const (
	generatorRaw    = "raw"
	generatorClient = "client"
)

const (
	maxRequests    = 2_000_000 // of one measurement; a bound, not a goal
	maxConnections = 256
	patience       = 10 * time.Second
)

// target is a server and the request to send there again and again.
type target struct {
	url     *url.URL
	header  http.Header
	body    []byte
	request []byte       // as it goes over the wire
	client  *http.Client // sends it; nil for the raw generator
}

// withClient is the same request by a http.Client.
func (t target) withClient() target {
	t.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxConnections}, Timeout: patience}
	return t
}

// newTarget makes the request: a post of body to address.
func newTarget(address string, header http.Header, body []byte) (target, error) {
	to, err := url.Parse(address)
	if err != nil {
		return target{}, err
	}
	r := http.Request{
		Method: http.MethodPost, URL: to, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		return target{}, err
	}
	return target{url: to, header: header, body: body, request: wire.Bytes()}, nil
}

// line is what one goroutine sends its requests on.
type line interface {
	// exchange sends the request and reads the answer to its end. Anything but 2xx
	// is an error: a rate of refusals would say nothing. Without again, the line is
	// of no more use.
	exchange(ctx context.Context, t target) (again bool, err error)
	Close() error
}

// clientLine is a place in a http.Client's pool.
type clientLine struct{}

func (clientLine) Close() error { return nil }

func (clientLine) exchange(ctx context.Context, t target) (again bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(t.body))
	if err != nil {
		return false, err
	}
	r.Header = t.header
	answer, err := t.client.Do(r)
	if err != nil {
		return false, err
	}
	return true, read(answer)
}

// read reads an answer to its end.
func read(answer *http.Response) error {
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return &refusal{status: answer.Status, full: answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != ""}
	}
	return nil
}

// refusal is an answer that is not 2xx.
type refusal struct {
	status string
	full   bool // 503 with Retry-After: the server has too much to do
}

func (r *refusal) Error() string { return "the server answered " + r.status }

// connection is one kept-alive connection to a target. One goroutine uses it.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func (t target) connect(ctx context.Context) (line, error) {
	if t.client != nil {
		return clientLine{}, nil
	}
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{Timeout: patience}
	port := "80"
	if t.url.Scheme == "https" {
		dialer, port = &tls.Dialer{}, "443"
	}
	if p := t.url.Port(); p != "" {
		port = p
	}
	c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(t.url.Hostname(), port))
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, in: bufio.NewReader(c)}, nil
}

func (c *connection) exchange(_ context.Context, t target) (again bool, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return false, err
	}
	if _, err := c.Write(t.request); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return false, err
	}
	return !answer.Close, read(answer)
}

// span is the time in which a measurement counts. What is done before from is to
// get warm.
type span struct{ from, to time.Time }

const warmUp = 300 * time.Millisecond

func newSpan(length time.Duration) span {
	from := time.Now().Add(warmUp)
	return span{from: from, to: from.Add(length)}
}

// load keeps so many requests under way until the span ends, and returns how
// many a second were answered within it. The first failure ends it.
func (t target) load(ctx context.Context, concurrency int, s span) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	counts := make([]int, concurrency)
	var workers sync.WaitGroup
	for i := range concurrency {
		workers.Go(func() {
			n, err := t.repeat(ctx, maxRequests/concurrency, s)
			if err != nil {
				cancel(err)
			}
			counts[i] = n
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, fmt.Errorf("load %s with %d connections: %w", t.url.Host, concurrency, err)
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / s.to.Sub(s.from).Seconds(), nil
}

// repeat is one connection's part: the requests answered within the span.
func (t target) repeat(ctx context.Context, most int, s span) (n int, err error) {
	sent := 0
	return n, t.converse(ctx, func(err error) (more bool, failed error) {
		if err != nil {
			return false, err
		}
		now := time.Now()
		if now.After(s.to) {
			return false, nil
		}
		if !now.Before(s.from) {
			n++
		}
		if sent++; sent == most {
			return false, fmt.Errorf("more than %d requests; measure for less time", maxRequests)
		}
		return true, nil
	})
}

// converse sends the request on a line, and on a new one when that is of no more
// use, until heard has heard enough. It is told what came of each.
func (t target) converse(ctx context.Context, heard func(error) (more bool, failed error)) (err error) {
	var c line
	defer func() {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c == nil {
			if c, err = t.connect(ctx); err != nil {
				return err
			}
		}
		again, err := c.exchange(ctx, t)
		more, err := heard(err)
		if err != nil || !more {
			return err
		}
		if !again {
			if err := c.Close(); err != nil {
				return err
			}
			c = nil
		}
	}
}

// once sends a single request.
func (t target) once(ctx context.Context) (err error) {
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	_, err = c.exchange(ctx, t)
	return err
}
