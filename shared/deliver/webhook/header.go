package webhook

import (
	"net/http"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

// header is what we add above the body, each name spelt as given here. The
// problem is empty unless a custom header could break the request.
func header(d deliver.Delivery) (h http.Header, problem string) {
	h = make(http.Header, 4+len(d.Extension.Header))
	for name, value := range d.Extension.Header {
		switch {
		case !isToken(name):
			return nil, "the name of a custom header has characters that are not allowed"
		case !validation.IsHeaderValue(value):
			return nil, "the value of a custom header has characters that are not allowed"
		case isCustom(name):
			h[name] = []string{value}
		}
	}
	h[wire.HeaderMessageType] = []string{d.Type}
	h[wire.HeaderMessageID] = []string{d.MessageID}
	h[wire.HeaderTopicURN] = []string{d.TopicURN}
	if d.SubscriptionURN != "" { // detections have none
		h[wire.HeaderSubscriptionURN] = []string{d.SubscriptionURN}
	}
	return h, ""
}

// isCustom says whether a subscriber may set this header: x-… but not x-smn….
// Others are never sent, whatever the subscription holds, so that no spelling of
// Host, Content-Length or a header of ours gets past.
func isCustom(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "x-") && !strings.HasPrefix(lower, "x-smn")
}

// isToken says whether s may be the name of a header (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
