package smn

import (
	"context"
	"time"
)

// NamedSubscriptions are made with a name of their own, which identifies them in their
// topic; their endpoints may be there twice. Nobody confirms them. SMN has none: they
// are for doors of other services, and are no part of Service. SMN's calls list and
// cancel them as all others, with Exempt as their status; those here find SMN's, too,
// by their ids.
type NamedSubscriptions interface {
	// SubscribeNamed adds an endpoint to a topic of the caller's project. If the name is
	// taken it answers with the subscription that has it, and changes nothing.
	// TopicNotFound, TooManySubscriptions, InternalEndpoint.
	SubscribeNamed(ctx context.Context, in SubscribeNamedInput) (s NamedSubscription, created bool, err error)

	// GetNamed describes a subscription. TopicNotFound, SubscriptionNotFound.
	GetNamed(ctx context.Context, in NamedInput) (NamedSubscription, error)

	// ListNamed lists the subscriptions of a topic, in the order in which they were
	// added. TopicNotFound.
	ListNamed(ctx context.Context, in ListNamedInput) ([]NamedSubscription, error)

	// UpdateNamed replaces what is given of a subscription that was made with a name;
	// one that was not is SubscriptionNotFound. TopicNotFound.
	UpdateNamed(ctx context.Context, in UpdateNamedInput) error

	// CancelNamed removes a subscription. TopicNotFound, SubscriptionNotFound.
	CancelNamed(ctx context.Context, in NamedInput) error
}

// Limits of named subscriptions, those of Alibaba MNS.
const (
	MaxSubscriptionName = 255 // characters
	MaxMessageTag       = 16  // characters
	MaxStyleWord        = 64  // bytes of the name of a form or a strategy
)

// Style is how a subscription wants its notifications. The zero value is SMN's.
type Style struct {
	// Form names how they are written. There must be a sender for it.
	Form string `validate:"style_word" code:"InvalidParameter" json:"form,omitempty"`
	// Strategy names when failed ones are tried again. The worker must know it.
	Strategy string `validate:"style_word" code:"InvalidParameter" json:"strategy,omitempty"`
	// Tag lets only messages through that were published with the same one.
	Tag string `validate:"message_tag" code:"InvalidParameter" json:"tag,omitempty"`
}

// NamedSubscription is what is told of a subscription to doors of other services.
type NamedSubscription struct {
	Subscription
	Name       string // its id if it was made without
	Style      Style
	Subscriber string // id of the project that added it
	CreatedAt  time.Time
	UpdatedAt  time.Time // of its style
}

// SubscribeNamedInput is what SubscribeNamed needs.
type SubscribeNamedInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Name     string `validate:"topic_name" code:"InvalidParameter"` // the rules are those of topics
	NewSubscription
	Style
}

// NamedInput names one subscription of a topic.
type NamedInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Name     string `validate:"topic_name" code:"InvalidParameter"` // or its id
}

// ListNamedInput is what ListNamed needs.
type ListNamedInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	After    string `validate:"omitempty,id" code:"InvalidPage"`  // id of the last one seen; the page begins behind it
	Limit    int    `validate:"min=0,max=100" code:"InvalidPage"` // 0 means DefaultLimit
}

// UpdateNamedInput is what UpdateNamed needs. What is nil stays as it is.
type UpdateNamedInput struct {
	NamedInput
	Strategy *string `validate:"omitempty,style_word" code:"InvalidParameter"`
	Tag      *string `validate:"omitempty,message_tag" code:"InvalidParameter"` // empty for none
}
