package smn

import "time"

// Limits of what can be attached to a topic. SMN names none; a topic has one
// notify policy and one key.
const (
	MaxLogtanks       = 10  // of a topic
	MaxForeignID      = 128 // characters of an id that another service gave
	MaxPollingRounds  = 10  // of a notify policy
	MaxPollingTargets = 50  // subscriptions in one round
)

// AttachmentInput names something that is attached to a topic, for calls that
// need nothing else.
type AttachmentInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	ID       string `validate:"id" code:"ResourceNotFound"` // what is no id names nothing
}

// LogStream is a place in a log service.
type LogStream struct {
	GroupID  string `validate:"foreign_id" code:"InvalidParameter"`
	StreamID string `validate:"foreign_id" code:"InvalidParameter"`
}

// Logtank says to which log stream a topic's deliveries are to be written.
type Logtank struct {
	ID        string
	Stream    LogStream
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CreateLogtankInput is what CreateLogtank needs.
type CreateLogtankInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Stream   LogStream
}

// UpdateLogtankInput is what UpdateLogtank needs.
type UpdateLogtankInput struct {
	AttachmentInput
	Stream LogStream
}

// PollingRound is a group of subscriptions that are called together.
type PollingRound struct {
	Order            int      `json:"order"` // its place among the rounds, from 1
	SubscriptionURNs []string `json:"subscription_urns"`
}

// NewNotifyPolicy is what the owner says about a notify policy.
type NewNotifyPolicy struct {
	Protocol Protocol       `validate:"eq=callnotify" code:"InvalidProtocol"`
	Polling  []PollingRound `validate:"polling" code:"InvalidParameter"` // 1 to MaxPollingRounds, each with a place of its own
}

// CreateNotifyPolicyInput is what CreateNotifyPolicy needs.
type CreateNotifyPolicyInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	NewNotifyPolicy
}

// UpdateNotifyPolicyInput is what UpdateNotifyPolicy needs: the whole policy.
type UpdateNotifyPolicyInput struct {
	AttachmentInput
	NewNotifyPolicy
}

// NotifyPolicy says in which order the subscriptions of a topic are to be called.
type NotifyPolicy struct {
	ID       string
	Protocol Protocol
	Polling  []NotifyRound // by Order
}

// NotifyRound is a round of a notify policy with its subscriptions as they are
// now; those that are gone are left out.
type NotifyRound struct {
	Order         int
	Subscriptions []NotifyTarget // never nil
}

// NotifyTarget is what a notify policy tells of a subscription.
type NotifyTarget struct {
	URN      SubscriptionURN
	Endpoint string
	Remark   string
	Status   Status
}

// KMSKeyStatus is how a key stands.
type KMSKeyStatus string

// KMSKeyEnabled is the status of every key here: nobody else's key service is
// asked.
const KMSKeyEnabled KMSKeyStatus = "ENABLED"

// KMSKey is the key of a key service that a topic is bound to.
type KMSKey struct {
	ID     string // of the binding
	KeyID  string
	Status KMSKeyStatus
}

// CreateKMSKeyInput is what CreateKMSKey needs.
type CreateKMSKeyInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	KeyID    string `validate:"foreign_id" code:"InvalidParameter"`
}

// UpdateKMSKeyInput is what UpdateKMSKey needs.
type UpdateKMSKeyInput struct {
	AttachmentInput
	KeyID string `validate:"foreign_id" code:"InvalidParameter"`
}
