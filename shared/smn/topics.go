package smn

import (
	"context"
	"time"
)

// Topics are made, listed, changed and deleted.
type Topics interface {
	// CreateTopic makes a topic in the caller's project. A name that is taken
	// answers with the URN of that topic and changes nothing, so of many callers
	// at once one creates. TooManyTopics beyond the project's quota.
	CreateTopic(ctx context.Context, in CreateTopicInput) (CreateTopicOutput, error)

	// ListTopics lists the topics of the caller's project, newest first. A filter
	// that matches nothing gives an empty page. InvalidPage when the topic that the
	// marker names by its URN is gone.
	ListTopics(ctx context.Context, in ListTopicsInput) (TopicPage, error)

	// GetTopic describes a topic. TopicNotFound if there is none.
	GetTopic(ctx context.Context, in TopicInput) (Topic, error)

	// UpdateTopic changes what is given and the time of the last update.
	// TopicNotFound.
	UpdateTopic(ctx context.Context, in UpdateTopicInput) error

	// DeleteTopic removes a topic and all that belongs to it: subscriptions,
	// attributes, tags, what is attached to it. Messages that are not delivered yet
	// are not sent any more. Deleting twice is TopicNotFound the second time; a new
	// topic of the same name inherits nothing.
	DeleteTopic(ctx context.Context, in TopicInput) error
}

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
	TopicOptions
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TopicOptions are what SMN has not: they are for doors of other services.
type TopicOptions struct {
	// MaxMessage is how many bytes the text of a message may have; 0 means as many as
	// all topics take. It binds whoever publishes.
	MaxMessage int `validate:"min=0,max=262144" code:"InvalidParameter" json:"max_message,omitempty"`
	// Logging is kept and given back.
	Logging bool `json:"logging,omitempty"`
}

// CreateTopicInput is what CreateTopic needs.
type CreateTopicInput struct {
	Name                string `validate:"topic_name" code:"InvalidTopicName"`
	DisplayName         string `validate:"display_name" code:"InvalidDisplayName"`
	EnterpriseProjectID string `validate:"enterprise_project" code:"Unreadable"` // empty means "0"
	TopicOptions
}

// CreateTopicOutput is what CreateTopic answers.
type CreateTopicOutput struct {
	URN     string
	Created bool // false: a topic of that name was there already
}

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

// UpdateTopicInput is what UpdateTopic needs. What is nil stays as it is.
type UpdateTopicInput struct {
	TopicURN    string  `validate:"topic_urn" code:"InvalidTopicURN"`
	DisplayName *string `validate:"omitempty,display_name" code:"InvalidDisplayName"`
	MaxMessage  *int    `validate:"omitempty,min=0,max=262144" code:"InvalidParameter"` // see TopicOptions
	Logging     *bool
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
