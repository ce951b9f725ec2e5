package lambdaapp

import (
	"context"
	"log/slog"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/smn"
)

// certificates gives out the certificate of the key that messages are signed with,
// and of the one before it: messages that were signed with that may still be on
// their way.
type certificates struct{ *house }

// freshness is how old what is known of the signing keys may be before a certificate
// is said not to be there: a worker may use a new key before we know of it.
const freshness = 5 * time.Second

// Certificate implements httpapi.Certificates.
func (c certificates) Certificate(ctx context.Context, id string) ([]byte, error) {
	certificate, err := c.find(ctx, id)
	if smn.CodeOf(err) == smn.CertificateNotFound {
		c.secrets.Forget(signingKey, freshness)
		certificate, err = c.find(ctx, id)
	}
	return certificate, err
}

func (c certificates) find(ctx context.Context, id string) ([]byte, error) {
	current, err := c.signingPEM(ctx)
	if err != nil {
		return nil, err
	}
	certificate, err := c.of(ctx, current, id)
	if err == nil {
		return certificate, nil
	}
	previous, ok, perr := c.secrets.Previous(ctx, signingKey)
	if perr != nil {
		return nil, perr
	}
	if !ok {
		return nil, err
	}
	return c.of(ctx, previous, id)
}

// of is the certificate of a key, if it has that id.
func (c certificates) of(ctx context.Context, pem []byte, id string) ([]byte, error) {
	key, err := signing.ParseKey(pem)
	if err != nil { // workers go on with the key that they have
		c.log.LogAttrs(ctx, slog.LevelError, "a signing key cannot be read", slog.String("error", err.Error()))
		return nil, smn.Errorf(smn.CertificateNotFound, "there is no certificate of that id")
	}
	return signing.New(key, c.settings.region).Certificate(ctx, id)
}
