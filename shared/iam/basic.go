package iam

import (
	"context"
	"crypto/hmac"
	"errors"
	"net/http"

	"tocsin/shared/smn"
)

// IsBasic says whether r shows nothing but a name and a password in the way of HTTP
// itself (RFC 7617), as programs do that can neither sign nor fetch a token.
func IsBasic(r *http.Request) bool {
	_, _, ok := r.BasicAuth()
	return ok && r.Header.Get(headerToken) == ""
}

// AuthenticateBasic says who sent r, by an access key as the name and its secret as
// the password. A caller acts for a project as a signer does.
//
// Unlike a signature this shows the secret to whoever reads the request, and the
// request can be sent again at any time: it is for few operations, and for TLS. A
// password of a user would skip the user's device, so it opens nothing.
//
// Unauthenticated with wrong ones, and while the key is locked after too many;
// Forbidden when X-Project-Id names a project that the key does not open.
func (a *Authority) AuthenticateBasic(_ context.Context, r *http.Request) (smn.Caller, error) {
	access, secret, ok := r.BasicAuth()
	if !ok || len(r.Header.Values(headerAuthorization)) != 1 || len(access)+len(secret) > maxAuthorization {
		return smn.Caller{}, incorrect("the authorization header cannot be read")
	}
	holder, err := a.openKey(access, func(known string) error {
		if !hmac.Equal(digest(a.passwordKey, secret), digest(a.passwordKey, known)) {
			return ErrWrongSecret
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrKeyLocked):
		return smn.Caller{}, incorrect(keyIsLocked)
	case err != nil:
		return smn.Caller{}, incorrect("the user name is no access key, or the password not its secret")
	}
	return holder.caller(r, holder.projects)
}
