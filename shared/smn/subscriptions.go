package smn

import (
	"context"
	"time"
)

// Subscriptions are added, listed and cancelled by the owner of a topic, and by
// those whom its access policy allows it.
//
// Confirmations are bounded per recipient, over all topics and projects: to a mail
// address 20 in an hour, then none for an hour, and 40 in two days, then none for
// seven; to a phone half as many; to a URL 200 in ten minutes. A call that would
// send one more changes nothing: TooManyMails, TooManySMS, TooManyConfirmations.
// When a recipient confirms, its count begins anew.
type Subscriptions interface {
	// Subscribe adds an endpoint to a topic and sends it a confirmation, which
	// holds a link that works for ConfirmWithin. An endpoint that is there already
	// answers with its URN; unless it is confirmed, the confirmation is sent again.
	// TopicNotFound, TooManySubscriptions, InternalEndpoint, and the codes of too many
	// confirmations, with which a new endpoint is not added.
	Subscribe(ctx context.Context, in SubscribeInput) (SubscribeOutput, error)

	// SubscribeBatch does the same for up to MaxBatch endpoints. The answer has one
	// item for each, in their order; an item that was refused says why in Err. An
	// access policy is asked about each; if it allows none, the call is Forbidden.
	// The error is for the call as a whole.
	SubscribeBatch(ctx context.Context, in SubscribeBatchInput) ([]SubscribeOutput, error)

	// ListSubscriptions lists all subscriptions of the caller's project, in the
	// order in which they were added. A filter that matches nothing gives an empty
	// page.
	ListSubscriptions(ctx context.Context, in ListSubscriptionsInput) (SubscriptionPage, error)

	// ListSubscriptionsByTopic lists those of one topic, in the order in which
	// they were added. TopicNotFound.
	ListSubscriptionsByTopic(ctx context.Context, in ListSubscriptionsByTopicInput) (SubscriptionPage, error)

	// GetSubscription describes a subscription. SubscriptionNotFound. SMN has no
	// such call.
	GetSubscription(ctx context.Context, in SubscriptionInput) (SubscriptionDetail, error)

	// UpdateSubscription gives a subscription another remark. Only the owner of the
	// topic may. TopicNotFound; SubscriptionNotFound, also for a subscription of
	// another topic.
	UpdateSubscription(ctx context.Context, in UpdateSubscriptionInput) error

	// SendConfirmation sends the confirmation again to an endpoint that is not
	// confirmed or has unsubscribed. All links since the last change of its status
	// work. InvalidStatus when it needs none, SubscriptionNotFound, and the codes of
	// too many confirmations. SMN has no such call.
	SendConfirmation(ctx context.Context, in SubscriptionInput) error

	// CancelSubscription removes a subscription; its endpoint is not told. The project
	// that added it may, too, whatever the topic's access policy says. Cancelling
	// twice is SubscriptionNotFound the second time.
	CancelSubscription(ctx context.Context, in SubscriptionInput) error

	// CancelSubscriptionByTopic does the same for a subscription of this topic. One
	// of another topic is SubscriptionNotFound. TopicNotFound.
	CancelSubscriptionByTopic(ctx context.Context, in TopicSubscriptionInput) error

	// CancelSubscriptions does the same for up to MaxCancelBatch subscriptions. The
	// answer has one item for each, in their order: nil, or why it was refused. The
	// error is for the call as a whole. TopicNotFound.
	CancelSubscriptions(ctx context.Context, in CancelSubscriptionsInput) ([]error, error)
}

// Limits of subscriptions, as SMN documents them.
const (
	MaxSubscriptions = 10_000 // subscriptions of a topic
	MaxBatch         = 50     // subscriptions added by one call
	MaxCancelBatch   = 100    // subscriptions cancelled by one call; SMN names no limit
	MaxRemark        = 128    // bytes of UTF-8
	MaxEndpoint      = 2_048  // characters; SMN names no limit, common URL limits do
	MaxHeaders       = 10     // custom headers of a subscription
	MaxHeaderBytes   = 1_024  // names and values of all its custom headers together
	MaxExtensionText = 128    // bytes of any other text in its extension
	MaxRetries       = 20     // further attempts by its own retry policy
	MaxRetryDelay    = 86_400 // seconds between two of them; time to live ends most before

	// ConfirmWithin is how long the link in a confirmation works.
	ConfirmWithin = 48 * time.Hour
)

// Status is where a subscription stands. The numbers are SMN's.
type Status int

// The statuses of a subscription: Unconfirmed → Confirmed → Cancelled → Confirmed …
const (
	Unconfirmed Status = 0 // waits for its confirmation link to be followed
	Confirmed   Status = 1 // receives messages
	Exempt      Status = 2 // receives messages: its protocol needs no confirmation
	Cancelled   Status = 3 // its endpoint has unsubscribed
	Deleted     Status = 4 // known to filters only: what is deleted is gone
)

// Receives says whether messages are sent to subscriptions that stand so.
func (s Status) Receives() bool { return s == Confirmed || s == Exempt }

// Subscription is an endpoint that receives what is published to a topic.
type Subscription struct {
	URN      SubscriptionURN
	Protocol Protocol
	Endpoint string
	Remark   string
	Status   Status
	Filters  []FilterPolicy // nil: it receives every message
}

// NewSubscription is what a subscriber says about itself.
type NewSubscription struct {
	Protocol  Protocol  `validate:"protocol" code:"InvalidProtocol"`
	Endpoint  string    `validate:"endpoint" code:"InvalidEndpoint"` // must fit Protocol
	Remark    string    `validate:"remark" code:"InvalidRemark"`
	Extension Extension `code:"InvalidSubscription"`
}

// Extension is what a subscription says beside its endpoint; which protocol may
// say what stands at the fields. It is often secret: but for Retry it is never given
// back, and never in a log. The names in its tags are those under which it is kept.
type Extension struct {
	// Header is sent with each notification to an http or https endpoint: at most
	// MaxHeaders pairs and MaxHeaderBytes in all; names like x-team or X-Env-Name,
	// unique whatever their case, not beginning with x-smn or x-tocsin; values of
	// printable ASCII and spaces.
	Header map[string]string `validate:"extension_header" code:"InvalidSubscription" json:"header,omitempty"`

	// Keyword is a word that the bot wants in each message, SignSecret the key that
	// it wants messages signed with: for feishu exactly one of them, for dingding
	// one or none.
	Keyword    string `json:"keyword,omitempty"`     // one line of at most MaxExtensionText bytes
	SignSecret string `json:"sign_secret,omitempty"` // printable ASCII without spaces, as long

	// ClientID and ClientSecret are the credential of a welink application: both or
	// none, as SignSecret. The webhook of a bot does not need them.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`

	// Retry says when failed deliveries to this endpoint are tried again, whatever the
	// protocol; nil: as to all others. SMN has no such field.
	Retry *RetryPolicy `json:"retry,omitempty"`
}

// RetryPolicy says when a failed delivery is tried again.
type RetryPolicy struct {
	// Delays are the seconds to wait after the first, the second, … failed attempt, at
	// most MaxRetries of 1 to MaxRetryDelay. With none, which is not nil, nothing is
	// tried again.
	Delays []int `json:"delays"`
}

// SubscribeInput is what Subscribe needs.
type SubscribeInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	NewSubscription
}

// SubscribeBatchInput is what SubscribeBatch needs. Its items are judged one by
// one; a bad one does not keep the others out.
type SubscribeBatchInput struct {
	TopicURN      string            `validate:"topic_urn" code:"InvalidTopicURN"`
	Subscriptions []NewSubscription `validate:"min=1,max=50" code:"InvalidSubscription"`
}

// SubscribeOutput is what became of one new subscription.
type SubscribeOutput struct {
	URN     string
	Created bool  // false: the endpoint was subscribed already
	Err     error // in a batch: why this item was refused; nil otherwise
}

// ListSubscriptionsInput is what ListSubscriptions and ListSubscriptionsByTopic
// need.
type ListSubscriptionsInput struct {
	Page
	// Marker is the URN of the last subscription seen; the page begins behind it,
	// also when it is gone by now. It replaces Offset. Paging by marker neither
	// repeats nor misses a subscription that was there all along.
	Marker string `validate:"omitempty,subscription_urn" code:"InvalidPage"`
	SubscriptionFilter
}

// SubscriptionFilter says which subscriptions a list holds: those for which all
// its fields hold. The zero value is all.
type SubscriptionFilter struct {
	Protocol    Protocol `validate:"omitempty,protocol" code:"InvalidProtocol"`
	Status      *Status  `validate:"omitnil,min=0,max=4" code:"InvalidStatus"` // nil for any
	Endpoint    string   `validate:"omitempty,endpoint" code:"InvalidEndpoint"`
	FuzzyRemark string   `validate:"remark" code:"InvalidRemark"` // a part of the remark, in the same case
}

// ListSubscriptionsByTopicInput is what ListSubscriptionsByTopic needs.
type ListSubscriptionsByTopicInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	ListSubscriptionsInput
}

// SubscriptionPage is a part of a list of subscriptions.
type SubscriptionPage struct {
	Subscriptions []Subscription
	Total         int // that fit the filter, whatever the page
}

// SubscriptionDetail is all that is told about a subscription.
type SubscriptionDetail struct {
	Subscription
	HeaderNames []string     // names of its custom headers, sorted; their values are nobody's business
	Retry       *RetryPolicy // nil: as to all others
	Health      *Health      // nil: its endpoint is well
	CreatedAt   time.Time
}

// Health is how an endpoint fares that is in trouble: its last attempts have failed, two
// at least. It is known a moment after the attempt.
type Health struct {
	Failures    int       // attempts that failed, without one that succeeded in between
	Since       time.Time // when the first of them failed
	ParkedUntil time.Time // nothing is sent to it before; zero when it is not parked
	Status      int       // HTTP status or the like of the last one; 0 when there was no answer
	Reason      string    // of the last one, for people
}

// SubscriptionInput names one subscription, for calls that need nothing else.
type SubscriptionInput struct {
	SubscriptionURN string `validate:"subscription_urn" code:"InvalidSubscriptionURN"`
}

// TopicSubscriptionInput names one subscription of a topic.
type TopicSubscriptionInput struct {
	TopicURN        string `validate:"topic_urn" code:"InvalidTopicURN"`
	SubscriptionURN string `validate:"subscription_urn" code:"InvalidSubscriptionURN"`
}

// UpdateSubscriptionInput is what UpdateSubscription needs.
type UpdateSubscriptionInput struct {
	TopicSubscriptionInput
	Remark string `validate:"remark" code:"InvalidRemark"` // empty for none
}

// CancelSubscriptionsInput is what CancelSubscriptions needs. The URNs are judged
// one by one; a bad one does not keep the others.
type CancelSubscriptionsInput struct {
	TopicURN         string   `validate:"omitempty,topic_urn" code:"InvalidTopicURN"` // only those of this topic; empty for any
	SubscriptionURNs []string `validate:"min=1,max=100" code:"InvalidSubscription"`
}
