package smn

import "time"

// Limits of topics, as SMN documents them.
const (
	MaxTopicName   = 255   // characters
	MaxDisplayName = 192   // bytes of UTF-8
	MaxTopics      = 3_000 // topics of a project
)

// Topic is a channel that messages are published to.
type Topic struct {
	URN                 TopicURN
	ID                  string
	DisplayName         string // sender name of its mails; may be empty
	EnterpriseProjectID string // kept and given back; "0" unless the creator said otherwise
	CreatedAt           time.Time
	UpdatedAt           time.Time
}

// CreateTopicInput is what CreateTopic needs.
type CreateTopicInput struct {
	Name                string `validate:"topic_name" code:"InvalidTopicName"`
	DisplayName         string `validate:"display_name" code:"InvalidDisplayName"`
	EnterpriseProjectID string `validate:"enterprise_project" code:"Unreadable"` // empty means "0"
}

// CreateTopicOutput is what CreateTopic answers.
type CreateTopicOutput struct {
	URN     string
	Created bool // false: a topic of that name was there already
}

// Page asks for a part of a list. The zero value is its first 100 items.
type Page struct {
	Offset int `validate:"min=0" code:"InvalidPage"`         // items to skip; past the end is an empty page
	Limit  int `validate:"min=0,max=100" code:"InvalidPage"` // items at most; 0 means DefaultLimit
}

// DefaultLimit is the size of a page whose caller named none, and the largest
// that SMN gives.
const DefaultLimit = 100

// ListTopicsInput is what ListTopics needs.
type ListTopicsInput struct {
	Page
	// Filters; an empty one fits all, and with several all must fit. A value that
	// no topic has finds nothing.
	Name                string `validate:"topic_filter" code:"InvalidTopicName"`   // exact name
	FuzzyName           string `validate:"topic_filter" code:"InvalidTopicName"`   // beginning of the name
	TopicID             string `validate:"topic_filter" code:"InvalidParameter"`   // exact id
	FuzzyDisplayName    string `validate:"display_name" code:"InvalidDisplayName"` // part of the display name
	EnterpriseProjectID string `validate:"topic_filter" code:"InvalidParameter"`   // exact id
	// Marker is the URN or id of the last topic seen; the page begins behind it. It
	// replaces Offset. Paging by marker neither repeats nor misses a topic that was
	// there all along. By its id, a topic may be gone by now.
	Marker string `validate:"omitempty,topic_marker" code:"InvalidPage"`
}

// UpdateTopicInput is what UpdateTopic needs.
type UpdateTopicInput struct {
	TopicURN    string  `validate:"topic_urn" code:"InvalidTopicURN"`
	DisplayName *string `validate:"omitempty,display_name" code:"InvalidDisplayName"` // nil: as it is
}

// TopicPage is a part of the list of topics.
type TopicPage struct {
	Topics []Topic
	Total  int // topics that fit the filters, whatever the page
}

// TopicInput names one topic, for calls that need nothing else.
type TopicInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
}
