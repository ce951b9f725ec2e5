package receive

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tocsin/shared/mns"
	"tocsin/shared/signing"
)

const (
	mnsPrefix = "x-mns-"
	leastKey  = 1024 // bits, that Go takes unless told otherwise
)

func isMNS(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), mnsPrefix) {
			return true
		}
	}
	return false
}

func (h *Handler) takeMNS(r *http.Request, body []byte) error {
	if err := h.verifyMNS(r, body); err != nil {
		return err
	}
	n, err := parseMNS(r.Header, body)
	if err != nil {
		return err
	}
	return h.hand(r.Context(), n)
}

// verifyMNS says whether MNS has sent a request. What costs least comes first, and
// nothing is fetched for what could not be genuine.
func (h *Handler) verifyMNS(r *http.Request, body []byte) error {
	if err := requireOnce(r.Header); err != nil {
		return err
	}
	if !isSum(r.Header.Get(mns.HeaderContentMD5), body) {
		return forbidden("the Content-MD5 does not fit the body")
	}
	date, err := http.ParseTime(r.Header.Get(mns.HeaderDate))
	if err != nil {
		return forbidden("the Date is missing or no date")
	}
	if away := h.config.Now().Sub(date).Abs(); away > h.config.MaxAge {
		return forbidden("the Date is away from the clock by more than %s", h.config.MaxAge)
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(mns.HeaderAuthorization))
	if err != nil || len(signature) == 0 {
		return forbidden("the Authorization is not base64")
	}
	from, err := h.certificateURL(r.Header.Get(mns.HeaderSigningCertURL))
	if err != nil {
		return err
	}
	certificate, err := h.certificates.Get(r.Context(), from)
	if err != nil {
		return judged(err)
	}
	// Neither its dates nor who has signed it: that of MNS expired in 2016 and is
	// signed by itself. Where it lies is what makes it trusted.
	public, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return forbidden("the certificate is not of an RSA key")
	}
	sum := sha1.Sum(mns.StringToSign(r.Method, mns.Fields(r.Header), mns.Target(r.RequestURI)))
	return fits(rsa.VerifyPKCS1v15(public, crypto.SHA1, sum[:], signature), public.N.BitLen())
}

// fits is the refusal for what comes of verifying a signature by a key of so many
// bits.
func fits(err error, bits int) error {
	switch {
	case err == nil:
		return nil
	case bits < leastKey && !errors.Is(err, rsa.ErrVerification):
		return later(fmt.Errorf("the certificate's key has %d bits, which Go refuses unless the process runs with GODEBUG=rsa1024min=0", bits))
	}
	return forbidden("the signature does not fit")
}

// requireOnce sees that each header that is signed comes once, so that the text of the
// signature can be read in one way only.
func requireOnce(header http.Header) error {
	for name, values := range header {
		if mns.IsSigned(name) && len(values) != 1 {
			return forbidden("the header %q is there twice", strings.ToLower(name))
		}
	}
	return nil
}

// isSum says whether a Content-MD5 is that of the body, in one of the forms that
// occur. Without one the signature would not cover the body.
func isSum(value string, body []byte) bool {
	return mns.IsContentMD5(value, body) || strings.EqualFold(value, mns.BodyMD5(string(body)))
}

// certificateURL reads the header that names the certificate, and gives its URL in
// one spelling if it is in a place of the Config.
func (h *Handler) certificateURL(header string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(header)
	if err != nil || len(text) == 0 {
		return "", forbidden("the header x-mns-signing-cert-url is missing or not base64")
	}
	u, ok := parsePlain(string(text))
	if !ok || !slices.ContainsFunc(h.places, func(p place) bool { return p.holds(u) }) {
		return "", forbidden("the certificate is to come from %.200q, which is not a place for it", text)
	}
	return (&url.URL{Scheme: u.Scheme, Host: signing.HostPort(u), Path: u.Path}).String(), nil
}
