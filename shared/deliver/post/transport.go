package post

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

// transport carries attempts by Go's own HTTP: HTTP/2 where it is offered, else
// HTTP/1.1.
type transport struct{ http *http.Transport }

// errProxy: the proxy has refused, so the endpoint knows nothing of the attempt.
var errProxy = errors.New("the proxy refuses")

func newTransport(c Config, dialer *net.Dialer, trust *tls.Config) *transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	t := &http.Transport{
		Protocols: &protocols,
		// A connection that many attempts share is asked for a sign of life when
		// nothing has come for a while.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 3 * c.Timeout, PingTimeout: c.Timeout, WriteByteTimeout: c.Timeout},
		DialContext:            dialer.DialContext,
		TLSClientConfig:        trust.Clone(),
		TLSHandshakeTimeout:    c.Timeout,
		DisableCompression:     true,
		MaxIdleConns:           max(idleInAll, c.MaxIdlePerHost),
		MaxIdleConnsPerHost:    c.MaxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	if c.Proxy != nil {
		t.Proxy = http.ProxyURL(c.Proxy)
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK {
				return errProxy
			}
			return nil
		}
	}
	return &transport{http: t}
}

func (t *transport) close() { t.http.CloseIdleConnections() }

func (t *transport) carry(ctx context.Context, a attempt) (answer, error) {
	ctx, cancel := context.WithDeadline(ctx, a.deadline)
	defer cancel()
	to := *a.url
	if a.Query != "" {
		if to.RawQuery != "" {
			to.RawQuery += "&"
		}
		to.RawQuery += a.Query
	}
	reader := func() (io.ReadCloser, error) {
		if len(a.Tail) == 0 {
			return io.NopCloser(bytes.NewReader(a.Body)), nil
		}
		return io.NopCloser(io.MultiReader(bytes.NewReader(a.Body), bytes.NewReader(a.Tail))), nil
	}
	request := &http.Request{
		Method:        cmp.Or(a.Method, http.MethodPost),
		URL:           &to,
		Host:          a.host,
		Header:        a.header(),
		ContentLength: int64(len(a.Body) + len(a.Tail)),
		GetBody:       reader,
	}
	request.Body, _ = reader()
	if request.ContentLength == 0 {
		request.Body = http.NoBody // else the length counts as unknown
	}

	// RoundTrip and not a client: no redirects, no cookies, less work.
	response, err := t.http.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	// Closing it gives the connection back to the pool if little of the body is left.
	defer func() { _ = response.Body.Close() }()
	if t.http.Proxy != nil && response.StatusCode == http.StatusProxyAuthRequired {
		return answer{}, errProxy
	}
	got := answer{
		status: response.StatusCode,
		after:  response.Header.Get("Retry-After"),
		http2:  response.ProtoMajor == 2,
	}
	switch {
	case got.status == http.StatusSwitchingProtocols:
		// The body is the connection itself; reading it would wait for ever.
	case a.wanted:
		got.body, got.cut = readAnswer(response.Body)
	default:
		_, _ = io.CopyN(io.Discard, response.Body, MaxAnswer+1)
	}
	return got, nil
}

// header is what is sent above the body.
func (a *attempt) header() http.Header {
	h := make(http.Header, len(a.Header)+5)
	for _, f := range a.Header {
		h[f.Name] = append(h[f.Name], f.Value)
	}
	h[headerDelivery] = []string{"1"}
	if !a.Own {
		a.addUsual(h)
	}
	// Not sent: it tells the transport that it may send again on a new connection
	// when the peer has just closed the old one. Messages come at least once.
	h["Idempotency-Key"] = nil
	return h
}

// addUsual adds what a request of its own brings along, or does without.
func (a *attempt) addUsual(h http.Header) {
	if a.Method == "" || len(a.Body) > 0 {
		h["Content-Type"] = []string{cmp.Or(a.ContentType, contentType)}
	}
	h["User-Agent"] = []string{userAgent}
	if a.basic != "" {
		h["Authorization"] = []string{a.basic}
	}
}

// readAnswer reads the beginning of a body. The error says what kept it from
// reading so far.
func readAnswer(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, MaxAnswer+1))
	return text[:min(len(text), MaxAnswer)], err
}
