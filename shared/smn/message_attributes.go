package smn

import "slices"

// Limits of message attributes, as SMN documents them.
const (
	MaxAttributes      = 10 // attributes of a message; SMN names no limit
	MaxAttributeName   = 32 // characters
	MaxAttributeValue  = 32 // characters
	MaxAttributeValues = 10 // values of one attribute
)

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
	// Name has 1 to MaxAttributeName lower-case letters and digits, in parts joined
	// by single underscores.
	Name string        `json:"name"`
	Type AttributeType `json:"type"`
	// Values are 1 to MaxAttributeValues different ones, exactly one for
	// StringAttribute: each a protocol for ProtocolAttribute, else 1 to
	// MaxAttributeValue Latin or Chinese letters, digits and underscores.
	Values []string `json:"values"`
}

// IsFor says whether a message with these attributes is for this protocol at all.
func IsFor(attributes []MessageAttribute, p Protocol) bool {
	return !slices.ContainsFunc(attributes, func(a MessageAttribute) bool {
		return a.Type == ProtocolAttribute && !slices.Contains(a.Values, string(p))
	})
}
