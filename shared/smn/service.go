package smn

import "context"

// Service is a notification service. Its methods may be called from many
// goroutines at once. Unless Anonymous may make the call, the caller of the
// context (WithCaller) must be of the project that owns the topic, or the topic's
// access policy must allow the call to his account, else Forbidden, whether or
// not the topic exists; with package client the credential is the caller.
//
// Every method first looks at its input and answers a broken rule with the code
// that the field's tag names, having changed nothing. Any method can fail with
// Internal.
type Service interface {
	Topics
	Attributes
	Subscriptions
	Links
	Publisher
}

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

	// DeleteTopic removes a topic, its attributes and all its subscriptions. Messages that are not
	// delivered yet are not sent any more. Deleting twice is TopicNotFound the
	// second time; a new topic of the same name inherits nothing.
	DeleteTopic(ctx context.Context, in TopicInput) error
}

// Attributes are the attributes of topics. All its methods answer
// TopicNotFound.
type Attributes interface {
	// ListTopicAttributes gives the attribute asked for, or all.
	ListTopicAttributes(ctx context.Context, in ListTopicAttributesInput) (TopicAttributes, error)

	// UpdateTopicAttribute sets an attribute. AttributeTooLong; for an access policy
	// InvalidPolicy, the InvalidPolicy… or InvalidStatement… of the element that
	// breaks a rule, or InvalidDomainID.
	UpdateTopicAttribute(ctx context.Context, in UpdateTopicAttributeInput) error

	// DeleteTopicAttribute takes an attribute away. One that is not set is no error.
	DeleteTopicAttribute(ctx context.Context, in TopicAttributeInput) error

	// DeleteTopicAttributes takes all away.
	DeleteTopicAttributes(ctx context.Context, in TopicInput) error
}

// Subscriptions are added, listed and cancelled by the owner of a topic, and by
// those whom its access policy allows it.
type Subscriptions interface {
	// Subscribe adds an endpoint to a topic and sends it a confirmation, which
	// holds a link that works for ConfirmWithin. An endpoint that is there already
	// answers with its URN; unless it is confirmed, the confirmation is sent again.
	// TopicNotFound, TooManySubscriptions, InternalEndpoint.
	Subscribe(ctx context.Context, in SubscribeInput) (SubscribeOutput, error)

	// SubscribeBatch does the same for up to MaxBatch endpoints. The answer has one
	// item for each, in their order; an item that was refused says why in Err. An
	// access policy is asked about each; if it allows none, the call is Forbidden.
	// The error is for the call as a whole.
	SubscribeBatch(ctx context.Context, in SubscribeBatchInput) ([]SubscribeOutput, error)

	// ListSubscriptions lists all subscriptions of the caller's project, in the
	// order in which they were added.
	ListSubscriptions(ctx context.Context, in ListSubscriptionsInput) (SubscriptionPage, error)

	// ListSubscriptionsByTopic lists those of one topic, in the order in which
	// they were added. TopicNotFound.
	ListSubscriptionsByTopic(ctx context.Context, in ListSubscriptionsByTopicInput) (SubscriptionPage, error)

	// CancelSubscription removes a subscription; its endpoint is not told.
	// Cancelling twice is SubscriptionNotFound the second time.
	CancelSubscription(ctx context.Context, in SubscriptionInput) error
}

// Links are what endpoints follow. Anonymous may: the link itself is the proof.
type Links interface {
	// ConfirmSubscription makes the subscription that a confirmation's token
	// belongs to Confirmed and returns its URN. Confirming twice is harmless. A
	// token that is forged, older than ConfirmWithin, of another topic or
	// endpoint, or older than a later unsubscription is InvalidToken.
	// SubscriptionNotFound when the subscription is gone.
	ConfirmSubscription(ctx context.Context, in ConfirmSubscriptionInput) (SubscriptionURN, error)

	// Unsubscribe makes a confirmed subscription Cancelled and tells its endpoint,
	// with a link that subscribes it again within ConfirmWithin. Unsubscribing
	// twice is harmless. SubscriptionNotFound when it is gone.
	Unsubscribe(ctx context.Context, in SubscriptionInput) error
}

// Publisher takes messages.
type Publisher interface {
	// Publish takes a message and returns its id. Once it has returned, the message
	// is stored and will be sent to every subscription that is Confirmed at the
	// time of sending, at least once, until its TimeToLive has passed.
	// TopicNotFound, Overloaded.
	Publish(ctx context.Context, in PublishInput) (messageID string, err error)
}
