package client

import (
	"context"
	"fmt"
	"net/http"

	"tocsin/shared/iam"
	"tocsin/shared/wire"
)

const tokensPath = "/v3/auth/tokens"

// IssueToken logs in at the identity service.
func (c *Client) IssueToken(ctx context.Context, in iam.TokenRequest) (iam.Token, error) {
	var req wire.TokenRequest
	req.Auth.Identity.Methods = in.Methods
	if in.User.ID != "" || in.User.Name != "" {
		user := wire.TokenPasswordUser{ID: in.User.ID, Name: in.User.Name, Password: in.User.Password}
		if d := in.User.Domain; d != (iam.Domain{}) {
			user.Domain = &wire.Named{ID: d.ID, Name: d.Name}
		}
		req.Auth.Identity.Password = &wire.TokenPassword{User: user}
	}
	if in.TokenID != "" {
		req.Auth.Identity.Token = &wire.TokenID{ID: in.TokenID}
	}
	var domain *wire.Named
	if in.Domain != (iam.Domain{}) {
		domain = &wire.Named{ID: in.Domain.ID, Name: in.Domain.Name}
	}
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
	var out wire.TokenResponse
	_, header, err := c.send(ctx, http.MethodPost, c.iam+tokensPath, nil, body, &out, false)
	if err != nil {
		return iam.Token{}, err
	}
	return tokenOf(out.Token, header.Get(wire.HeaderSubjectToken))
}

// InspectToken asks the identity service what a token says, with that token
// itself as the credential.
func (c *Client) InspectToken(ctx context.Context, value string) (iam.Token, error) {
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
	return iam.Token{
		Value:     value,
		Methods:   t.Methods,
		IssuedAt:  issued,
		ExpiresAt: expires,
		User: iam.Identity{
			ID: t.User.ID, Name: t.User.Name,
			Domain: iam.Domain{ID: t.User.Domain.ID, Name: t.User.Domain.Name},
		},
		Project: iam.Project{ID: t.Project.ID, Name: t.Project.Name},
	}, nil
}
