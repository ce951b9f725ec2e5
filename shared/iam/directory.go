package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// directory is who there is, and what was found out about their tokens. It does
// not change once it is in use: another one takes its place.
type directory struct {
	accounts []*account
	byID     map[string]*account // users
	byAccess map[string]keyHolder
	names    map[[3]string]bool // of users, by the id of their domain and by its name
	agencies map[string]*agency // by id
	hardest  int                // the highest cost of a password hash; 0: there is none
	cache    tokenCache
}

// account is whom a caller may be: a user as an Authority keeps it, without its
// password, or an agency.
type account struct {
	Identity
	projects []Project
	password []byte // digest; nil if there is none or only its hash is known
	hash     []byte // bcrypt; nil if there is none
	totp     []byte // secret; nil if there is no device
	version  []byte // digest of all credentials, see credentialVersion; nil for an agency
}

// agency is an account that the users of a domain may assume.
type agency struct {
	account
	name   string
	trusts Domain
}

// keyHolder is an access key and whose it is.
type keyHolder struct {
	secret string
	*account
}

// fill makes a directory and puts it into use.
func (a *Authority) fill(users []User, agencies []Agency) error {
	d := &directory{
		byID:     map[string]*account{},
		byAccess: map[string]keyHolder{},
		names:    map[[3]string]bool{},
		agencies: map[string]*agency{},
		cache:    tokenCache{claims: map[string]*claims{}},
	}
	if len(users) == 0 {
		return errors.New("iam: no user is configured")
	}
	for i, u := range users {
		if err := a.add(d, u); err != nil {
			return fmt.Errorf("iam: user %d (%q): %w", i+1, u.Name, err)
		}
	}
	for i, g := range agencies {
		if err := d.offer(g); err != nil {
			return fmt.Errorf("iam: agency %d (%q): %w", i+1, g.Name, err)
		}
	}
	a.directory.Store(d)
	a.keyStrikes.keep(func(access string) bool { _, ok := d.byAccess[access]; return ok })
	a.codeStrikes.keep(func(id string) bool { return d.byID[id] != nil })
	return nil
}

// add checks one user and takes it in.
func (a *Authority) add(d *directory, u User) error {
	switch {
	case !isUserID(u.ID):
		return errors.New("id: " + wantID)
	case d.byID[u.ID] != nil:
		return errors.New("another user has the same id")
	case !isName(u.Name):
		return errors.New("name: " + wantName)
	case u.Password != "" && u.PasswordHash != "":
		return errors.New("there are both a password and the hash of one")
	case u.Password == "" && u.PasswordHash == "" && len(u.Keys) == 0:
		return errors.New("there is neither a password nor an access key")
	case len(u.TOTP) > 0 && len(u.TOTP) < minTOTPSecret:
		return fmt.Errorf("totp: the secret has fewer than %d bytes", minTOTPSecret)
	}
	if err := checkDomain(u.Domain); err != nil {
		return err
	}
	for _, name := range [][3]string{{"id", u.Domain.ID, u.Name}, {"name", u.Domain.Name, u.Name}} {
		if d.names[name] {
			return fmt.Errorf("domain %q has another user of the same name", u.Domain.Name)
		}
		d.names[name] = true
	}
	if err := checkProjects(u.Projects); err != nil {
		return err
	}
	acc := &account{
		Identity: Identity{ID: u.ID, Name: u.Name, Domain: u.Domain},
		projects: slices.Clone(u.Projects),
		totp:     slices.Clone(u.TOTP),
		version:  credentialVersion(a.versionKey, u),
	}
	if u.Password != "" {
		acc.password = digest(a.passwordKey, u.Password)
	}
	if u.PasswordHash != "" {
		cost, err := costOf(u.PasswordHash)
		if err != nil {
			return fmt.Errorf("password: %w", err)
		}
		acc.hash = []byte(u.PasswordHash)
		d.hardest = max(d.hardest, cost)
	}
	for i, k := range u.Keys {
		// The access key itself is not shown: people do mix up the two fields.
		if !isAccessKey(k.Access) {
			return fmt.Errorf("key %d: access key: %s", i+1, wantAccessKey)
		}
		if k.Secret == "" {
			return fmt.Errorf("key %d: the secret is empty", i+1)
		}
		if _, taken := d.byAccess[k.Access]; taken {
			return fmt.Errorf("key %d: the access key is there twice", i+1)
		}
		d.byAccess[k.Access] = keyHolder{secret: k.Secret, account: acc}
	}
	d.accounts = append(d.accounts, acc)
	d.byID[u.ID] = acc
	return nil
}

// offer checks one agency and takes it in.
func (d *directory) offer(g Agency) error {
	if !isName(g.Name) {
		return errors.New("name: " + wantName)
	}
	for _, domain := range []Domain{g.Domain, g.Trusts} {
		if err := checkDomain(domain); err != nil {
			return err
		}
	}
	if err := checkProjects(g.Projects); err != nil {
		return err
	}
	id := idOf("agency", g.Domain.ID, g.Name)
	if d.byID[id] != nil {
		return errors.New("a user has the id of the agency")
	}
	if d.agencies[id] != nil {
		return fmt.Errorf("domain %q has another agency of the same name", g.Domain.Name)
	}
	d.agencies[id] = &agency{
		account: account{
			Identity: Identity{ID: id, Name: g.Domain.Name + "/" + g.Name, Domain: g.Domain},
			projects: slices.Clone(g.Projects),
		},
		name:   g.Name,
		trusts: g.Trusts,
	}
	return nil
}

func checkDomain(d Domain) error {
	switch {
	case !isUserID(d.ID):
		return errors.New("domain id: " + wantID)
	case !isName(d.Name):
		return errors.New("domain name: " + wantName)
	}
	return nil
}

func checkProjects(projects []Project) error {
	if len(projects) == 0 {
		return errors.New("no project is configured")
	}
	for i, p := range projects {
		if !smn.IsID(p.ID) {
			return fmt.Errorf("project %d: id: %s", i+1, wantProjectID)
		}
		if !isName(p.Name) {
			return fmt.Errorf("project %d: name: %s", i+1, wantName)
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

// credentialVersion changes when the password, the device or a key of a user
// does, whatever the order of the keys.
func credentialVersion(key []byte, u User) []byte {
	parts := []string{u.ID, u.Password}
	keys := slices.SortedFunc(slices.Values(u.Keys), func(x, y AccessKey) int { return strings.Compare(x.Access, y.Access) })
	for _, k := range keys {
		parts = append(parts, k.Access, k.Secret)
	}
	if u.PasswordHash != "" {
		parts = append(parts, "bcrypt,", u.PasswordHash) // no access key has a comma
	}
	if len(u.TOTP) > 0 {
		parts = append(parts, "totp,", string(u.TOTP))
	}
	var b []byte
	for _, p := range parts { // with lengths, so that no two lists of parts look alike
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return digest(key, string(b))[:versionSize]
}
