package iam

import (
	"context"

	"tocsin/shared/smn"
)

// Scopes is what a caller may ask a token for.
type Scopes struct {
	Domain   Domain    // the caller's own
	Projects []Project // of that domain; the first is meant when a call names none
}

// Scopes tells the caller of ctx, as Authenticate made it, what is open to it.
//
// Unauthenticated when there is no such caller any more.
func (a *Authority) Scopes(ctx context.Context) (Scopes, error) {
	c, err := smn.CallerFrom(ctx)
	if err != nil {
		return Scopes{}, err
	}
	d := a.directory.Load()
	acc := d.byID[c.User]
	if g := d.agencies[c.User]; acc == nil && g != nil {
		acc = &g.account
	}
	if acc == nil {
		return Scopes{}, incorrect("the user does not exist any more")
	}
	return Scopes{Domain: acc.Domain, Projects: acc.projects}, nil
}
