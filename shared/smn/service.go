package smn

import "context"

// Service is a notification service. Its methods may be called from many
// goroutines at once. Unless Anonymous may make the call, the caller of the
// context (WithCaller) must be of the project that owns the topic, else
// Forbidden; with package client the credential is the caller.
//
// Every method first looks at its input and answers a broken rule with the code
// that the field's tag names, having changed nothing. Any method can fail with
// Internal.
type Service interface {
	Topics
	Subscriptions
	Links
	Publisher
	Tags
	Detections
	Logtanks
	NotifyPolicies
	KMSKeys
	Catalog
}

// Topics are made, listed and deleted.
type Topics interface {
	// CreateTopic makes a topic in the caller's project. A name that is taken
	// answers with the URN of that topic and changes nothing, so of many callers
	// at once one creates. TooManyTopics beyond the project's quota.
	CreateTopic(ctx context.Context, in CreateTopicInput) (CreateTopicOutput, error)

	// ListTopics lists the topics of the caller's project, newest first. A filter
	// that matches nothing gives an empty page.
	ListTopics(ctx context.Context, in ListTopicsInput) (TopicPage, error)

	// GetTopic describes a topic. TopicNotFound if there is none.
	GetTopic(ctx context.Context, in TopicInput) (Topic, error)

	// DeleteTopic removes a topic and all its subscriptions. Messages that are not
	// delivered yet are not sent any more. Deleting twice is TopicNotFound the
	// second time; a new topic of the same name inherits nothing.
	DeleteTopic(ctx context.Context, in TopicInput) error
}

// Subscriptions are added, listed and cancelled by the owner of a topic.
type Subscriptions interface {
	// Subscribe adds an endpoint to a topic and sends it a confirmation, which
	// holds a link that works for ConfirmWithin. An endpoint that is there already
	// answers with its URN; unless it is confirmed, the confirmation is sent again.
	// TopicNotFound, TooManySubscriptions, InternalEndpoint.
	Subscribe(ctx context.Context, in SubscribeInput) (SubscribeOutput, error)

	// SubscribeBatch does the same for up to MaxBatch endpoints. The answer has one
	// item for each, in their order; an item that was refused says why in Err.
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

// Tags are put on topics and applications. A resource of another project does not
// exist here: without it, TopicNotFound for a topic, else ResourceNotFound.
type Tags interface {
	// SetTags puts tags on a resource, all or none. A tag of the same key is
	// overwritten. InvalidTag when the resource would have more than MaxTags.
	SetTags(ctx context.Context, in SetTagsInput) error

	// RemoveTags takes tags off a resource. One that is not there is no error.
	RemoveTags(ctx context.Context, in RemoveTagsInput) error

	// DeleteTag takes one tag off a resource. ResourceNotFound when it is not there.
	DeleteTag(ctx context.Context, in DeleteTagInput) error

	// ListTags lists the tags of a resource by key.
	ListTags(ctx context.Context, in ResourceInput) ([]Tag, error)

	// ListProjectTags lists the keys that resources of a type have in the caller's
	// project, and the values of each, both sorted and without repeats.
	ListProjectTags(ctx context.Context, in ListProjectTagsInput) ([]TagValues, error)

	// FindResources lists the resources of the caller's project that meet conditions:
	// topics newest first, others by id.
	FindResources(ctx context.Context, in FindResourcesInput) (TaggedResourcePage, error)
}

// Detections try whether an endpoint can be reached from here.
type Detections interface {
	// Detect has a test message sent to an http or https endpoint, once, and returns
	// the id under which GetDetection tells what came of it. TopicNotFound,
	// InternalEndpoint. Of a topic's detections the last MaxDetections are kept; an
	// older one that has not run yet never will.
	Detect(ctx context.Context, in DetectInput) (taskID string, err error)

	// GetDetection tells how a detection stands. TopicNotFound, ResourceNotFound.
	GetDetection(ctx context.Context, in AttachmentInput) (Detection, error)
}

// Logtanks bind topics to log streams. They are kept and given back; nothing is
// written to the streams.
type Logtanks interface {
	// CreateLogtank binds a topic to a log stream and returns the id of the binding.
	// TopicNotFound; TooManyResources beyond MaxLogtanks.
	CreateLogtank(ctx context.Context, in CreateLogtankInput) (id string, err error)

	// ListLogtanks lists those of a topic in the order of their creation. TopicNotFound.
	ListLogtanks(ctx context.Context, in TopicInput) ([]Logtank, error)

	// UpdateLogtank binds to another log stream. TopicNotFound, ResourceNotFound.
	UpdateLogtank(ctx context.Context, in UpdateLogtankInput) (Logtank, error)

	// DeleteLogtank ends a binding. TopicNotFound; ResourceNotFound, also the second
	// time.
	DeleteLogtank(ctx context.Context, in AttachmentInput) error
}

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

// KMSKeys bind topics to keys of a key service. A topic has at most one. It is
// kept and given back; nothing is encrypted with it.
type KMSKeys interface {
	// CreateKMSKey binds a topic to a key and returns the id of the binding.
	// TopicNotFound; TooManyResources when it has a key already.
	CreateKMSKey(ctx context.Context, in CreateKMSKeyInput) (id string, err error)

	// GetKMSKey tells the key of a topic. TopicNotFound, ResourceNotFound.
	GetKMSKey(ctx context.Context, in TopicInput) (KMSKey, error)

	// UpdateKMSKey binds to another key. TopicNotFound, ResourceNotFound.
	UpdateKMSKey(ctx context.Context, in UpdateKMSKeyInput) error

	// DeleteKMSKey ends the binding. TopicNotFound; ResourceNotFound, also the second
	// time.
	DeleteKMSKey(ctx context.Context, in AttachmentInput) error
}

// Catalog tells what there is.
type Catalog interface {
	// ListProtocols lists the protocols that can be subscribed. Every caller with a
	// project may ask.
	ListProtocols(ctx context.Context) ([]Protocol, error)

	// ListCloudServices lists the services of the cloud that can publish by
	// themselves. Every caller with a project may ask.
	ListCloudServices(ctx context.Context) ([]CloudService, error)

	// ListTopicsWithResources is ListTopics, each topic with what belongs to it.
	ListTopicsWithResources(ctx context.Context, in ListTopicsInput) (TopicResourcesPage, error)
}
