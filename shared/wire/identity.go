package wire

import "time"

// HeaderSubjectToken carries a token in the answer that issues it, and in the
// request that asks about it.
const HeaderSubjectToken = "X-Subject-Token"

// TokenRequest is the body of POST /v3/auth/tokens.
type TokenRequest struct {
	Auth struct {
		Identity TokenIdentity `json:"identity"`
		Scope    *TokenScope   `json:"scope,omitempty"`
	} `json:"auth"`
}

// TokenIdentity says who wants a token.
type TokenIdentity struct {
	Methods  []string       `json:"methods"`
	Password *TokenPassword `json:"password,omitempty"`
	Token    *TokenID       `json:"token,omitempty"`
}

// TokenPassword holds a user and a password.
type TokenPassword struct {
	User TokenPasswordUser `json:"user"`
}

// TokenPasswordUser is a user, by name and domain or by id.
type TokenPasswordUser struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password"`
	Domain   *Named `json:"domain,omitempty"`
}

// TokenID holds a token.
type TokenID struct {
	ID string `json:"id"`
}

// TokenScope says what the token is for.
type TokenScope struct {
	Project *TokenProject `json:"project,omitempty"`
	Domain  *Named        `json:"domain,omitempty"`
}

// TokenProject is a project, by id or name.
type TokenProject struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Domain *Named `json:"domain,omitempty"`
}

// Named is anything that has an id and a name.
type Named struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// TokenResponse answers it; the token itself is in HeaderSubjectToken.
type TokenResponse struct {
	Token Token `json:"token"`
}

// Token is what a token says.
type Token struct {
	Methods   []string         `json:"methods"`
	IssuedAt  string           `json:"issued_at"`  // see TokenTime
	ExpiresAt string           `json:"expires_at"` // see TokenTime
	User      TokenUser        `json:"user"`
	Project   TokenProject     `json:"project"`
	Roles     []Named          `json:"roles"`
	Catalog   []CatalogService `json:"catalog,omitempty"`
}

// TokenUser is whom a token stands for.
type TokenUser struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain Named  `json:"domain"`
}

// CatalogService is a service and where to find it.
type CatalogService struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Endpoints []CatalogEndpoint `json:"endpoints"`
}

// CatalogEndpoint is where to find a service.
type CatalogEndpoint struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	Region    string `json:"region"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
}

// tokenTimeLayout is how IAM writes times; old SDKs parse exactly this.
const tokenTimeLayout = "2006-01-02T15:04:05.000000Z"

// TokenTime writes t as IAM does: UTC with six decimals.
func TokenTime(t time.Time) string { return t.UTC().Format(tokenTimeLayout) }

// ParseTokenTime reads what TokenTime writes.
func ParseTokenTime(s string) (time.Time, error) { return time.Parse(tokenTimeLayout, s) }
