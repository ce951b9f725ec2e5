package deliver

import "tocsin/shared/smn"

// links builds the addresses that messages carry. Their characters are unreserved
// ones and :/?&= only, because receivers are known to percent-decode a whole link
// before they follow it: tokens are hex, URNs hold letters, digits, - _ and colons.
type links struct {
	base string // without a slash at the end
}

// subscribe is the link that confirms a subscription: for programs it acts on
// GET, for people it opens a page with a button.
func (l links) subscribe(p smn.Protocol, token, topicURN string) string {
	return l.base + door(p) + "subscription/confirm?token=" + token + "&topic_urn=" + topicURN
}

// unsubscribe is the link that ends a subscription. An SMS has no room for one, a
// call cannot be clicked, and a function does not decide.
func (l links) unsubscribe(p smn.Protocol, subscriptionURN string) string {
	if p == smn.SMS || p == smn.Call || p.IsFunction() {
		return ""
	}
	return l.base + door(p) + "subscription/unsubscribe?subscription_urn=" + subscriptionURN
}

func (l links) certificate(id string) string { return l.base + "/smn/" + id }

func door(p smn.Protocol) string {
	if isHTTP(p) {
		return "/rest/v2/notifications/"
	}
	return "/smn/"
}

func isHTTP(p smn.Protocol) bool { return p == smn.HTTP || p == smn.HTTPS }
