package store

import (
	"context"
	"time"

	"tocsin/shared/smn"
)

// Topic is a topic as it is kept. Its URN is for those above, who know the region.
type Topic struct {
	ID                  string // made by the caller; unique for ever
	Project             string
	Name                string // unique in its project
	DisplayName         string
	EnterpriseProjectID string
	smn.TopicOptions
	CreatedAt time.Time // kept to the millisecond
	UpdatedAt time.Time
}

// TopicChange is what UpdateTopic changes. What is nil stays as it is.
type TopicChange struct {
	DisplayName *string
	MaxMessage  *int
	Logging     *bool
}

// TopicQuery asks for a part of a project's topics.
type TopicQuery struct {
	Project string

	// Filters, compared byte by byte; an empty one fits all.
	Name              string
	Prefix            string // beginning of the name
	ID                string
	Display           string // part of the display name
	EnterpriseProject string

	After  string // ID to begin behind, whether or not it still exists; empty to begin with the first
	Offset int    // counted from there
	Limit  int    // at least 1
}

// TopicPage is a part of a project's topics.
type TopicPage struct {
	Topics []Topic
	Total  int // that fit the filters, not only behind After
}

// Topics keeps topics.
type Topics interface {
	// CreateTopic stores t and returns it with true, unless the project has a topic
	// of that name: then it returns that one with false and changes nothing.
	// ErrLimit when the project has limit topics already.
	CreateTopic(ctx context.Context, t Topic, limit int) (Topic, bool, error)

	// GetTopic finds a topic by name. ErrNotFound.
	GetTopic(ctx context.Context, project, name string) (Topic, error)

	// FindTopic finds a topic of a project by ID. ErrNotFound.
	FindTopic(ctx context.Context, project, id string) (Topic, error)

	// ListTopics lists a project's topics by ID, descending: newest first.
	ListTopics(ctx context.Context, q TopicQuery) (TopicPage, error)

	// UpdateTopic sets UpdatedAt and what else is given of the topic with this ID.
	// ErrNotFound.
	UpdateTopic(ctx context.Context, project, topicID string, change TopicChange, at time.Time) error

	// DeleteTopic removes a topic and all that belongs to it, in constant time, however
	// many subscriptions it has: nothing finds any of it from then on. A new topic of
	// the same name inherits nothing. ErrNotFound.
	DeleteTopic(ctx context.Context, project, name string) error
}

// Cleaner is a Store whose DeleteTopic leaves the removal of rows, of which there can
// be thousands, to a queue.Cleanup, which it puts. A Store that removes them by itself
// is none.
type Cleaner interface {
	// CleanUp removes some of what a topic has left behind, and says whether there may
	// be more. It does nothing to a topic that is not deleted. It may be called again,
	// by several at once.
	CleanUp(ctx context.Context, project, topicID string) (more bool, err error)
}
