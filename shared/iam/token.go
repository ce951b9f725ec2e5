package iam

import (
	"context"
	"crypto/hmac"
	"slices"
	"time"

	"tocsin/shared/smn"
)

// TokenLifetime is how long a token is valid.
const TokenLifetime = 24 * time.Hour

// The methods by which a token is asked for.
const (
	MethodPassword = "password"
	MethodToken    = "token"
)

// Identity is a user without secrets.
type Identity struct {
	ID, Name string
	Domain   Domain
}

// Token is a proof of identity and what it proves.
type Token struct {
	Value     string   // the secret that callers send as X-Auth-Token
	Methods   []string // how it was asked for, first and since
	IssuedAt  time.Time
	ExpiresAt time.Time // from this moment on it is refused
	User      Identity
	Project   Project // the only project that it opens
}

// Login is the user of a TokenRequest: by ID, or by Name and, if given, the
// name or id of the domain.
type Login struct {
	ID, Name string
	Domain   Domain
	Password string
}

// TokenRequest asks for a token.
type TokenRequest struct {
	Methods []string // exactly one: MethodPassword or MethodToken
	User    Login    // for MethodPassword
	TokenID string   // for MethodToken: the value of a valid token

	// Project is the scope, by ID, by Name, or by both if they agree. Nil is the
	// user's first project or, for MethodToken, that of the token.
	Project *Project

	// Domain is that of the scope. Given, by ID or Name or both, it must be the
	// user's own.
	Domain Domain
}

// wrongLogin is all that someone learns who cannot log in, so that nobody finds
// out who exists.
const wrongLogin = "The user name, the password or the project is wrong."

// IssueToken makes a token that is valid for TokenLifetime. For MethodToken it
// expires when the token expires that was shown, as in Keystone: tokens cannot be
// prolonged. A new token does not end older ones.
//
// Unauthenticated when the user, the password, the token or the project is
// wrong; Unreadable when the method or something that it needs is missing.
func (a *Authority) IssueToken(_ context.Context, req TokenRequest) (Token, error) {
	if len(req.Methods) != 1 {
		return Token{}, smn.Errorf(smn.Unreadable, `auth.identity.methods must be ["password"] or ["token"]`)
	}
	if p := req.Project; p != nil && p.ID == "" && p.Name == "" {
		return Token{}, smn.Errorf(smn.Unreadable, "auth.scope.project needs an id or a name")
	}
	var c claims
	var err error
	switch req.Methods[0] {
	case MethodPassword:
		c, err = a.byPassword(req.User)
	case MethodToken:
		c, err = a.byToken(req.TokenID)
	default:
		err = smn.Errorf(smn.Unreadable, `auth.identity.methods must be ["password"] or ["token"]`)
	}
	if err != nil {
		return Token{}, err
	}
	if !req.Domain.fits(c.account.Domain) {
		return Token{}, smn.Errorf(smn.Unauthenticated, wrongLogin)
	}
	if req.Project != nil {
		i := slices.IndexFunc(c.account.projects, func(p Project) bool {
			return (req.Project.ID == "" || req.Project.ID == p.ID) && (req.Project.Name == "" || req.Project.Name == p.Name)
		})
		if i < 0 {
			return Token{}, smn.Errorf(smn.Unauthenticated, wrongLogin)
		}
		c.project = c.account.projects[i]
	}
	return c.token(a.seal.seal(c)), nil
}

// byPassword gives the claims of a user that knows its password.
func (a *Authority) byPassword(l Login) (claims, error) {
	if (l.ID == "" && l.Name == "") || l.Password == "" {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.password.user needs an id or a name, and a password")
	}
	acc := a.find(l)
	want := a.passwordKey // matches no password: someone unknown takes as long as a wrong password
	if acc != nil {
		want = acc.password
	}
	if !hmac.Equal(digest(a.passwordKey, l.Password), want) || acc == nil {
		return claims{}, smn.Errorf(smn.Unauthenticated, wrongLogin)
	}
	now := a.now().Truncate(time.Second)
	return claims{
		account: acc, project: acc.projects[0], methods: byPassword,
		issued: now.Unix(), expires: now.Add(TokenLifetime).Unix(),
	}, nil
}

// byToken gives the claims of someone who shows a valid token.
func (a *Authority) byToken(value string) (claims, error) {
	if value == "" {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.token needs an id")
	}
	shown, err := a.verify(value)
	if err != nil {
		return claims{}, err
	}
	c := *shown
	c.methods |= byToken
	c.issued = a.now().Unix()
	return c, nil
}

// fits says whether the parts that are given are those of another domain.
func (d Domain) fits(other Domain) bool {
	return (d.ID == "" || d.ID == other.ID) && (d.Name == "" || d.Name == other.Name)
}

// find gives the one user that a login fits, nil for none or several.
func (a *Authority) find(l Login) *account {
	var found *account
	for _, acc := range a.accounts {
		if (l.ID == "" || l.ID == acc.ID) && (l.Name == "" || l.Name == acc.Name) &&
			l.Domain.fits(acc.Domain) {
			if found != nil {
				return nil
			}
			found = acc
		}
	}
	return found
}

// InspectToken says what a token proves. A token that is forged, expired or
// ended by a change of its user is Unauthenticated.
func (a *Authority) InspectToken(_ context.Context, value string) (Token, error) {
	c, err := a.verify(value)
	if err != nil {
		return Token{}, err
	}
	return c.token(value), nil
}

// verify gives the claims of a valid token. They are shared: do not change them.
func (a *Authority) verify(value string) (*claims, error) {
	now := a.now()
	c := a.cache.get(value)
	if c == nil {
		if a.static != nil && hmac.Equal(digest(a.passwordKey, value), a.static) {
			return a.staticClaims(now), nil
		}
		var ok bool
		if c, ok = a.open(value); !ok {
			return nil, incorrect("decrypt token fail")
		}
		if now.Unix() < c.expires {
			a.cache.put(value, c)
		}
	}
	if now.Unix() >= c.expires {
		a.cache.drop(value)
		return nil, incorrect("token expires, expires_at: %s", time.Unix(c.expires, 0).UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	return c, nil
}

// staticClaims makes the static token look as if it had just been issued.
func (a *Authority) staticClaims(now time.Time) *claims {
	first := a.accounts[0]
	return &claims{
		account: first, project: first.projects[0], methods: byPassword,
		issued: now.Unix(), expires: now.Add(TokenLifetime).Unix(),
	}
}

// incorrect is the refusal of a credential in the words of SMN's gateway, which
// people search for.
func incorrect(format string, args ...any) error {
	return smn.Errorf(smn.Unauthenticated, "Incorrect IAM authentication information: "+format, args...)
}
