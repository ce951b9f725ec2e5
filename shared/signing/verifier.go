package signing

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tocsin/shared/wire"
)

// Why a message was not accepted. Test with errors.Is; the text says more, and
// holds nothing of the message.
var (
	// ErrForged: the message is not as the service wrote it. It stays so: answer
	// 4xx, so that it is not sent again.
	ErrForged = errors.New("the message is not from this service")

	// ErrUnavailable: the certificate could not be had, in time or at all, so
	// nobody knows. Answer 503, so that the message is sent again.
	ErrUnavailable = errors.New("the signing certificate is not available")
)

// Verifier tells the messages of one service from all others. Set its fields
// before the first use and do not copy it afterwards; Verify may be called from
// many goroutines at once.
type Verifier struct {
	// BaseURL is the service whose messages are accepted: scheme://host[:port].
	// Certificates are fetched from there alone.
	BaseURL string

	// Client fetches certificates; nil for one of the default transport. It has 5
	// seconds for each and follows no redirect, whatever it is set to.
	Client *http.Client

	// Certificates fetches and keeps the certificates in place of Client, for those
	// who have several Verifiers; nil unless set.
	Certificates *Certificates

	own Certificates // without KeepFailure
}

// Verify reads the body of a request that claims to be a message of the service
// and returns the message if it is genuine, else an error that is either
// ErrForged or ErrUnavailable. The certificate is fetched when it is first
// needed and kept for 24 hours.
//
// Genuine are Type, MessageID, TopicURN, Subject, Message, Timestamp and
// SubscribeURL; the signature does not cover UnsubscribeURL. A genuine message
// can come twice, and from a topic that is not yours: compare its TopicURN, and
// remember its MessageID if twice is once too often. Limit the size of the body
// before reading it: see http.MaxBytesReader.
func (v *Verifier) Verify(ctx context.Context, body []byte) (wire.Push, error) {
	var p wire.Push
	if err := json.Unmarshal(body, &p); err != nil {
		return wire.Push{}, forged("the body is not a message in JSON")
	}
	if p.SignatureVersion != wire.SignatureVersion {
		return wire.Push{}, forged("its signature_version is not %s", wire.SignatureVersion)
	}
	signature, err := base64.StdEncoding.DecodeString(p.Signature)
	if err != nil || len(signature) == 0 {
		return wire.Push{}, forged("its signature is not base64")
	}
	text, err := signedText(&p)
	if err != nil {
		return wire.Push{}, forged("its fields are not those of a message")
	}
	from, err := certificateURL(v.BaseURL, p.SigningCertURL)
	if err != nil {
		return wire.Push{}, err
	}
	certificate, err := v.certificate(ctx, from)
	if err != nil {
		return wire.Push{}, err
	}
	public, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return wire.Push{}, forged("its certificate is not of an RSA key")
	}
	if now := time.Now(); now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
		return wire.Push{}, forged("its certificate has expired or is not valid yet")
	}
	sum := sha256.Sum256(text)
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		return wire.Push{}, forged("its signature does not fit")
	}
	return p, nil
}

func (v *Verifier) certificate(ctx context.Context, from string) (*x509.Certificate, error) {
	if v.Certificates != nil {
		return v.Certificates.Get(ctx, from)
	}
	return v.own.get(ctx, v.Client, from)
}

func forged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrForged}, args...)...)
}

func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnavailable}, args...)...)
}
