// Package client is the client library: it implements smn.Service over HTTP,
// against Tocsin or against SMN itself. Errors come back as *smn.Error, with the
// code that the server meant.
//
//	c, err := client.New(client.Config{
//		Endpoint:   "http://127.0.0.1:8080",
//		Credential: client.Password{Domain: "tocsin", User: "admin", Password: "admin", Project: "local"},
//	})
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Config is what a client is built from.
type Config struct {
	Endpoint    string     // scheme and host of the service: https://smn.eu-de.otc.t-systems.com
	IAMEndpoint string     // scheme and host of the identity service; empty: the same as Endpoint
	Credential  Credential // nil: only the public links can be used

	Transport http.RoundTripper // nil means http.DefaultTransport
	Timeout   time.Duration     // of one request; 0 means 10 s
	Now       func() time.Time  // nil means time.Now
}

// Client implements smn.Service. It may be used from many goroutines at once.
type Client struct {
	endpoint string
	iam      string
	http     *http.Client
	now      func() time.Time
	session  session
}

var _ smn.Service = (*Client)(nil)

// maxAnswer bounds what is read of an answer: 100 topics or subscriptions with
// all their fields at full length fit several times.
const maxAnswer = 8 << 20

// New builds a client. It does not call the service.
func New(c Config) (*Client, error) {
	if c.IAMEndpoint == "" {
		c.IAMEndpoint = c.Endpoint
	}
	for _, endpoint := range []string{c.Endpoint, c.IAMEndpoint} {
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("client: an endpoint must be scheme and host, such as https://smn.example.com, not %q", endpoint)
		}
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	client := &Client{
		endpoint: strings.TrimRight(c.Endpoint, "/"),
		iam:      strings.TrimRight(c.IAMEndpoint, "/"),
		http: &http.Client{
			Transport:     c.Transport,
			Timeout:       c.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		now: c.Now,
	}
	if c.Credential == nil {
		client.session = anonymous{}
		return client, nil
	}
	session, err := c.Credential.open(client)
	if err != nil {
		return nil, err
	}
	client.session = session
	return client, nil
}

// request is one call to the service.
type request struct {
	method string
	path   string // below the project unless open or root is set, else below the endpoint; escaped
	query  url.Values
	header http.Header // beside those of every request
	body   any         // nil for none
	open   bool        // needs no credential
	root   bool        // below the endpoint, though it needs a credential
}

// call makes a call within the project of the credential and decodes the answer
// into out. It returns the HTTP status.
func (c *Client) call(ctx context.Context, in request, out any) (int, error) {
	target := c.endpoint
	if !in.open && !in.root {
		project, err := c.session.project(ctx)
		if err != nil {
			return 0, err
		}
		target += "/v2/" + url.PathEscape(project)
	}
	target += in.path
	if len(in.query) > 0 {
		target += "?" + in.query.Encode()
	}
	var body []byte
	if in.body != nil {
		var err error
		if body, err = encode(in.body); err != nil {
			return 0, fmt.Errorf("encode %s %s: %w", in.method, in.path, err)
		}
	}
	return c.send(ctx, in.method, target, in.header, body, out, !in.open)
}

// encode writes JSON without escaping < > and &, which would make a message of
// them too large.
func encode(v any) ([]byte, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return body.Bytes(), err
}

const userAgent = "Tocsin"

// send sends a request, once more with a fresh credential when the first was
// refused. out is a pointer for JSON, or a *[]byte for the body as it is.
func (c *Client) send(ctx context.Context, method, target string, more http.Header, body []byte, out any, authorized bool) (int, error) {
	for attempt := 1; ; attempt++ {
		r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", method, err)
		}
		maps.Copy(r.Header, more)
		r.Header.Set("User-Agent", userAgent)
		r.Header.Set("Accept", "application/json")
		if body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		if authorized {
			if err := c.session.authorize(ctx, r, body); err != nil {
				return 0, err
			}
		}
		status, _, err := c.exchange(r, out)
		if status == http.StatusUnauthorized && authorized && attempt == 1 && c.session.refused(r) {
			continue
		}
		return status, err
	}
}

// exchange does one request and reads its answer.
func (c *Client) exchange(r *http.Request, out any) (int, http.Header, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL may hold a token
		}
		return 0, nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Host, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return resp.StatusCode, resp.Header, fmt.Errorf("read answer of %s: %w", r.URL.Host, err)
	}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return resp.StatusCode, resp.Header, failure(resp.StatusCode, body)
	case len(body) > maxAnswer:
		return resp.StatusCode, resp.Header, fmt.Errorf("the answer of %s is longer than %d bytes", r.URL.Host, maxAnswer)
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = body
		return resp.StatusCode, resp.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return resp.StatusCode, resp.Header, fmt.Errorf("decode answer of %s: %w", r.URL.Host, err)
	}
	return resp.StatusCode, resp.Header, nil
}

// Answer is a refusal as the service spelt it. errors.As finds it in the
// *smn.Error of a call that was answered, and of an item of a batch.
type Answer struct {
	Status  int    // HTTP status; 0 for an item that has none
	Code    string // such as SMN.0006; empty when the service sent none
	Message string // the service's own text; may be empty
	Detail  string // what Tocsin adds to it
}

func (a *Answer) Error() string { return firstOf(a.Detail, a.Message, http.StatusText(a.Status)) }

// failure reads an error in any of the shapes that SMN, its gateway, its links
// and its identity service send.
func failure(status int, body []byte) error {
	var e struct {
		wire.Error
		wire.IAMError
		ErrorCode string `json:"error_code"`
		ErrorMsg  string `json:"error_msg"`
	}
	_ = json.Unmarshal(body, &e) // what is no JSON says nothing more than the status
	a := &Answer{
		Status:  status,
		Code:    firstOf(e.Code, e.ErrorCode),
		Message: firstOf(e.Message, e.ErrorMsg, e.IAMError.Error.Message),
		Detail:  e.Detail,
	}
	return smn.Errorf(wire.CodeOf(status, a.Code, a.Message), "%w", a)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
