package receive

import (
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	mnsPrefix  = "x-mns-"
	certURL    = "X-Mns-Signing-Cert-Url"
	contentMD5 = "Content-MD5"
	leastKey   = 1024 // bits, that Go takes unless told otherwise
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
	text, err := mnsText(r)
	if err != nil {
		return err
	}
	if !isSum(r.Header.Get(contentMD5), body) {
		return forbidden("the Content-MD5 does not fit the body")
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return forbidden("the Date is missing or no date")
	}
	if away := h.config.Now().Sub(date).Abs(); away > h.config.MaxAge {
		return forbidden("the Date is away from the clock by more than %s", h.config.MaxAge)
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("Authorization"))
	if err != nil || len(signature) == 0 {
		return forbidden("the Authorization is not base64")
	}
	from, err := h.certificateURL(r.Header.Get(certURL))
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
	sum := sha1.Sum([]byte(text))
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

// mnsText writes what the signature covers: method, Content-MD5, Content-Type, Date,
// each x-mns- header and the target, a line each, with the values as they came.
// The target is the last line and each header comes once, so a text can be read in
// one way only.
func mnsText(r *http.Request) (string, error) {
	lines := []string{r.Method}
	for _, name := range []string{contentMD5, "Content-Type", "Date"} {
		values := r.Header.Values(name)
		if len(values) > 1 {
			return "", forbidden("the header %s is there twice", name)
		}
		lines = append(lines, strings.Join(values, ""))
	}
	own := len(lines)
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, mnsPrefix) {
			continue
		}
		if len(values) != 1 {
			return "", forbidden("the header %q is there twice", name)
		}
		lines = append(lines, name+":"+values[0])
	}
	slices.SortFunc(lines[own:], func(a, b string) int {
		nameOfA, _, _ := strings.Cut(a, ":")
		nameOfB, _, _ := strings.Cut(b, ":")
		return strings.Compare(nameOfA, nameOfB)
	})
	return strings.Join(append(lines, target(r)), "\n"), nil
}

// target is path and query as they were sent. A proxy may have put scheme and host in
// front.
func target(r *http.Request) string {
	_, rest, isAbsolute := strings.Cut(r.RequestURI, "://")
	if slash := strings.IndexByte(rest, '/'); isAbsolute && slash >= 0 && !strings.HasPrefix(r.RequestURI, "/") {
		return rest[slash:]
	}
	return r.RequestURI
}

// isSum says whether a Content-MD5 is that of the body, in one of the forms that
// occur: base64 of the hex digits, the hex digits, base64 of the bytes. Without one
// the signature would not cover the body.
func isSum(value string, body []byte) bool {
	sum := md5.Sum(body)
	digits := hex.EncodeToString(sum[:])
	return value == base64.StdEncoding.EncodeToString([]byte(digits)) ||
		strings.EqualFold(value, digits) ||
		value == base64.StdEncoding.EncodeToString(sum[:])
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
	return (&url.URL{Scheme: u.Scheme, Host: strings.TrimPrefix(origin(u), u.Scheme+"://"), Path: u.Path}).String(), nil
}
