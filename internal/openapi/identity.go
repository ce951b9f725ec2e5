package openapi

import "tocsin/shared/wire"

func identity() map[string]described {
	const group = "Identity"
	catalog := parameter{name: "nocatalog", about: "Any value leaves the catalog out."}
	return map[string]described{
		"issue-token": {
			group: group, summary: "Log in: the token is in the header X-Subject-Token of the answer.", open: true,
			query: []parameter{catalog}, body: wire.TokenRequest{}, needs: []string{"auth"},
			answers: map[int]any{201: wire.TokenResponse{}}, errors: iamErrors,
		},
		"inspect-token": {
			group: group, summary: "Tell what a token says.",
			query:   []parameter{catalog},
			header:  []parameter{{name: wire.HeaderSubjectToken, about: "The token in question.", must: true}},
			answers: map[int]any{200: wire.TokenResponse{}}, errors: iamErrors,
		},
	}
}
