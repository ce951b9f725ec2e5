package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"tocsin/shared/deliver"
)

// judge says what an answer means.
func judge(a answer) deliver.Outcome {
	status := a.status
	if status >= 200 && status <= 299 {
		return deliver.Outcome{Result: deliver.Delivered, Status: status}
	}
	o := deliver.Outcome{Status: status, Reason: "HTTP " + strconv.Itoa(status)}
	switch {
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		o.Result = deliver.Again
		o.After = retryAfter(a.after, time.Now())
	default:
		o.Result = deliver.Dead
	}
	return o
}

// longestWait keeps an absurd Retry-After from overflowing. The policy allows
// much less.
const longestWait = 24 * time.Hour

// retryAfter reads seconds or a date; 0 when it is neither, or past.
func retryAfter(s string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(s, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(longestWait/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		return longestWait
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), longestWait)
	}
	return 0
}

// failure says what it means that there was no answer. Reasons are made here and
// not taken from the error, whose text can hold the URL or bytes of the peer.
func (p *Poster) failure(err error) deliver.Outcome {
	if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
		return deliver.Outcome{Result: deliver.Dead, Reason: notPublic}
	}
	return deliver.Outcome{Result: deliver.Again, Reason: p.reason(err)}
}

const notPublic = "the endpoint's address is not public"

func (p *Poster) reason(err error) string {
	var (
		lookup  *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout net.Error
		proxy   *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "the attempt was broken off"
	case errors.Is(err, errProxy):
		return "the proxy refused to connect"
	case errors.As(err, &proxy) && proxy.Op == "proxyconnect":
		return "the proxy could not be reached"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "the host name is unknown"
	case errors.As(err, &lookup):
		return "the host name could not be looked up"
	case errors.As(err, &timeout) && timeout.Timeout(): // context.DeadlineExceeded too
		return "no answer within " + p.timeout.String()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "host unreachable"
	case errors.As(err, &cert):
		return untrusted(cert)
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the endpoint does not speak TLS"
	case errors.As(err, &alert):
		return "TLS refused: " + alert.Error() // one of a fixed list
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed without an answer"
	default:
		return "no readable answer"
	}
}

// untrusted says what is wrong with a certificate. Its own words stay out: they
// are the peer's, and of any length.
func untrusted(err *tls.CertificateVerificationError) string {
	var (
		name    x509.HostnameError
		issuer  x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		return "the certificate is for another host"
	case errors.As(err, &issuer):
		return "the certificate's issuer is not trusted"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not valid yet"
	}
	return "the certificate is not valid"
}
