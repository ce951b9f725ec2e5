package carrier

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
)

// Call is what is POSTed to a service.
type Call struct {
	Path        string // with the slash that it begins with
	ContentType string
	Body        []byte
}

// answer is what came of a call. The status is 0 if nothing came.
type answer struct {
	status   int
	id, code string
	late     bool // nothing came in time
}

// maxAnswer is more than a service has to say.
const maxAnswer = 1 << 20

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

// ask makes a call, once. Why none was made, or nothing came, is told in a few words of
// ours: what errors say may hold anything.
func (c *Carrier) ask(ctx context.Context, call Call) (a answer) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+call.Path, bytes.NewReader(call.Body))
	if err != nil {
		return a
	}
	r.Header.Set("Content-Type", call.ContentType)
	r.Header.Set("User-Agent", "tocsin")
	keys, err := c.config.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return a
	}
	sum := sha256.Sum256(call.Body)
	if err := c.signer.SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), c.config.Signing, c.config.AWS.Region, c.config.Now()); err != nil {
		return a
	}
	came, err := c.http.Do(r)
	if err != nil {
		failure, ok := errors.AsType[net.Error](err)
		a.late = ok && failure.Timeout() // of ctx, or sooner of the client
		return a
	}
	defer func() { _ = came.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(came.Body, maxAnswer))
	a.status = came.StatusCode
	if err != nil {
		return a
	}
	a.id, a.code = c.config.Read(came.Header, body)
	if !codeForm.MatchString(a.code) {
		a.code = ""
	}
	return a
}
