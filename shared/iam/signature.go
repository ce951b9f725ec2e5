package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	algorithmV11    = "V11-HMAC-SHA256"
	algorithm       = "SDK-HMAC-SHA256"
	headerDate      = "X-Sdk-Date"
	headerBodyHash  = "X-Sdk-Content-Sha256"
	dateLayout      = "20060102T150405Z"
	unsignedPayload = "UNSIGNED-PAYLOAD"

	// maxClockDifference is how far the date of a signature may be from now, and
	// so how long a captured request can be repeated.
	maxClockDifference = 15 * time.Minute
)

// verifySignature gives the user whose access key signed r.
func (a *Authority) verifySignature(r *http.Request, header string, body []byte) (*account, error) {
	auth, ok := parseAuthorization(header)
	if !ok {
		return nil, incorrect("the authorization header cannot be read")
	}
	form, ok := formOf(auth)
	if !ok {
		return nil, incorrect("the authorization header has no form that is supported")
	}
	holder, err := a.openKey(form.access, func(secret string) error { return a.judge(r, auth, form, body, secret) })
	switch {
	case errors.Is(err, ErrUnknownKey) && !isAccessKey(form.access):
		return nil, incorrect("Get secretKey failed,err:ak not exist")
	case errors.Is(err, ErrUnknownKey):
		return nil, incorrect("Get secretKey failed,ak:%s,err:ak not exist", masked(form.access))
	case errors.Is(err, ErrKeyLocked):
		return nil, incorrect(keyIsLocked)
	case errors.Is(err, ErrWrongSecret):
		return nil, incorrect("verify aksk signature fail")
	}
	return holder, err
}

const keyIsLocked = "AK access failed to reach the limit,forbidden."

// judge says whether r was signed with this secret: ErrWrongSecret if not, Unauthenticated
// if that cannot be said.
func (a *Authority) judge(r *http.Request, auth authorization, form signatureForm, body []byte, secret string) error {
	signed := strings.Split(strings.ToLower(auth.fields["SignedHeaders"]), ";")
	if !slices.Contains(signed, "x-sdk-date") {
		return incorrect("x-sdk-date is not signed")
	}
	date := r.Header.Get(headerDate)
	at, err := time.Parse(dateLayout, date)
	if err != nil {
		return incorrect("x-sdk-date is not of the form YYYYMMDDTHHMMSSZ")
	}
	if a.now().Sub(at).Abs() > maxClockDifference {
		return incorrect("x-sdk-date is more than 15 minutes away from the clock of the server")
	}
	if day, _, _ := strings.Cut(form.scope, "/"); form.scope != "" && !strings.HasPrefix(date, day+"T") {
		return incorrect("verify aksk signature fail: the credential is of another day than x-sdk-date")
	}
	hash, ok := bodyHash(r.Header.Get(headerBodyHash), signed, body)
	if !ok {
		return incorrect("verify aksk signature fail: x-sdk-content-sha256 is not the hash of the body")
	}
	// A query that is only half readable is refused: what is left out of the
	// signature must not be acted on.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return incorrect("verify aksk signature fail: the query cannot be read")
	}
	want := form.signature(secret, date, canonicalRequest(r, query, signed, hash))
	if !hmac.Equal([]byte(auth.fields["Signature"]), []byte(want)) {
		return ErrWrongSecret
	}
	return nil
}

// masked shows enough of an access key to recognise it. Not all of it: people mix
// up the key and its secret, and the text goes into the log.
func masked(access string) string {
	const shown = 4
	return access[:min(shown, len(access)/2)] + "***"
}

// bodyHash is the last line of the canonical request. A client may state it in
// a header; then it must be right, or say under signature that the body is not
// signed. That is for content other than JSON, which no operation takes, so there
// must be none: else a captured request could be sent again with another body.
func bodyHash(stated string, signed []string, body []byte) (string, bool) {
	if stated == unsignedPayload {
		return stated, len(body) == 0 && slices.Contains(signed, "x-sdk-content-sha256")
	}
	hash := hexHash(body)
	return hash, stated == "" || stated == hash
}

func hexHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Sign signs r as Huawei's SDKs do, setting its X-Sdk-Date and Authorization
// headers. Signed are the method, path, query and host, the Content-Type and
// X-Project-Id if r has them, the time and the body, which must be what is sent,
// byte for byte. The signature works for 15 minutes around now.
func Sign(r *http.Request, body []byte, key AccessKey, now time.Time) {
	date := now.UTC().Format(dateLayout)
	r.Header.Set(headerDate, date)
	r.Header.Del(headerBodyHash) // not needed, and possibly of another body

	var signed []string
	for _, name := range []string{"content-type", "host", "x-project-id", "x-sdk-date"} { // in the order of the alphabet
		if name == "host" || len(r.Header.Values(name)) > 0 {
			signed = append(signed, name)
		}
	}
	r.Header.Set(headerAuthorization, algorithm+
		" Access="+key.Access+
		", SignedHeaders="+strings.Join(signed, ";")+
		", Signature="+signatureForm{algorithm: algorithm}.signature(key.Secret, date, canonicalRequest(r, r.URL.Query(), signed, hexHash(body))))
}
