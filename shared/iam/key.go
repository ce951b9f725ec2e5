package iam

import (
	"context"
	"errors"

	"tocsin/shared/smn"
)

// Why an access key opens nothing.
var (
	ErrUnknownKey  = errors.New("there is no such access key")
	ErrKeyLocked   = errors.New("the access key is locked for a while after too many wrong signatures")
	ErrWrongSecret = errors.New("this was not made with the secret of the access key")
)

// VerifyKey says who acts by an access key, for doors that know signatures of their
// own. verify judges the secret of the key: ErrWrongSecret counts towards the lock, as
// a wrong signature does elsewhere; any other error says that there was nothing to
// judge, and is given back. The caller acts for the first project of the key's owner.
//
// ErrUnknownKey, ErrKeyLocked, and what verify says.
func (a *Authority) VerifyKey(_ context.Context, access string, verify func(secret string) error) (smn.Caller, error) {
	holder, err := a.openKey(access, verify)
	if err != nil {
		return smn.Caller{}, err
	}
	return smn.Caller{Project: holder.projects[0].ID, Domain: holder.Domain.ID, User: holder.ID}, nil // every user has one
}

// openKey gives whose an access key is, if verify says that its secret is known. A key
// with too many wrong proofs in a row is locked for a while.
func (a *Authority) openKey(access string, verify func(secret string) error) (*account, error) {
	holder, ok := a.directory.Load().byAccess[access]
	if !ok {
		return nil, ErrUnknownKey
	}
	now := a.now()
	if a.keyStrikes.locked(access, now) {
		return nil, ErrKeyLocked
	}
	if err := verify(holder.secret); err != nil {
		if errors.Is(err, ErrWrongSecret) {
			a.keyStrikes.failed(access, now)
		}
		return nil, err
	}
	a.keyStrikes.succeeded(access)
	return holder.account, nil
}
