package signing

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	fetchTimeout    = 5 * time.Second
	keepCertificate = 24 * time.Hour
	maxCertificate  = 64 * 1024 // bytes; real ones have 2 KiB

	// maxCertificates bounds what is kept, maxDownloads the downloads that a flood
	// of made-up URLs can cause at once. The second is smaller, so that such a
	// flood does not push out what is kept. A service has one certificate, or two
	// while it changes them.
	maxCertificates = 16
	maxDownloads    = 8
)

// certificatePath is where services keep certificates: the two forms of SMN. Who only
// signs does not compile it.
var certificatePath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/(smn/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.pem|v2/notifications/certifications/download/[A-Za-z0-9_-][A-Za-z0-9_.-]*)$`)
})

// certificateURL checks the URL that a message names, before anything is
// fetched: anybody can write a message, with the URL of a certificate of their
// own or of a server inside the receiver's network. It gives one spelling.
func certificateURL(base, named string) (string, error) {
	want, err := url.Parse(base)
	if err != nil || (want.Scheme != "https" && want.Scheme != "http") || want.Host == "" ||
		want.User != nil || strings.Trim(want.Path, "/") != "" || want.RawQuery != "" || want.Fragment != "" {
		return "", unavailable("the Verifier's BaseURL is not of the form scheme://host[:port]")
	}
	got, err := url.Parse(named)
	if err != nil || got.Scheme != want.Scheme || HostPort(got) != HostPort(want) ||
		got.User != nil || got.RawQuery != "" || got.ForceQuery || got.Fragment != "" {
		return "", forged("its signing_cert_url does not begin with the Verifier's BaseURL")
	}
	if got.RawPath != "" || !certificatePath().MatchString(got.Path) {
		return "", forged("its signing_cert_url has not the path of a certificate")
	}
	return got.Scheme + "://" + HostPort(got) + got.Path, nil
}

// HostPort is the host and port of an http or https URL, in one spelling.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Certificates fetches certificates and keeps them by URL, 16 at most. The zero
// value is ready. Do not copy it after the first use; Get may be called from many
// goroutines at once.
type Certificates struct {
	// Client fetches; nil for one of the default transport. It has 5 seconds for
	// each and follows no redirect, whatever it is set to.
	Client *http.Client

	// Keep is how long a certificate is kept; 24 hours unless set.
	Keep time.Duration

	// KeepFailure is how long a failure is kept and told again before the next
	// call tries once more; 0 for not at all.
	KeepFailure time.Duration

	mu   sync.Mutex
	kept map[string]*download // by URL
}

// download is a certificate that is being fetched or is there.
type download struct {
	done        chan struct{} // closed when the rest is set
	certificate *x509.Certificate
	err         error
	until       time.Time // when to fetch it again
}

// Get gives the certificate at a URL: the one that is kept, or else it is fetched,
// 64 KiB at most. Of many callers at once one fetches and all wait for it. The
// error is ErrForged when the server says that there is none, else ErrUnavailable.
//
// Get asks whomever the URL names: judge it first. Nor does it look at dates and
// who has signed the certificate.
func (c *Certificates) Get(ctx context.Context, from string) (*x509.Certificate, error) {
	return c.get(ctx, c.Client, from)
}

func (c *Certificates) get(ctx context.Context, client *http.Client, from string) (*x509.Certificate, error) {
	c.mu.Lock()
	d := c.kept[from]
	if d == nil || d.expired() {
		if !c.makeRoom(from) {
			c.mu.Unlock()
			return nil, unavailable("too many downloads at once")
		}
		d = &download{done: make(chan struct{})}
		c.kept[from] = d
		// Not under ctx: when this caller gives up, the others still want it.
		go c.finish(context.WithoutCancel(ctx), client, from, d)
	}
	c.mu.Unlock()

	select {
	case <-d.done:
		return d.certificate, d.err
	case <-ctx.Done():
		return nil, unavailable("%w", ctx.Err())
	}
}

// finished says whether the fields of a download are set.
func (d *download) finished() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

func (d *download) expired() bool { return d.finished() && !time.Now().Before(d.until) }

// makeRoom makes sure of a place for one more download, by forgetting the
// oldest certificate; failures, which are kept for a moment only, go before. It
// says no when too many are under way. It needs the lock.
func (c *Certificates) makeRoom(from string) bool {
	if c.kept == nil {
		c.kept = map[string]*download{}
	}
	delete(c.kept, from)
	underWay, oldest := 0, ""
	for u, d := range c.kept {
		switch {
		case !d.finished():
			underWay++
		case oldest == "" || d.until.Before(c.kept[oldest].until):
			oldest = u
		}
	}
	if underWay >= maxDownloads {
		return false
	}
	if len(c.kept) >= maxCertificates {
		delete(c.kept, oldest)
	}
	return true
}

// finish finishes a download.
func (c *Certificates) finish(ctx context.Context, client *http.Client, from string, d *download) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keep := cmp.Or(c.Keep, keepCertificate)
	if d.certificate, d.err = fetch(ctx, client, from); d.err != nil {
		keep = c.KeepFailure
	}
	d.until = time.Now().Add(keep)

	c.mu.Lock()
	defer c.mu.Unlock()
	if keep <= 0 && c.kept[from] == d {
		delete(c.kept, from)
	}
	close(d.done)
}

// WithoutRedirects is a client like this one that follows none: what was judged is the
// address that was asked for. nil is one of the default transport.
func WithoutRedirects(by *http.Client) *http.Client {
	client := http.Client{}
	if by != nil {
		client = *by
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// fetch fetches one certificate.
func fetch(ctx context.Context, by *http.Client, from string) (*x509.Certificate, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, unavailable("%w", err)
	}
	res, err := WithoutRedirects(by).Do(req)
	if err != nil {
		return nil, unavailable("%w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, forged("the service has no such certificate")
	default:
		return nil, unavailable("the service answered with status %d", res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxCertificate+1))
	if err != nil {
		return nil, unavailable("%w", err)
	}
	if len(text) > maxCertificate {
		return nil, unavailable("the service answered with more than %d bytes", maxCertificate)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemCertificate {
		return nil, unavailable("the service answered with something else")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, unavailable("the certificate cannot be read")
	}
	return certificate, nil
}
