package iam

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Domain is an account: the owner of users and projects.
type Domain struct{ ID, Name string }

// Project is what topics belong to. Its ID is an id as smn.IsID says.
type Project struct{ ID, Name string }

// AccessKey signs requests. Access is its public name, Secret must never be
// shown.
type AccessKey struct{ Access, Secret string }

// User is someone who may call. All projects are open to all of a user's
// credentials.
type User struct {
	ID           string // 1 to 64 letters, digits, hyphens and underscores; unique
	Name         string // unique in its domain
	Domain       Domain
	Password     string      // as it is; empty if there is none or only its hash is known
	PasswordHash string      // bcrypt, of cost minHashCost to maxHashCost; not beside a Password
	TOTP         []byte      // the secret of an RFC 6238 device; empty: the user has none
	Projects     []Project   // at least one; the first is meant when a call names none
	Keys         []AccessKey // may be empty; Access is unique among all users
}

// Agency lets the users of one domain act in projects of another. It carries no
// secret: who may assume it has proved to be a user of the domain that it trusts.
type Agency struct {
	Name     string // unique in its domain
	Domain   Domain // offers the agency and owns its projects
	Trusts   Domain // whose users may assume it
	Projects []Project
}

// Config is what an Authority is made of.
type Config struct {
	Users    []User // at least one
	Agencies []Agency

	// TokenKey seals the tokens: 32 random bytes, the same at every instance.
	// Another key ends all tokens.
	TokenKey []byte

	// StaticToken, unless empty, is a token that stands for the first user in its
	// first project and never expires. It is for sample events in local runs:
	// whoever knows it is that user.
	StaticToken string

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Authority knows the users and judges their credentials. Its methods may be
// called from many goroutines at once.
type Authority struct {
	directory   atomic.Pointer[directory]
	passwordKey []byte
	versionKey  []byte
	static      []byte // digest of the static token; nil without one
	seal        sealer
	gate        gate
	keyStrikes  strikes // bad signatures, by access key
	codeStrikes strikes // bad passcodes, by user id
	usedCodes   usedCodes
	now         func() time.Time
}

// New checks a configuration and makes the Authority that judges by it. Its
// errors say what is wrong in one line and never show a secret.
func New(c Config) (*Authority, error) {
	if len(c.TokenKey) != keySize {
		return nil, fmt.Errorf("iam: the token key has %d bytes instead of %d", len(c.TokenKey), keySize)
	}
	seal, err := newSealer(DeriveKey(c.TokenKey, "token seal"))
	if err != nil {
		return nil, fmt.Errorf("iam: token key: %w", err)
	}
	a := &Authority{
		passwordKey: DeriveKey(c.TokenKey, "password digest"),
		versionKey:  DeriveKey(c.TokenKey, "credential version"),
		seal:        seal,
		gate:        newGate(),
		now:         c.Now,
	}
	if a.now == nil {
		a.now = time.Now
	}
	if c.StaticToken != "" {
		a.static = digest(a.passwordKey, c.StaticToken)
	}
	if err := a.fill(c.Users, c.Agencies); err != nil {
		return nil, err
	}
	return a, nil
}

// Replace puts other users and agencies in the place of those that were there,
// all at once. Tokens of who is gone, or has other credentials, end with it. When
// there is something wrong with the new ones, the old ones stay.
func (a *Authority) Replace(users []User, agencies []Agency) error {
	return a.fill(users, agencies)
}
