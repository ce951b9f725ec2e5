package client

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const tokensPath = "/v3/auth/tokens"

var errNoToken = smn.Errorf(smn.Unauthenticated, "Incorrect IAM authentication information: decrypt token fail")

// isToken says whether a header can carry s as it is.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// IssueToken logs in at the identity service.
func (c *Client) IssueToken(ctx context.Context, in iam.TokenRequest) (iam.Token, error) {
	var req wire.TokenRequest
	req.Auth.Identity.Methods = in.Methods
	if in.User.ID != "" || in.User.Name != "" {
		user := wire.TokenPasswordUser{ID: in.User.ID, Name: in.User.Name, Password: in.User.Password, Domain: namedOf(in.User.Domain)}
		req.Auth.Identity.Password = &wire.TokenPassword{User: user}
	}
	if in.Passcode.Code != "" {
		p := in.Passcode
		req.Auth.Identity.TOTP = &wire.TokenTOTP{User: wire.TokenTOTPUser{ID: p.ID, Name: p.Name, Domain: namedOf(p.Domain), Passcode: p.Code}}
	}
	if g := in.Assume; g.Agency != "" {
		req.Auth.Identity.AssumeRole = &wire.TokenAssumeRole{DomainID: g.Domain.ID, DomainName: g.Domain.Name, XRoleName: g.Agency, AgencyName: g.Agency}
	} else if in.TokenID != "" {
		req.Auth.Identity.Token = &wire.TokenID{ID: in.TokenID}
	}
	domain := namedOf(in.Domain)
	switch {
	case in.Project != nil:
		req.Auth.Scope = &wire.TokenScope{Project: &wire.TokenProject{ID: in.Project.ID, Name: in.Project.Name, Domain: domain}}
	case domain != nil:
		req.Auth.Scope = &wire.TokenScope{Domain: domain}
	}
	body, err := encode(req)
	if err != nil {
		return iam.Token{}, fmt.Errorf("encode login: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.iam+tokensPath, bytes.NewReader(body))
	if err != nil {
		return iam.Token{}, fmt.Errorf("login: %w", err)
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	switch {
	case in.Assume.Agency == "":
	case !isToken(in.TokenID) && in.TokenID != "":
		return iam.Token{}, errNoToken
	case in.TokenID != "":
		r.Header.Set("X-Auth-Token", in.TokenID)
	default:
		return iam.Token{}, smn.Errorf(smn.Forbidden, "an agency can be assumed with a token only")
	}
	var out wire.TokenResponse
	_, header, err := c.exchange(r, &out)
	if err != nil {
		return iam.Token{}, err
	}
	return tokenOf(out.Token, header.Get(wire.HeaderSubjectToken))
}

func namedOf(d iam.Domain) *wire.Named {
	if d == (iam.Domain{}) {
		return nil
	}
	return &wire.Named{ID: d.ID, Name: d.Name}
}

// InspectToken asks the identity service what a token says, with that token
// itself as the credential.
func (c *Client) InspectToken(ctx context.Context, value string) (iam.Token, error) {
	if !isToken(value) {
		return iam.Token{}, errNoToken
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.iam+tokensPath+"?nocatalog=true", http.NoBody)
	if err != nil {
		return iam.Token{}, fmt.Errorf("inspect token: %w", err)
	}
	r.Header.Set("X-Auth-Token", value)
	r.Header.Set(wire.HeaderSubjectToken, value)
	var out wire.TokenResponse
	if _, _, err := c.exchange(r, &out); err != nil {
		return iam.Token{}, err
	}
	return tokenOf(out.Token, value)
}

func tokenOf(t wire.Token, value string) (iam.Token, error) {
	issued, err := wire.ParseTokenTime(t.IssuedAt)
	if err != nil {
		return iam.Token{}, fmt.Errorf("read issued_at: %w", err)
	}
	expires, err := wire.ParseTokenTime(t.ExpiresAt)
	if err != nil {
		return iam.Token{}, fmt.Errorf("read expires_at: %w", err)
	}
	token := iam.Token{
		Value:     value,
		Methods:   t.Methods,
		IssuedAt:  issued,
		ExpiresAt: expires,
		User:      identityOf(t.User),
	}
	if t.AssumedBy != nil {
		by := identityOf(t.AssumedBy.User)
		token.AssumedBy = &by
	}
	if t.Project != nil {
		token.Project = iam.Project{ID: t.Project.ID, Name: t.Project.Name}
	}
	return token, nil
}

func identityOf(u wire.TokenUser) iam.Identity {
	return iam.Identity{ID: u.ID, Name: u.Name, Domain: iam.Domain{ID: u.Domain.ID, Name: u.Domain.Name}}
}

// Scopes asks the identity service what is open to the credential of the client.
func (c *Client) Scopes(ctx context.Context) (iam.Scopes, error) {
	var projects wire.ListProjectsResponse
	if _, err := c.send(ctx, http.MethodGet, c.iam+"/v3/auth/projects", nil, nil, &projects, true); err != nil {
		return iam.Scopes{}, err
	}
	var domains wire.ListDomainsResponse
	if _, err := c.send(ctx, http.MethodGet, c.iam+"/v3/auth/domains", nil, nil, &domains, true); err != nil {
		return iam.Scopes{}, err
	}
	if len(domains.Domains) != 1 {
		return iam.Scopes{}, fmt.Errorf("the identity service lists %d domains instead of one", len(domains.Domains))
	}
	out := iam.Scopes{Domain: iam.Domain{ID: domains.Domains[0].ID, Name: domains.Domains[0].Name}}
	for _, p := range projects.Projects {
		out.Projects = append(out.Projects, iam.Project{ID: p.ID, Name: p.Name})
	}
	return out, nil
}
