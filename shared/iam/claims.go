package iam

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// claims is what a token says, resolved against the users of today.
type claims struct {
	account         *account // who acts
	assumedBy       *account // the user who acts as an agency; nil: account is a user
	project         Project  // none when ofDomain
	ofDomain        bool     // the token is for the domain of the account and opens no project
	methods         methods
	issued, expires int64 // Unix seconds
}

// open are the projects that the claims open.
func (c *claims) open() []Project {
	if c.ofDomain {
		return nil
	}
	return []Project{c.project}
}

// methods is a set of ways to ask for a token.
type methods byte

const (
	byPassword methods = 1 << iota
	byToken
	byTOTP
	byAssumeRole
	forDomain methods = 1 << 7 // not a method: the scope is the domain
)

type namedMethod struct {
	method methods
	name   string
}

// names are the methods in the order in which a user goes through them.
var names = []namedMethod{{byPassword, MethodPassword}, {byTOTP, MethodTOTP}, {byAssumeRole, MethodAssumeRole}, {byToken, MethodToken}}

// token shows claims to the outside.
func (c *claims) token(value string) Token {
	t := Token{
		Value:     value,
		IssuedAt:  time.Unix(c.issued, 0).UTC(),
		ExpiresAt: time.Unix(c.expires, 0).UTC(),
		User:      c.account.Identity,
		Project:   c.project,
	}
	if c.assumedBy != nil {
		t.AssumedBy = &c.assumedBy.Identity
	}
	for _, m := range names {
		if c.methods&m.method != 0 {
			t.Methods = append(t.Methods, m.name)
		}
	}
	return t
}

// A token is base64url of
//
//	format (1) | nonce (12) | sealed | tag (16)
//
// and what is sealed is
//
//	methods (1) | issued (8) | expires (8) | credential version (16) | project (16) | user id (rest)
//
// with times in big-endian Unix seconds. The highest bit of methods says that the
// token is for the domain; the project is zero then. When the user acts as an
// agency, a zero byte and the id of the agency follow the user's. Sealing hides whose token it is, and
// makes a token without the key impossible.
const (
	tokenFormat   = 1
	claimsSize    = 1 + 8 + 8 + versionSize + 16 // without the user id
	maxTokenValue = 512                          // characters; no token is that long
)

const noProject = "00000000000000000000000000000000"

// sealer turns claims into tokens and back.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func (s sealer) seal(c claims) string {
	user, agencyID := c.account, ""
	if c.assumedBy != nil {
		user, agencyID = c.assumedBy, "\x00"+c.account.ID
	}
	project := c.project.ID
	if c.ofDomain {
		c.methods |= forDomain
		project = noProject
	}
	plain := make([]byte, 0, claimsSize+len(user.ID)+len(agencyID))
	plain = append(plain, byte(c.methods))
	plain = binary.BigEndian.AppendUint64(plain, uint64(c.issued))
	plain = binary.BigEndian.AppendUint64(plain, uint64(c.expires))
	plain = append(plain, user.version...)
	plain, _ = hex.AppendDecode(plain, []byte(project)) // an id, by New
	plain = append(plain, user.ID...)
	plain = append(plain, agencyID...)

	head := []byte{tokenFormat}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(head, nil, plain, head))
}

// unseal gives the plain claims of a token, false if it was not sealed here.
func (s sealer) unseal(value string) ([]byte, bool) {
	if len(value) > maxTokenValue {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	// The decoder skips line ends; a token has one spelling.
	if err != nil || len(raw) == 0 || raw[0] != tokenFormat || base64.RawURLEncoding.EncodedLen(len(raw)) != len(value) {
		return nil, false
	}
	plain, err := s.aead.Open(nil, nil, raw[1:], raw[:1])
	return plain, err == nil && len(plain) > claimsSize
}

// open gives the claims of a token whose user still has the same credentials,
// may still assume the agency if there is one, and still has the project.
// Whether it has expired is for the caller to see.
func (a *Authority) open(d *directory, value string) (*claims, bool) {
	plain, ok := a.seal.unseal(value)
	if !ok {
		return nil, false
	}
	c := &claims{
		methods:  methods(plain[0]) &^ forDomain,
		ofDomain: methods(plain[0])&forDomain != 0,
		issued:   int64(binary.BigEndian.Uint64(plain[1:])),
		expires:  int64(binary.BigEndian.Uint64(plain[9:])),
	}
	version, project := plain[17:17+versionSize], plain[17+versionSize:claimsSize]
	user, agencyID, assumed := strings.Cut(string(plain[claimsSize:]), "\x00")
	c.account = d.byID[user]
	if c.account == nil || !hmac.Equal(version, c.account.version) {
		return nil, false
	}
	if assumed {
		g := d.agencies[agencyID]
		if g == nil || g.trusts != c.account.Domain {
			return nil, false
		}
		c.account, c.assumedBy = &g.account, c.account
	}
	if c.ofDomain {
		return c, true
	}
	id := hex.EncodeToString(project)
	i := slices.IndexFunc(c.account.projects, func(p Project) bool { return p.ID == id })
	if i < 0 {
		return nil, false
	}
	c.project = c.account.projects[i]
	return c, true
}
