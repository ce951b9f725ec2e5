package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
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
	ID       string // 1 to 64 letters, digits, hyphens and underscores; unique
	Name     string // unique in its domain
	Domain   Domain
	Password string      // empty: the user signs requests and cannot log in
	Projects []Project   // at least one; the first is meant when a call names none
	Keys     []AccessKey // may be empty; Access is unique among all users
}

// Config is what an Authority is made of.
type Config struct {
	Users []User // at least one

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
	accounts    []*account
	byID        map[string]*account
	byAccess    map[string]keyHolder
	passwordKey []byte
	static      []byte // digest of the static token; nil without one
	seal        sealer
	cache       tokenCache
	now         func() time.Time
}

// account is a user as an Authority keeps it: without its password.
type account struct {
	Identity
	projects []Project
	password []byte // digest
	version  []byte // digest of all credentials, see credentialVersion
}

// keyHolder is an access key and whose it is.
type keyHolder struct {
	secret string
	*account
}

// New checks a configuration and makes the Authority that judges by it. Its
// errors say what is wrong in one line and never show a secret.
func New(c Config) (*Authority, error) {
	if len(c.TokenKey) != keySize {
		return nil, fmt.Errorf("iam: the token key has %d bytes instead of %d", len(c.TokenKey), keySize)
	}
	if len(c.Users) == 0 {
		return nil, errors.New("iam: no user is configured")
	}
	seal, err := newSealer(DeriveKey(c.TokenKey, "token seal"))
	if err != nil {
		return nil, fmt.Errorf("iam: token key: %w", err)
	}
	a := &Authority{
		byID:        map[string]*account{},
		byAccess:    map[string]keyHolder{},
		passwordKey: DeriveKey(c.TokenKey, "password digest"),
		seal:        seal,
		cache:       tokenCache{claims: map[string]*claims{}},
		now:         c.Now,
	}
	if a.now == nil {
		a.now = time.Now
	}
	if c.StaticToken != "" {
		a.static = digest(a.passwordKey, c.StaticToken)
	}
	versionKey := DeriveKey(c.TokenKey, "credential version")
	for i, u := range c.Users {
		if err := a.add(u, versionKey); err != nil {
			return nil, fmt.Errorf("iam: user %d (%q): %w", i+1, u.Name, err)
		}
	}
	return a, nil
}

// add checks one user and takes it in.
func (a *Authority) add(u User, versionKey []byte) error {
	switch {
	case !isUserID(u.ID):
		return errors.New("id: want 1 to 64 letters, digits, hyphens and underscores")
	case a.byID[u.ID] != nil:
		return errors.New("another user has the same id")
	case !isName(u.Name):
		return errors.New("name: want 1 to 255 bytes of text without control characters")
	case !isUserID(u.Domain.ID):
		return errors.New("domain id: want 1 to 64 letters, digits, hyphens and underscores")
	case !isName(u.Domain.Name):
		return errors.New("domain name: want 1 to 255 bytes of text without control characters")
	case u.Password == "" && len(u.Keys) == 0:
		return errors.New("there is neither a password nor an access key")
	}
	for _, other := range a.accounts {
		if other.Name == u.Name && (other.Domain.ID == u.Domain.ID || other.Domain.Name == u.Domain.Name) {
			return fmt.Errorf("domain %q has another user of the same name", u.Domain.Name)
		}
	}
	if err := checkProjects(u.Projects); err != nil {
		return err
	}
	acc := &account{
		Identity: Identity{ID: u.ID, Name: u.Name, Domain: u.Domain},
		projects: slices.Clone(u.Projects),
		password: digest(a.passwordKey, u.Password),
		version:  credentialVersion(versionKey, u),
	}
	for i, k := range u.Keys {
		// The access key itself is not shown: people do mix up the two fields.
		if !isAccessKey(k.Access) {
			return fmt.Errorf("key %d: access key: want 1 to 64 printable ASCII characters without space , ; = /", i+1)
		}
		if k.Secret == "" {
			return fmt.Errorf("key %d: the secret is empty", i+1)
		}
		if _, taken := a.byAccess[k.Access]; taken {
			return fmt.Errorf("key %d: the access key is there twice", i+1)
		}
		a.byAccess[k.Access] = keyHolder{secret: k.Secret, account: acc}
	}
	a.accounts = append(a.accounts, acc)
	a.byID[u.ID] = acc
	return nil
}

func checkProjects(projects []Project) error {
	if len(projects) == 0 {
		return errors.New("no project is configured")
	}
	for i, p := range projects {
		if !smn.IsID(p.ID) {
			return fmt.Errorf("project %d: id: want 32 lower-case hex characters", i+1)
		}
		if !isName(p.Name) {
			return fmt.Errorf("project %d: name: want 1 to 255 bytes of text without control characters", i+1)
		}
		for _, other := range projects[:i] {
			if other.ID == p.ID || other.Name == p.Name {
				return fmt.Errorf("project %d: the id or the name is there twice", i+1)
			}
		}
	}
	return nil
}

// isUserID is wide enough for the ids of other systems, and safe in a log line.
func isUserID(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.IndexFunc(s, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_'
	}) < 0
}

func isName(s string) bool {
	return len(s) >= 1 && len(s) <= 255 && utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// isAccessKey leaves out what separates fields in an Authorization header.
func isAccessKey(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.IndexFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(",;=/", c)
	}) < 0
}

// digest makes secrets of any length comparable in constant time.
func digest(key []byte, secret string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// versionSize is the length of a credential version, in bytes.
const versionSize = 16

// credentialVersion changes when the password or a key of a user does, whatever
// the order of the keys.
func credentialVersion(key []byte, u User) []byte {
	parts := []string{u.ID, u.Password}
	keys := slices.SortedFunc(slices.Values(u.Keys), func(x, y AccessKey) int { return strings.Compare(x.Access, y.Access) })
	for _, k := range keys {
		parts = append(parts, k.Access, k.Secret)
	}
	var b []byte
	for _, p := range parts { // with lengths, so that no two lists of parts look alike
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return digest(key, string(b))[:versionSize]
}
