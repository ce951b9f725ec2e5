package httpapi

import (
	"net/http"

	"tocsin/shared/iam"
	"tocsin/shared/wire"
)

// IssueToken is the login: a token for a password, or for another token.
var IssueToken = Operation{
	Name:  "issue-token",
	Route: "POST /v3/auth/tokens",
	door:  loginDoor,
	bind:  withIdentity(issueToken),
}

func issueToken(r *http.Request, c Config) (reply, error) {
	var req wire.TokenRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	token, err := c.Identity.IssueToken(r.Context(), tokenRequest(req))
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

func tokenRequest(req wire.TokenRequest) iam.TokenRequest {
	in := iam.TokenRequest{Methods: req.Auth.Identity.Methods}
	if p := req.Auth.Identity.Password; p != nil {
		in.User.ID, in.User.Name, in.User.Password = p.User.ID, p.User.Name, p.User.Password
		if d := p.User.Domain; d != nil {
			in.User.Domain = iam.Domain{ID: d.ID, Name: d.Name}
		}
	}
	if t := req.Auth.Identity.Token; t != nil {
		in.TokenID = t.ID
	}
	if s := req.Auth.Scope; s != nil {
		domain := s.Domain
		if s.Project != nil {
			in.Project = &iam.Project{ID: s.Project.ID, Name: s.Project.Name}
			domain = s.Project.Domain
		}
		if domain != nil {
			in.Domain = iam.Domain{ID: domain.ID, Name: domain.Name}
		}
	}
	return in
}

func tokenReply(status int, r *http.Request, c Config, t iam.Token) reply {
	domain := wire.Named{ID: t.User.Domain.ID, Name: t.User.Domain.Name}
	body := wire.Token{
		Methods:   t.Methods,
		IssuedAt:  wire.TokenTime(t.IssuedAt),
		ExpiresAt: wire.TokenTime(t.ExpiresAt),
		User:      wire.TokenUser{ID: t.User.ID, Name: t.User.Name, Domain: domain},
		Project:   wire.TokenProject{ID: t.Project.ID, Name: t.Project.Name, Domain: &domain},
		Roles:     []wire.Named{{ID: "0", Name: "te_admin"}},
	}
	if r.URL.Query().Get("nocatalog") == "" {
		body.Catalog = wire.NewCatalog(baseURL(r, c), c.Region, t.Project.ID)
	}
	return reply{
		status: status,
		json:   wire.TokenResponse{Token: body},
		header: map[string]string{wire.HeaderSubjectToken: t.Value, "Cache-Control": "no-store"},
	}
}
