package smn

import "context"

// NotifyPolicies say who is called first. A topic has at most one. It is kept and
// given back; nobody is called in rounds.
type NotifyPolicies interface {
	// CreateNotifyPolicy gives a topic its policy and returns the id. TopicNotFound;
	// SubscriptionNotFound when a subscription is not the topic's;
	// TooManyResources when it has a policy already.
	CreateNotifyPolicy(ctx context.Context, in CreateNotifyPolicyInput) (id string, err error)

	// GetNotifyPolicy tells the policy of a topic. TopicNotFound, ResourceNotFound.
	GetNotifyPolicy(ctx context.Context, in TopicInput) (NotifyPolicy, error)

	// UpdateNotifyPolicy replaces the policy. TopicNotFound, ResourceNotFound,
	// SubscriptionNotFound.
	UpdateNotifyPolicy(ctx context.Context, in UpdateNotifyPolicyInput) error

	// DeleteNotifyPolicy removes the policy. TopicNotFound; ResourceNotFound, also
	// the second time.
	DeleteNotifyPolicy(ctx context.Context, in AttachmentInput) error
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
