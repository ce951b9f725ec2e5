package openapi

import (
	"slices"

	"tocsin/shared/wire"
)

func links() map[string]described {
	token := []parameter{
		{name: "token", about: "The token of the confirmation.", must: true},
		{name: "topic_urn", about: "If given, the topic that the token must be of."},
		{name: "endpoint", about: "If given, the endpoint that the token must be of."},
	}
	which := []parameter{{name: "subscription_urn", about: "The URN of the subscription.", must: true}}
	confirm := described{
		group: groupLinks, summary: "Confirm a subscription.", query: token, who: anyone,
		answers: map[int]any{200: wire.ConfirmResponse{}}, errors: linkErrors,
	}
	unsubscribe := described{
		group: groupLinks, summary: "End a subscription, as its endpoint.", query: which, who: anyone,
		answers: map[int]any{200: wire.UnsubscribeResponse{}}, errors: linkErrors,
	}
	certificate := described{
		group: groupLinks, summary: "The certificate that messages are signed with, as PEM.", who: anyone,
		answers: map[int]any{200: raw("application/x-pem-file")}, errors: linkErrors,
	}
	page := func(summary string, query []parameter) described {
		return described{
			group: groupLinks, summary: summary, query: query, who: anyone,
			answers: map[int]any{200: html}, errors: pageErrors,
		}
	}
	oneClick := page("Its button: unsubscribes. Mail programs press it by themselves (RFC 8058).", which)
	oneClick.body = raw("application/x-www-form-urlencoded")
	asked := slices.Clone(token) // the page only asks: its button needs the token
	asked[0].must = false
	return map[string]described{
		"confirm-subscription":    confirm,
		"confirm-subscription-v2": confirm,
		"unsubscribe":             unsubscribe,
		"unsubscribe-v2":          unsubscribe,
		"confirm-page":            page("The page behind the link in a mail: asks whether to subscribe.", asked),
		"confirm-button":          page("Its button: confirms.", token),
		"unsubscribe-page":        page("The page behind the link in a mail: asks whether to unsubscribe.", which),
		"unsubscribe-button":      oneClick,
		"get-certificate":         certificate,
		"get-certificate-v2":      certificate,
	}
}
