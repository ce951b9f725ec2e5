package store

import (
	"context"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// SubscriptionKey finds a subscription without a search.
type SubscriptionKey struct {
	Project string
	TopicID string
	ID      string
}

// Subscription is a subscription as it is kept.
type Subscription struct {
	SubscriptionKey        // ID is made by the caller; unique for ever
	TopicName       string // filled by the store
	Seq             int64  // place in the topic, filled by the store: 0, 1, 2, … in the order of adding, never reused
	Protocol        smn.Protocol
	Name            string // unique in its topic; empty for none
	Endpoint        string // unique in its topic together with Protocol, among those without a name
	Remark          string
	Extension       smn.Extension      // its Header is nil when there is none
	Style           smn.Style          // of one with a name
	StyledAt        time.Time          // when Style was set, kept to the millisecond; zero: when it was added
	Filters         []smn.FilterPolicy // nil when there are none
	Subscriber      string             // id of the project that added it, if not that of the topic; else empty
	Status          smn.Status
	Version         int       // status changes so far; 0 when new
	CreatedAt       time.Time // kept to the millisecond
}

// AddSubscription is one item for AddSubscriptions.
type AddSubscription struct {
	Subscription
	Task queue.Task // stored with the row if the subscription is new, else dropped; the zero task is none
	Flow flow.Limit // what bounds the messages that such tasks send
}

// AddedSubscription is what became of one item.
type AddedSubscription struct {
	Subscription       // as it is kept now; the older one if it was there already
	Created      bool  // whether it is new
	Err          error // ErrLimit, Throttled, or nil
}

// SubscriptionQuery asks for a part of a project's or a topic's subscriptions.
type SubscriptionQuery struct {
	Project string
	TopicID string // empty for all of the project
	After   string // ID to begin behind, whether or not it still exists; empty to begin with the first
	Offset  int    // counted from there
	Limit   int    // at least 1

	// Filters, all of which must hold; the zero value of each is any.
	Protocol smn.Protocol
	Status   *smn.Status
	Endpoint string
	Remark   string // a part of the remark, byte for byte
}

// SubscriptionPage is a part of a list of subscriptions.
type SubscriptionPage struct {
	Subscriptions []Subscription
	Total         int // that fit the filters, not only of what is behind After
}

// Wants says whether a message is for a subscription: by its tag, attributes and
// filters.
func (s *Subscription) Wants(m *Message) bool {
	return (s.Style.Tag == "" || s.Style.Tag == m.Tag) && smn.Selects(m.Attributes, s.Protocol, s.Filters)
}

// FilterChange is one item for SetFilters.
type FilterChange struct {
	SubscriptionKey
	Filters []smn.FilterPolicy // empty for none
}

// ChunkSize is how many places of a topic make a chunk: chunk n holds the
// subscriptions with Seq from n × ChunkSize up to, not including,
// (n + 1) × ChunkSize. Cancelled ones leave holes.
const ChunkSize = 256

// Chunk is the part of a topic's subscriptions that is delivered to as one piece
// of work.
type Chunk struct {
	Subscriptions []Subscription // by Seq, whatever their status
	Next          int            // number of the next chunk that holds any; -1 when there is none
}

// Subscriptions keeps subscriptions.
type Subscriptions interface {
	// AddSubscriptions stores new subscriptions of one topic, with their tasks. The
	// answer has one item for each, in their order. One whose name, or if it has none
	// whose protocol and endpoint, the topic has already is answered with the one that
	// is there. A topic has at
	// most limit subscriptions: the items beyond carry ErrLimit. A new one is counted
	// at its CreatedAt, as Admit does; one too many for its recipient carries
	// Throttled and is not stored. ErrNotFound when the topic is gone. Of an item's
	// key the ID alone counts.
	AddSubscriptions(ctx context.Context, project, topicID string, items []AddSubscription, limit int) ([]AddedSubscription, error)

	// GetSubscription finds a subscription. ErrNotFound, also when its topic is gone.
	GetSubscription(ctx context.Context, key SubscriptionKey) (Subscription, error)

	// FindSubscription finds the subscription of a topic that has this name. ErrNotFound.
	FindSubscription(ctx context.Context, project, topicID, name string) (Subscription, error)

	// ListSubscriptions lists subscriptions by ID, ascending: in the order of adding.
	// An unknown project or topic has none.
	ListSubscriptions(ctx context.Context, q SubscriptionQuery) (SubscriptionPage, error)

	// GetChunk gives chunk n of a topic. An unknown topic has no subscriptions.
	GetChunk(ctx context.Context, project, topicID string, n int) (Chunk, error)

	// ChangeStatus sets the status of a subscription that is at this version, adds
	// one to the version and stores the tasks. With Confirmed it forgets what was
	// counted for flow.Confirmations of its endpoint. ErrConflict when it is at
	// another version, ErrNotFound when it is gone.
	ChangeStatus(ctx context.Context, key SubscriptionKey, version int, to smn.Status, tasks ...queue.Task) error

	// SetRemark replaces the remark of a subscription. ErrNotFound.
	SetRemark(ctx context.Context, key SubscriptionKey, remark string) error

	// SetStyle replaces the style that a subscription has, and says when. ErrConflict when
	// it has another one, ErrNotFound when it is gone.
	SetStyle(ctx context.Context, key SubscriptionKey, from, to smn.Style, at time.Time) error

	// SetFilters replaces the filters of subscriptions. The answer has one item for
	// each, in their order: nil, ErrNotFound, or, if only those without filters may
	// get some, ErrConflict.
	SetFilters(ctx context.Context, changes []FilterChange, onlyNew bool) ([]error, error)

	// DeleteSubscription removes a subscription. ErrNotFound.
	DeleteSubscription(ctx context.Context, key SubscriptionKey) error

	// DeleteSubscriptions removes several. The answer has one item for each, in
	// their order: nil or ErrNotFound.
	DeleteSubscriptions(ctx context.Context, keys []SubscriptionKey) ([]error, error)
}
