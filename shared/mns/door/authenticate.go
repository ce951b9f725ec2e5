package door

import (
	"crypto/hmac"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// maxClockDifference is how far the date of a request may be from now, and so how long
// a captured one can be repeated.
const maxClockDifference = 15 * time.Minute

// authenticate proves the caller of a request whose body has been read: it acts for the
// first project of the user whose access key has signed. The checks are in the order in
// which MNS names them.
func (v *visit) authenticate(r *http.Request) (smn.Caller, error) {
	h := v.header
	dates := h["Date"]
	if len(dates) == 0 {
		dates = h.Values(mns.HeaderMNSDate)
	}
	switch {
	case h.Get("Authorization") == "":
		return smn.Caller{}, mns.Errorf(mns.MissingAuthorizationHeader, "The Authorization header is missing.")
	case len(dates) == 0:
		return smn.Caller{}, mns.Errorf(mns.MissingDateHeader, "The Date header is missing; x-mns-date may stand in.")
	case h.Get("X-Mns-Version") == "":
		return smn.Caller{}, mns.Errorf(mns.MissingVersionHeader, "The x-mns-version header is missing.")
	}
	access, signature, ok := parseAuthorization(h["Authorization"])
	if !ok {
		return smn.Caller{}, mns.Errorf(mns.InvalidAuthorizationHeader, "The Authorization header has the form MNS {AccessKeyId}:{Signature}.")
	}
	date, err := http.ParseTime(dates[0])
	switch {
	case err != nil:
		return smn.Caller{}, mns.Errorf(mns.InvalidDateHeader, "The date has the form %s.", http.TimeFormat)
	case h.Get("X-Mns-Version") != mns.Version:
		return smn.Caller{}, mns.Errorf(mns.InvalidVersionHeader, "x-mns-version is %s.", mns.Version)
	case !isXML(h.Get("Content-Type")):
		return smn.Caller{}, mns.Errorf(mns.InvalidContentType, "Content-Type is text/xml or application/xml, in UTF-8.")
	}
	caller, err := v.Keys.VerifyKey(r.Context(), access, func(secret string) error {
		if v.Now().Sub(date).Abs() > maxClockDifference {
			return mns.Errorf(mns.TimeExpired, "The date of the request is more than 15 minutes away from the clock of the server, which is %s.", v.Now().UTC().Format(http.TimeFormat))
		}
		return verify(r, secret, signature)
	})
	switch {
	case errors.Is(err, iam.ErrUnknownKey):
		return smn.Caller{}, mns.Errorf(mns.InvalidAccessKeyID, "The AccessKeyId does not exist.")
	case errors.Is(err, iam.ErrKeyLocked):
		return smn.Caller{}, mns.Errorf(mns.AccessDenied, "The AccessKeyId is locked for a few minutes after too many wrong signatures.")
	case errors.Is(err, iam.ErrWrongSecret):
		return smn.Caller{}, mns.Errorf(mns.SignatureDoesNotMatch, "The signature does not match. It is that of the request as it was received, made with the AccessKeySecret.")
	case err != nil:
		return smn.Caller{}, err
	}
	if sum := h.Get("Content-Md5"); sum != "" && !mns.IsContentMD5(sum, v.body) {
		return caller, mns.Errorf(mns.InvalidDigest, "Content-MD5 is not that of the body: base64 of its 32 lower-case hex digits.")
	}
	return caller, nil
}

// parseAuthorization takes an Authorization header apart.
func parseAuthorization(values []string) (access, signature string, ok bool) {
	pair, ok := strings.CutPrefix(values[0], "MNS ")
	access, signature, ok2 := strings.Cut(pair, ":")
	ok = ok && ok2 && len(values) == 1 && access != "" && signature != "" && !strings.ContainsAny(pair, " \t")
	return access, signature, ok
}

// isXML says whether a body is told to be what it must be. Programs send the header
// without a body, too, and some none with one.
func isXML(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	return err == nil && (kind == "text/xml" || kind == "application/xml") && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// verify says whether a request was signed with this secret.
func verify(r *http.Request, secret, signature string) error {
	target := mns.Target(r.RequestURI)
	for _, signed := range []string{target, single(target)} {
		want := mns.Sign(secret, mns.StringToSign(r.Method, mns.Fields(r.Header), signed))
		if hmac.Equal([]byte(signature), []byte(want)) {
			return nil
		}
	}
	return iam.ErrWrongSecret
}
