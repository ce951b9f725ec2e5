package smn

import "time"

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

	// ConfirmWithin is how long the link in a confirmation works.
	ConfirmWithin = 48 * time.Hour
)

// Protocol is the way to an endpoint.
type Protocol string

// The protocols that can be subscribed.
const (
	HTTP  Protocol = "http"
	HTTPS Protocol = "https"
	Email Protocol = "email"
	SMS   Protocol = "sms"
	Call  Protocol = "callnotify" // a voice call

	FunctionStage Protocol = "functionstage" // a function, by its URN
	FunctionGraph Protocol = "functiongraph" // the same under its later name

	DingDing Protocol = "dingding" // chat groups, by the URL of a bot's webhook
	Feishu   Protocol = "feishu"
	WeChat   Protocol = "wechat"
	WeLink   Protocol = "welink"
	Slack    Protocol = "slack" // beyond SMN, like teams
	Teams    Protocol = "teams"

	// Publishers may name these; nothing can be subscribed by them here.
	dingTalkBot Protocol = "dingTalkBot"
	dms         Protocol = "dms"
	application Protocol = "application"
)

// IsChat says whether p reaches a chat group, through the webhook of its bot.
func (p Protocol) IsChat() bool {
	switch p {
	case DingDing, Feishu, WeChat, WeLink, Slack, Teams:
		return true
	}
	return false
}

// IsFunction says whether p reaches a function. Functions are the operator's own,
// so they need no confirmation and have no way to unsubscribe.
func (p Protocol) IsFunction() bool { return p == FunctionStage || p == FunctionGraph }

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
// say what stands at the fields. It is often secret: it is never given back, and
// never in a log. The names in its tags are those under which it is kept.
type Extension struct {
	// Header is sent with each notification to an http or https endpoint: at most
	// MaxHeaders pairs and MaxHeaderBytes in all; names like x-team or X-Env-Name,
	// unique whatever their case, not beginning with x-smn; values of printable
	// ASCII and spaces.
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
	HeaderNames []string // names of its custom headers, sorted; their values are nobody's business
	CreatedAt   time.Time
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

// ConfirmSubscriptionInput is what the link in a confirmation carries.
type ConfirmSubscriptionInput struct {
	Token    string `validate:"required" code:"InvalidToken"`
	TopicURN string `validate:"omitempty,topic_urn" code:"InvalidTopicURN"` // optional; must be the token's topic
	Endpoint string // optional; must be the token's endpoint
}
