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
	MethodPassword   = "password"
	MethodTOTP       = "totp" // besides MethodPassword
	MethodToken      = "token"
	MethodAssumeRole = "assume_role"
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
	User      Identity  // of an agency: its id, and its domain and name joined by a slash
	AssumedBy *Identity // the user who acts as an agency; nil: User is one
	Project   Project   // the only project that it opens; none when it is for the domain of User
}

// Login is the user of a TokenRequest: by ID, or by Name and, if given, the
// name or id of the domain.
type Login struct {
	ID, Name string
	Domain   Domain
	Password string
}

// Passcode is the second factor of a TokenRequest. The user may be left out; if
// it is named it must be that of the login.
type Passcode struct {
	ID, Name string
	Domain   Domain
	Code     string
}

// Assumption names an agency.
type Assumption struct {
	Agency string
	Domain Domain // that offers it, by ID, Name or both
}

// TokenRequest asks for a token.
type TokenRequest struct {
	// Methods is one of MethodPassword, MethodToken and MethodAssumeRole, or
	// MethodPassword and MethodTOTP.
	Methods  []string
	User     Login      // for MethodPassword
	Passcode Passcode   // for MethodTOTP
	Assume   Assumption // for MethodAssumeRole

	// TokenID is the value of a valid token: for MethodToken that which is shown,
	// for MethodAssumeRole that of the user who assumes. Without it the user is the
	// caller of the context.
	TokenID string

	// Project is the scope, by ID, by Name, or by both if they agree. Nil without a
	// Domain is the user's first project or, for MethodToken, the scope of the
	// token.
	Project *Project

	// Domain is that of the scope. Given, by ID or Name or both, it must be the
	// user's own. Without a Project the token is for the domain and opens no project.
	Domain Domain
}

// wrongLogin is all that someone learns who cannot log in, so that nobody finds
// out who exists.
const wrongLogin = "The user name, the password or the project is wrong."

// IssueToken makes a token that is valid for TokenLifetime. For MethodToken it
// expires when the token expires that was shown, as in Keystone: tokens cannot be
// prolonged; so for MethodAssumeRole with a token. A new token does not end older
// ones.
//
// Unauthenticated when the user, the password, the passcode, the token or the
// project is wrong; Forbidden when the agency does not exist or does not trust
// the user; Unreadable when the methods or something that they need is missing;
// Overloaded when too many passwords are being checked.
func (a *Authority) IssueToken(ctx context.Context, req TokenRequest) (Token, error) {
	if p := req.Project; p != nil && p.ID == "" && p.Name == "" {
		return Token{}, smn.Errorf(smn.Unreadable, "auth.scope.project needs an id or a name")
	}
	d := a.directory.Load()
	var c claims
	var err error
	switch methodsOf(req.Methods) {
	case byPassword:
		c, err = a.byPassword(ctx, d, req.User, nil)
	case byPassword | byTOTP:
		c, err = a.byPassword(ctx, d, req.User, &req.Passcode)
	case byToken:
		c, err = a.byToken(d, req.TokenID)
	case byAssumeRole:
		c, err = a.byAssumeRole(ctx, d, req)
	default:
		err = smn.Errorf(smn.Unreadable, `auth.identity.methods must be ["password"], ["password","totp"], ["token"] or ["assume_role"]`)
	}
	if err != nil {
		return Token{}, err
	}
	if err := c.narrow(req.Project, req.Domain); err != nil {
		return Token{}, err
	}
	return c.token(a.seal.seal(c)), nil
}

// methodsOf reads the methods of a request; none if one is unknown or there
// twice.
func methodsOf(given []string) (set methods) {
	for _, name := range given {
		i := slices.IndexFunc(names, func(n namedMethod) bool { return n.name == name })
		if i < 0 || set&names[i].method != 0 {
			return 0
		}
		set |= names[i].method
	}
	return set
}

// narrow brings claims to the scope that was asked for.
func (c *claims) narrow(project *Project, domain Domain) error {
	if !domain.fits(c.account.Domain) {
		return smn.Errorf(smn.Unauthenticated, wrongLogin)
	}
	if project == nil {
		if domain != (Domain{}) {
			c.project, c.ofDomain = Project{}, true
		}
		return nil
	}
	i := slices.IndexFunc(c.account.projects, func(p Project) bool {
		return (project.ID == "" || project.ID == p.ID) && (project.Name == "" || project.Name == p.Name)
	})
	if i < 0 {
		return smn.Errorf(smn.Unauthenticated, wrongLogin)
	}
	c.project, c.ofDomain = c.account.projects[i], false
	return nil
}

// begin makes the claims of someone who has just proved to be acc.
func (a *Authority) begin(acc *account, by methods) claims {
	now := a.now().Truncate(time.Second)
	return claims{
		account: acc, project: acc.projects[0], methods: by,
		issued: now.Unix(), expires: now.Add(TokenLifetime).Unix(),
	}
}

// byPassword gives the claims of a user that knows its password and, if it has a
// device, shows a passcode. Who shows a passcode without having a device is
// refused: nothing was proved by it.
func (a *Authority) byPassword(ctx context.Context, d *directory, l Login, code *Passcode) (claims, error) {
	if (l.ID == "" && l.Name == "") || l.Password == "" {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.password.user needs an id or a name, and a password")
	}
	if code != nil && code.Code == "" {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.totp.user needs a passcode")
	}
	acc := d.find(l)
	right, err := a.hasPassword(ctx, d, acc, l.Password)
	if err != nil {
		return claims{}, err
	}
	by := byPassword
	if right && (code != nil || len(acc.totp) > 0) {
		right = code != nil && code.isOf(acc.Identity) && a.hasPasscode(acc, code.Code)
		by |= byTOTP
	}
	if !right {
		return claims{}, smn.Errorf(smn.Unauthenticated, wrongLogin)
	}
	return a.begin(acc, by), nil
}

// isOf says whether the passcode names this user, or nobody.
func (p *Passcode) isOf(i Identity) bool {
	return (p.ID == "" || p.ID == i.ID) && (p.Name == "" || p.Name == i.Name) && p.Domain.fits(i.Domain)
}

// byToken gives the claims of someone who shows a valid token.
func (a *Authority) byToken(d *directory, value string) (claims, error) {
	if value == "" {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.token needs an id")
	}
	shown, err := a.verify(d, value)
	if err != nil {
		return claims{}, err
	}
	c := *shown
	c.methods |= byToken
	c.issued = a.now().Unix()
	return c, nil
}

// byAssumeRole gives the claims of an agency to a user of the domain that it
// trusts. An agency cannot assume another one.
func (a *Authority) byAssumeRole(ctx context.Context, d *directory, req TokenRequest) (claims, error) {
	if req.Assume.Agency == "" || req.Assume.Domain == (Domain{}) {
		return claims{}, smn.Errorf(smn.Unreadable, "auth.identity.assume_role needs a domain_name, and an agency_name or xrole_name")
	}
	until := a.now().Add(TokenLifetime).Unix()
	var user *account
	if req.TokenID != "" {
		shown, err := a.verify(d, req.TokenID)
		if err != nil {
			return claims{}, err
		}
		user, until = shown.account, shown.expires
	} else if caller, err := smn.CallerFrom(ctx); err == nil {
		user = d.byID[caller.User]
	}
	if user == nil {
		return claims{}, incorrect("x-auth-token not found")
	}
	for _, g := range d.agencies {
		if g.name == req.Assume.Agency && req.Assume.Domain.fits(g.Domain) && g.trusts == user.Domain && d.byID[user.ID] == user {
			c := a.begin(&g.account, byAssumeRole)
			c.assumedBy, c.expires = user, min(c.expires, until)
			return c, nil
		}
	}
	return claims{}, smn.Errorf(smn.Forbidden, "there is no such agency, or it does not trust the domain of the user")
}

// fits says whether the parts that are given are those of another domain.
func (d Domain) fits(other Domain) bool {
	return (d.ID == "" || d.ID == other.ID) && (d.Name == "" || d.Name == other.Name)
}

// find gives the one user that a login fits, nil for none or several.
func (d *directory) find(l Login) *account {
	var found *account
	for _, acc := range d.accounts {
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
	c, err := a.verify(a.directory.Load(), value)
	if err != nil {
		return Token{}, err
	}
	return c.token(value), nil
}

// verify gives the claims of a valid token. They are shared: do not change them.
func (a *Authority) verify(d *directory, value string) (*claims, error) {
	now := a.now()
	c := d.cache.get(value)
	if c == nil {
		if a.static != nil && hmac.Equal(digest(a.passwordKey, value), a.static) {
			return d.staticClaims(now), nil
		}
		var ok bool
		if c, ok = a.open(d, value); !ok {
			return nil, incorrect("decrypt token fail")
		}
		if now.Unix() < c.expires {
			d.cache.put(value, c)
		}
	}
	if now.Unix() >= c.expires {
		d.cache.drop(value)
		return nil, incorrect("token expires, expires_at: %s", time.Unix(c.expires, 0).UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	return c, nil
}

// staticClaims makes the static token look as if it had just been issued.
func (d *directory) staticClaims(now time.Time) *claims {
	first := d.accounts[0]
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
