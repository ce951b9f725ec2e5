package iam

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"tocsin/shared/smn"
)

// The headers by which a caller proves who it is and says for which project.
const (
	headerToken         = "X-Auth-Token"
	headerAuthorization = "Authorization"
	headerProject       = "X-Project-Id"
)

// Authenticate says who sent r, by its X-Auth-Token or else by its signature.
// The body is that of r, byte for byte as it was received.
//
// A token's caller acts for the token's project, or for none when the token is for
// a domain. A signer acts for the project
// of the X-Project-Id header, else for that of the path /v2/{project_id}/… if it
// is one of the signer's, else for the signer's first one; whether the path may
// be used is judged by those who serve it.
//
// Unauthenticated without credentials or with wrong ones; Forbidden when
// X-Project-Id names a project that the credentials do not open.
func (a *Authority) Authenticate(_ context.Context, r *http.Request, body []byte) (smn.Caller, error) {
	if value := r.Header.Get(headerToken); value != "" {
		c, err := a.verify(a.directory.Load(), value)
		if err != nil {
			return smn.Caller{}, err
		}
		return c.account.caller(r, c.open())
	}
	if values := r.Header.Values(headerAuthorization); len(values) == 1 {
		acc, err := a.verifySignature(r, values[0], body)
		if err != nil {
			return smn.Caller{}, err
		}
		return acc.caller(r, acc.projects)
	}
	return smn.Caller{}, incorrect("x-auth-token not found")
}

// caller makes the caller behind r, whose credentials open these projects.
func (acc *account) caller(r *http.Request, open []Project) (smn.Caller, error) {
	has := func(id string) bool {
		return slices.ContainsFunc(open, func(p Project) bool { return p.ID == id })
	}
	var project string
	if len(open) > 0 {
		project = open[0].ID
	}
	if named := r.Header.Get(headerProject); named != "" {
		if !has(named) {
			return smn.Caller{}, smn.Errorf(smn.Forbidden, "the credentials do not open the project of the X-Project-Id header")
		}
		project = named
	} else if rest, ok := strings.CutPrefix(r.URL.Path, "/v2/"); ok {
		if named, _, _ := strings.Cut(rest, "/"); has(named) {
			project = named
		}
	}
	return smn.Caller{Project: project, Domain: acc.Domain.ID, User: acc.ID}, nil
}
