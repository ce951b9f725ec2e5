package smn

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
	Name   string        `json:"name"` // as in FilterPolicy
	Type   AttributeType `json:"type"`
	Values []string      `json:"values"` // as in FilterPolicy; exactly one for StringAttribute
}
