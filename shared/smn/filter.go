package smn

import "slices"

// Limits of filter policies and message attributes, as SMN documents them.
const (
	MaxFilterName   = 32 // characters of a name
	MaxFilterValue  = 32 // characters of a value
	MaxFilterValues = 10 // values of one policy or attribute
)

// FilterPolicy lets a subscription receive only messages with a certain
// attribute. With several policies all must hold.
type FilterPolicy struct {
	// Name is that of the attribute: lower-case letters and digits, in parts joined
	// by single underscores; at most MaxFilterName characters; not beginning with smn_.
	Name string `json:"name"`
	// StringEquals holds 1 to MaxFilterValues different values, any of which the
	// attribute may have: 1 to MaxFilterValue letters, digits and underscores.
	StringEquals []string `json:"string_equals"`
}

// AttributeType says what the values of a message attribute are.
type AttributeType string

// The types of message attribute.
const (
	StringAttribute      AttributeType = "STRING"       // one value
	StringArrayAttribute AttributeType = "STRING_ARRAY" // several, any of which may fit a filter
	ProtocolAttribute    AttributeType = "PROTOCOL"     // the protocols that the message is for
)

// MessageAttribute is what a message says of itself for filters.
type MessageAttribute struct {
	Name   string        `json:"name"` // as in FilterPolicy, but may begin with smn_
	Type   AttributeType `json:"type"`
	Values []string      `json:"values"` // as in FilterPolicy; exactly one for StringAttribute
}

// Selects says whether a message with these attributes is for a subscription of
// this protocol with these filters: a ProtocolAttribute must name the protocol,
// and for each filter the message must have the attribute, with one value at least
// that the filter names. Without filters every message is.
func Selects(attributes []MessageAttribute, p Protocol, filters []FilterPolicy) bool {
	if !IsFor(attributes, p) {
		return false
	}
	for _, f := range filters {
		if !slices.ContainsFunc(attributes, f.holds) {
			return false
		}
	}
	return true
}

// IsFor says whether a message with these attributes is for this protocol at all.
func IsFor(attributes []MessageAttribute, p Protocol) bool {
	return !slices.ContainsFunc(attributes, func(a MessageAttribute) bool {
		return a.Type == ProtocolAttribute && !slices.Contains(a.Values, string(p))
	})
}

// holds says whether a is the attribute that f asks for.
func (f FilterPolicy) holds(a MessageAttribute) bool {
	return a.Name == f.Name && a.Type != ProtocolAttribute &&
		slices.ContainsFunc(a.Values, func(v string) bool { return slices.Contains(f.StringEquals, v) })
}
