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
	Methods    []string         `json:"methods"`
	Password   *TokenPassword   `json:"password,omitempty"`
	TOTP       *TokenTOTP       `json:"totp,omitempty"`
	Token      *TokenID         `json:"token,omitempty"`
	AssumeRole *TokenAssumeRole `json:"assume_role,omitempty"`
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

// TokenTOTP holds a one-time passcode and whose it is.
type TokenTOTP struct {
	User TokenTOTPUser `json:"user"`
}

// TokenTOTPUser is the user of a passcode.
type TokenTOTPUser struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Passcode string `json:"passcode"`
	Domain   *Named `json:"domain,omitempty"`
}

// TokenAssumeRole names an agency and the domain that offers it. The name has
// two spellings: that of Open Telekom Cloud's SDK and that of the documents.
type TokenAssumeRole struct {
	DomainID   string `json:"domain_id,omitempty"`
	DomainName string `json:"domain_name,omitempty"`
	XRoleName  string `json:"xrole_name,omitempty"`
	AgencyName string `json:"agency_name,omitempty"`
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
	AssumedBy *TokenAssumedBy  `json:"assumed_by,omitempty"` // who acts as the agency that user is
	Project   *TokenProject    `json:"project,omitempty"`    // or
	Domain    *Named           `json:"domain,omitempty"`     // what it is for
	Roles     []Named          `json:"roles"`
	Catalog   []CatalogService `json:"catalog,omitempty"`
}

// TokenUser is whom a token stands for.
type TokenUser struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain Named  `json:"domain"`
}

// TokenAssumedBy is the user behind an agency.
type TokenAssumedBy struct {
	User TokenUser `json:"user"`
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

// CatalogResponse answers GET /v3/auth/catalog.
type CatalogResponse struct {
	Catalog []CatalogService `json:"catalog"`
	Links   Links            `json:"links"`
}

// Links leads from a list to itself; there are no pages.
type Links struct {
	Self     string  `json:"self"`
	Previous *string `json:"previous"`
	Next     *string `json:"next"`
}

// ListProjectsResponse answers GET /v3/projects and GET /v3/auth/projects.
type ListProjectsResponse struct {
	Projects []Project `json:"projects"`
	Links    Links     `json:"links"`
}

// Project is what topics belong to.
type Project struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	DomainID    string   `json:"domain_id"`
	ParentID    string   `json:"parent_id"` // the domain
	Enabled     bool     `json:"enabled"`
	IsDomain    bool     `json:"is_domain"`
	Description string   `json:"description"`
	Links       SelfLink `json:"links"`
}

// ListDomainsResponse answers GET /v3/auth/domains.
type ListDomainsResponse struct {
	Domains []Domain `json:"domains"`
	Links   Links    `json:"links"`
}

// Domain is an account.
type Domain struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Enabled     bool     `json:"enabled"`
	Description string   `json:"description"`
	Links       SelfLink `json:"links"`
}

// SelfLink leads to one thing.
type SelfLink struct {
	Self string `json:"self"`
}

// IdentityVersionResponse answers GET /v3.
type IdentityVersionResponse struct {
	Version IdentityVersion `json:"version"`
}

// IdentityVersion is the version of the identity service, as Keystone tells it.
type IdentityVersion struct {
	ID         string      `json:"id"`
	Status     string      `json:"status"`
	Updated    string      `json:"updated"`
	Links      []RelLink   `json:"links"`
	MediaTypes []MediaType `json:"media-types"`
}

// RelLink is a link that says what it is.
type RelLink struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// MediaType is a form in which an API speaks.
type MediaType struct {
	Base string `json:"base"`
	Type string `json:"type"`
}

// IdentityV3 describes the identity service below a base URL, which has no
// trailing slash.
func IdentityV3(baseURL string) IdentityVersion {
	return IdentityVersion{
		ID: "v3.6", Status: "stable", Updated: "2016-04-04T00:00:00Z",
		Links:      []RelLink{{Rel: "self", Href: baseURL + "/v3/"}},
		MediaTypes: []MediaType{{Base: "application/json", Type: "application/vnd.openstack.identity-v3+json"}},
	}
}

// tokenTimeLayout is how IAM writes times; old SDKs parse exactly this.
const tokenTimeLayout = "2006-01-02T15:04:05.000000Z"

// TokenTime writes t as IAM does: UTC with six decimals.
func TokenTime(t time.Time) string { return t.UTC().Format(tokenTimeLayout) }

// ParseTokenTime reads what TokenTime writes.
func ParseTokenTime(s string) (time.Time, error) { return time.Parse(tokenTimeLayout, s) }

// NewCatalog lists the services of an installation as SDKs look for them: type
// smn without the project for some, smnv2 with it for others. Without a project
// there is no smnv2. baseURL has no trailing slash.
func NewCatalog(baseURL, region, projectID string) []CatalogService {
	service := func(id, name, kind, url string) CatalogService {
		return CatalogService{
			ID: id, Name: name, Type: kind,
			Endpoints: []CatalogEndpoint{{ID: id, Interface: "public", Region: region, RegionID: region, URL: url}},
		}
	}
	catalog := []CatalogService{service("00000000000000000000000000000001", "SimpleMessageNotification", "smn", baseURL+"/v2/")}
	if projectID != "" {
		catalog = append(catalog, service("00000000000000000000000000000002", "smnv2", "smnv2", baseURL+"/v2/"+projectID))
	}
	return append(catalog, service("00000000000000000000000000000003", "keystone", "identity", baseURL+"/v3"))
}
