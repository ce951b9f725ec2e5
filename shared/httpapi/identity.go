package httpapi

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const headerToken = "X-Auth-Token"

// IssueToken is the login: a token for a password, for another token, or for an
// agency that the caller may assume.
var IssueToken = Operation{
	Name:  "issue-token",
	Route: "POST /v3/auth/tokens",
	door:  loginDoor,
	bind:  withIdentity(issueToken),
}

func issueToken(r *http.Request, c Config) (reply, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return reply{}, smn.Errorf(smn.Unreadable, "the body ended early")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var req wire.TokenRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in, err := tokenRequest(req)
	if err != nil {
		return reply{}, err
	}
	ctx := r.Context()
	if slices.Contains(in.Methods, iam.MethodAssumeRole) {
		// Here alone a login has a caller: who assumes the agency.
		if in.TokenID = r.Header.Get(headerToken); in.TokenID == "" {
			caller, err := c.Identity.Authenticate(ctx, r, body)
			if err != nil {
				return reply{}, err
			}
			ctx = smn.WithCaller(ctx, caller)
		}
	}
	token, err := c.Identity.IssueToken(ctx, in)
	if err != nil {
		return reply{}, err
	}
	return tokenReply(http.StatusCreated, r, c, token), nil
}

// InspectToken tells what the token in X-Subject-Token says. Whoever has a token
// could use it as well, so any caller may ask.
var InspectToken = Operation{
	Name:  "inspect-token",
	Route: "GET /v3/auth/tokens",
	door:  tokenDoor,
	bind:  withIdentity(inspectToken),
}

func inspectToken(r *http.Request, c Config) (reply, error) {
	token, err := c.Identity.InspectToken(r.Context(), r.Header.Get(wire.HeaderSubjectToken))
	return tokenReply(http.StatusOK, r, c, token), err
}

func tokenRequest(req wire.TokenRequest) (iam.TokenRequest, error) {
	identity := req.Auth.Identity
	in := iam.TokenRequest{Methods: identity.Methods}
	if p := identity.Password; p != nil {
		in.User = iam.Login{ID: p.User.ID, Name: p.User.Name, Domain: domainOf(p.User.Domain), Password: p.User.Password}
	}
	if p := identity.TOTP; p != nil {
		in.Passcode = iam.Passcode{ID: p.User.ID, Name: p.User.Name, Domain: domainOf(p.User.Domain), Code: p.User.Passcode}
	}
	if t := identity.Token; t != nil {
		in.TokenID = t.ID
	}
	if role := identity.AssumeRole; role != nil {
		if role.XRoleName != "" && role.AgencyName != "" && role.XRoleName != role.AgencyName {
			return in, smn.Errorf(smn.Unreadable, "auth.identity.assume_role has two names of an agency")
		}
		in.Assume = iam.Assumption{Agency: cmp.Or(role.XRoleName, role.AgencyName), Domain: iam.Domain{ID: role.DomainID, Name: role.DomainName}}
	}
	switch s := req.Auth.Scope; {
	case s == nil:
	case s.Project != nil && s.Domain != nil:
		return in, smn.Errorf(smn.Unreadable, "auth.scope names a project and a domain; it can be one of them")
	case s.Project != nil:
		in.Project = &iam.Project{ID: s.Project.ID, Name: s.Project.Name}
		in.Domain = domainOf(s.Project.Domain)
	case s.Domain != nil:
		if in.Domain = domainOf(s.Domain); in.Domain == (iam.Domain{}) {
			return in, smn.Errorf(smn.Unreadable, "auth.scope.domain needs an id or a name")
		}
	}
	return in, nil
}

func domainOf(n *wire.Named) iam.Domain {
	if n == nil {
		return iam.Domain{}
	}
	return iam.Domain{ID: n.ID, Name: n.Name}
}

func tokenReply(status int, r *http.Request, c Config, t iam.Token) reply {
	domain := wire.Named{ID: t.User.Domain.ID, Name: t.User.Domain.Name}
	body := wire.Token{
		Methods:   t.Methods,
		IssuedAt:  wire.TokenTime(t.IssuedAt),
		ExpiresAt: wire.TokenTime(t.ExpiresAt),
		User:      tokenUser(t.User),
		Roles:     []wire.Named{{ID: "0", Name: "te_admin"}},
	}
	if t.AssumedBy != nil {
		body.AssumedBy = &wire.TokenAssumedBy{User: tokenUser(*t.AssumedBy)}
	}
	if t.Project.ID == "" {
		body.Domain = &domain
	} else {
		body.Project = &wire.TokenProject{ID: t.Project.ID, Name: t.Project.Name, Domain: &domain}
	}
	if !r.URL.Query().Has("nocatalog") {
		body.Catalog = wire.NewCatalog(baseURL(r, c), c.Region, t.Project.ID)
	}
	return reply{
		status: status,
		json:   wire.TokenResponse{Token: body},
		header: map[string]string{wire.HeaderSubjectToken: t.Value, "Cache-Control": "no-store"},
	}
}

func tokenUser(i iam.Identity) wire.TokenUser {
	return wire.TokenUser{ID: i.ID, Name: i.Name, Domain: wire.Named{ID: i.Domain.ID, Name: i.Domain.Name}}
}
