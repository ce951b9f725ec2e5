package webhook

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

// header is what we add above the body, each name spelt as given here. The
// problem is empty unless a custom header could break the request.
func header(d deliver.Delivery) (h post.Header, problem string) {
	h = make(post.Header, 0, 4+len(d.Extension.Header))
	h = append(h,
		post.Field{Name: wire.HeaderMessageType, Value: d.Type},
		post.Field{Name: wire.HeaderMessageID, Value: d.MessageID},
		post.Field{Name: wire.HeaderTopicURN, Value: d.TopicURN})
	if d.SubscriptionURN != "" { // detections have none
		h = append(h, post.Field{Name: wire.HeaderSubscriptionURN, Value: d.SubscriptionURN})
	}
	own := len(h)
	for name, value := range d.Extension.Header {
		switch {
		case !post.IsToken(name):
			return nil, "the name of a custom header has characters that are not allowed"
		case !validation.IsHeaderValue(value):
			return nil, "the value of a custom header has characters that are not allowed"
		case isCustom(name):
			h = append(h, post.Field{Name: name, Value: value})
		}
	}
	slices.SortFunc(h[own:], func(a, b post.Field) int { return cmp.Compare(a.Name, b.Name) })
	return h, ""
}

// isCustom says whether a subscriber may set this header: x-… but not x-smn… or
// x-tocsin…. Others are never sent, whatever the subscription holds, so that no
// spelling of Host, Content-Length or a header of ours gets past.
func isCustom(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "x-") && !strings.HasPrefix(lower, "x-smn") && !strings.HasPrefix(lower, "x-tocsin")
}
