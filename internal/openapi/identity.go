package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/wire"
)

func identity() map[string]described {
	catalog := []parameter{{name: "nocatalog", about: "Leaves the catalog out, whatever its value.", bare: true}}
	token := []parameter{{name: wire.HeaderSubjectToken, about: "The token.", must: true}}
	filter := func(name, about string) parameter { return parameter{name: name, about: about, bare: true} }
	enabled := filter("enabled", "What is false is not there.")
	enabled.schema = openapi3.NewStringSchema().WithEnum("true", "false", "")
	isDomain := filter("is_domain", "What is true is not there.")
	isDomain.schema = enabled.schema
	projects := described{
		group: groupIdentity, summary: "List the projects that are open to the caller, on one page.",
		query: []parameter{
			filter("name", "The exact name."), filter("domain_id", "The id of the domain."),
			filter("parent_id", "The id of the domain, too."), enabled, isDomain,
		},
		answers: map[int]any{200: wire.ListProjectsResponse{}}, errors: iamErrors,
	}
	return map[string]described{
		"issue-token": {
			group: groupIdentity, who: optional, example: "token",
			summary: "Log in. The token is in the header X-Subject-Token of the answer. Who assumes an agency proves who he is.",
			query:   catalog, body: wire.TokenRequest{},
			answers: map[int]any{201: wire.TokenResponse{}}, gives: token, errors: iamErrors,
		},
		"inspect-token": {
			group: groupIdentity, summary: "Tell what a token says.",
			query:   catalog,
			header:  []parameter{{name: wire.HeaderSubjectToken, about: "The token in question.", must: true}},
			answers: map[int]any{200: wire.TokenResponse{}}, gives: token, errors: iamErrors,
		},
		"list-projects":      projects,
		"list-auth-projects": projects,
		"list-auth-domains": {
			group: groupIdentity, summary: "List the domain of the caller.",
			query:   []parameter{filter("name", "The exact name."), enabled},
			answers: map[int]any{200: wire.ListDomainsResponse{}}, errors: iamErrors,
		},
		"get-auth-catalog": {
			group: groupIdentity, summary: "Tell where the services are, for the project of the caller.",
			answers: map[int]any{200: wire.CatalogResponse{}}, errors: iamErrors,
		},
		"get-identity-version": {
			group: groupIdentity, summary: "Describe the identity service.", who: anyone,
			answers: map[int]any{200: wire.IdentityVersionResponse{}}, errors: iamErrors,
		},
	}
}
