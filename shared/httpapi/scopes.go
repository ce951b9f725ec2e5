package httpapi

import (
	"net/http"
	"net/url"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// GetIdentityVersion describes the identity service. SDKs of Keystone ask for it
// before they log in.
var GetIdentityVersion = Operation{
	Name:  "get-identity-version",
	Route: "GET /v3",
	door:  loginDoor,
	bind:  withConfig(getIdentityVersion),
}

func getIdentityVersion(r *http.Request, c Config) (reply, error) {
	return ok(wire.IdentityVersionResponse{Version: wire.IdentityV3(baseURL(r, c))}), nil
}

// ListProjects lists the projects that are open to the caller. SDKs look up there
// the id of the project that is named after their region.
var ListProjects = Operation{
	Name:  "list-projects",
	Route: "GET /v3/projects",
	door:  tokenDoor,
	bind:  withIdentity(listProjects),
}

// ListAuthProjects is the same list by the name that Keystone gives it.
var ListAuthProjects = Operation{
	Name:  "list-auth-projects",
	Route: "GET /v3/auth/projects",
	door:  tokenDoor,
	bind:  withIdentity(listProjects),
}

// scopesOf reads the query of a list of scopes, and what is open to the caller.
func scopesOf(r *http.Request, c Config) (url.Values, iam.Scopes, error) {
	query, err := queryOf(r)
	if err != nil {
		return nil, iam.Scopes{}, err
	}
	scopes, err := c.Identity.Scopes(r.Context())
	return query, scopes, err
}

func listProjects(r *http.Request, c Config) (reply, error) {
	query, scopes, err := scopesOf(r, c)
	if err != nil {
		return reply{}, err
	}
	base := baseURL(r, c)
	out := wire.ListProjectsResponse{Projects: []wire.Project{}, Links: wire.Links{Self: base + r.URL.Path}}
	for _, p := range scopes.Projects {
		listed := wire.Project{
			ID: p.ID, Name: p.Name, DomainID: scopes.Domain.ID, ParentID: scopes.Domain.ID, Enabled: true,
			Links: wire.SelfLink{Self: base + "/v3/projects/" + p.ID},
		}
		if fits(query, map[string]string{
			"name": p.Name, "domain_id": listed.DomainID, "parent_id": listed.ParentID, "enabled": "true", "is_domain": "false",
		}) {
			out.Projects = append(out.Projects, listed)
		}
	}
	return ok(out), nil
}

// ListAuthDomains lists the one domain of the caller.
var ListAuthDomains = Operation{
	Name:  "list-auth-domains",
	Route: "GET /v3/auth/domains",
	door:  tokenDoor,
	bind:  withIdentity(listAuthDomains),
}

func listAuthDomains(r *http.Request, c Config) (reply, error) {
	query, scopes, err := scopesOf(r, c)
	if err != nil {
		return reply{}, err
	}
	base, d := baseURL(r, c), scopes.Domain
	out := wire.ListDomainsResponse{Domains: []wire.Domain{}, Links: wire.Links{Self: base + r.URL.Path}}
	if fits(query, map[string]string{"name": d.Name, "enabled": "true"}) {
		out.Domains = append(out.Domains, wire.Domain{ID: d.ID, Name: d.Name, Enabled: true, Links: wire.SelfLink{Self: base + "/v3/domains/" + d.ID}})
	}
	return ok(out), nil
}

// GetAuthCatalog tells the caller where the services are, for the project that it
// acts for.
var GetAuthCatalog = Operation{
	Name:  "get-auth-catalog",
	Route: "GET /v3/auth/catalog",
	door:  tokenDoor,
	bind:  withIdentity(getAuthCatalog),
}

func getAuthCatalog(r *http.Request, c Config) (reply, error) {
	caller, err := smn.CallerFrom(r.Context())
	if err != nil {
		return reply{}, err
	}
	base := baseURL(r, c)
	return ok(wire.CatalogResponse{
		Catalog: wire.NewCatalog(base, c.Region, caller.Project),
		Links:   wire.Links{Self: base + r.URL.Path},
	}), nil
}

// fits says whether something has the values that a query asks for. What the
// query does not name, or leaves empty, may be anything.
func fits(query map[string][]string, have map[string]string) bool {
	for name, value := range have {
		for _, wanted := range query[name] {
			if wanted != "" && wanted != value {
				return false
			}
		}
	}
	return true
}

var _ Identity = (*iam.Authority)(nil)
