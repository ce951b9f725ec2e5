// Package awspost asks services of AWS: each call is one signed POST, and its answer
// is read whole, up to a bound. What an answer means, and whether to ask again, is for
// the rooms above.
//
// It stands in for the SDK's clients of services of which few calls are needed: each
// of those carries all calls of its service, and sets up the schemas of all of them at
// every start. What is delicate in them, the signature, is the SDK's.
package awspost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Config says what service it is, and how it is reached.
type Config struct {
	Host    string // first part of the service's host: email
	Signing string // its name in signatures: ses
	// AWS gives Region and Credentials; also HTTPClient, and BaseEndpoint for another
	// address than that of the service in the region.
	AWS       aws.Config
	MaxAnswer int64            // bytes that are read of an answer; more is left out
	Now       func() time.Time // of signatures; nil means time.Now
}

// Poster asks a service. It is used from many goroutines at once.
type Poster struct {
	config Config
	url    string
	http   aws.HTTPClient
	signer *v4.Signer
}

// New gives a poster, which asks for nothing before the first call.
func New(c Config) *Poster {
	p := &Poster{config: c, url: address(c), http: c.AWS.HTTPClient, signer: v4.NewSigner()}
	if c.Now == nil {
		p.config.Now = time.Now
	}
	if p.http == nil {
		p.http = awshttp.NewBuildableClient()
	}
	return p
}

// address is where the service listens.
func address(c Config) string {
	if c.AWS.BaseEndpoint != nil {
		return strings.TrimRight(*c.AWS.BaseEndpoint, "/")
	}
	suffix := ".amazonaws.com"
	if strings.HasPrefix(c.AWS.Region, "cn-") {
		suffix += ".cn"
	}
	return "https://" + c.Host + "." + c.AWS.Region + suffix
}

// URL is where the service listens, without a slash at its end.
func (p *Poster) URL() string { return p.url }

// Answer is what came of a POST.
type Answer struct {
	Status int // 0 if nothing came
	Header http.Header
	Body   []byte
	Late   bool // nothing came in time
}

// Post sends a body to a path, which begins with a slash, and reads the answer,
// whatever its status is. With an error there is no body, but the status and the
// header if they came.
func (p *Poster) Post(ctx context.Context, path string, header map[string]string, body []byte) (a Answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("User-Agent", "tocsin")
	keys, err := p.config.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return a, err
	}
	sum := sha256.Sum256(body)
	if err := p.signer.SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), p.config.Signing, p.config.AWS.Region, p.config.Now()); err != nil {
		return a, err
	}
	came, err := p.http.Do(r)
	if err != nil {
		failure, ok := errors.AsType[net.Error](err)
		a.Late = ok && failure.Timeout() // of ctx, or sooner of the client
		return a, err
	}
	defer func() { _ = came.Body.Close() }()
	a.Status, a.Header = came.StatusCode, came.Header
	read, err := io.ReadAll(io.LimitReader(came.Body, p.config.MaxAnswer))
	if err == nil {
		a.Body = read
	}
	return a, err
}
