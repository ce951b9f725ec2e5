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
	FilterPolicies
	SubscriptionUsers
	Links
	Publisher
	Templates
	Statistics
	SMSSender
	Applications
	Tags
	Detections
	Logtanks
	NotifyPolicies
	KMSKeys
	Catalog
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
	// work. InvalidStatus when it needs none, SubscriptionNotFound. SMN has no
	// such call.
	SendConfirmation(ctx context.Context, in SubscriptionInput) error

	// CancelSubscription removes a subscription; its endpoint is not told.
	// Cancelling twice is SubscriptionNotFound the second time.
	CancelSubscription(ctx context.Context, in SubscriptionInput) error

	// CancelSubscriptionByTopic does the same for a subscription of this topic. One
	// of another topic is SubscriptionNotFound. TopicNotFound.
	CancelSubscriptionByTopic(ctx context.Context, in TopicSubscriptionInput) error

	// CancelSubscriptions does the same for up to MaxCancelBatch subscriptions. The
	// answer has one item for each, in their order: nil, or why it was refused. The
	// error is for the call as a whole. TopicNotFound.
	CancelSubscriptions(ctx context.Context, in CancelSubscriptionsInput) ([]error, error)
}

// FilterPolicies are set by the owner of a topic. Each call takes up to
// MaxFilterBatch subscriptions. The answer has one item for each, in their
// order: nil, or why it was refused. The error is for the call as a whole.
type FilterPolicies interface {
	// CreateFilterPolicies gives policies to subscriptions that have none. One that
	// has some is refused with InvalidFilterPolicy, one that does not exist with
	// SubscriptionNotFound.
	CreateFilterPolicies(ctx context.Context, in FilterPoliciesInput) ([]error, error)

	// UpdateFilterPolicies replaces all policies of subscriptions, whether or not
	// they have any.
	UpdateFilterPolicies(ctx context.Context, in FilterPoliciesInput) ([]error, error)

	// DeleteFilterPolicies takes all policies from subscriptions, which then receive
	// every message. Deleting twice is harmless.
	DeleteFilterPolicies(ctx context.Context, in DeleteFilterPoliciesInput) ([]error, error)
}

// SubscriptionUsers are the address book of a project: endpoints that can be
// subscribed by their id. SMN has no call for them but SubscribeUsers.
type SubscriptionUsers interface {
	// CreateSubscriptionUser adds a user to the caller's project and returns its id.
	// Names need not differ. InternalEndpoint; TooManyResources beyond
	// MaxSubscriptionUsers.
	CreateSubscriptionUser(ctx context.Context, in CreateSubscriptionUserInput) (id string, err error)

	// ListSubscriptionUsers lists those of the caller's project, in the order in
	// which they were added.
	ListSubscriptionUsers(ctx context.Context, in ListSubscriptionUsersInput) (SubscriptionUserPage, error)

	// GetSubscriptionUser describes a user. ResourceNotFound.
	GetSubscriptionUser(ctx context.Context, in SubscriptionUserInput) (SubscriptionUser, error)

	// UpdateSubscriptionUser replaces all that a user says about itself. What was
	// subscribed before stays as it is. InternalEndpoint, ResourceNotFound.
	UpdateSubscriptionUser(ctx context.Context, in UpdateSubscriptionUserInput) error

	// DeleteSubscriptionUser removes a user; its subscriptions stay. Deleting twice
	// is ResourceNotFound the second time.
	DeleteSubscriptionUser(ctx context.Context, in SubscriptionUserInput) error

	// SubscribeUsers is SubscribeBatch for users of the caller's project. An id that
	// is not there is refused with InvalidUser.
	SubscribeUsers(ctx context.Context, in SubscribeUsersInput) ([]SubscribeOutput, error)
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
	// time of sending and that its attributes select, at least once, until its
	// TimeToLive has passed.
	//
	// A template must have a variant for DefaultVariant, and Tags a value for every
	// variable of every variant that could be sent; later changes of the template do
	// not touch the message. TopicNotFound, TemplateNotFound, DefaultTemplateNotFound,
	// InvalidTag; InvalidMessage when a rendered text is empty or too long; Overloaded.
	Publish(ctx context.Context, in PublishInput) (messageID string, err error)
}

// Templates are texts that messages are made from. A name has one variant for
// each protocol; each variant is a template with an id of its own. They belong to
// the caller's project: those of others do not exist for it.
type Templates interface {
	// CreateTemplate makes a template and returns its id. TemplateExists when the
	// name has a variant for the protocol already, TooManyTemplates beyond the
	// project's quota, TooManyVariables.
	CreateTemplate(ctx context.Context, in CreateTemplateInput) (id string, err error)

	// ListTemplates lists the templates of the caller's project, in the order in
	// which they were made, without their content. A filter that matches nothing
	// gives an empty page.
	ListTemplates(ctx context.Context, in ListTemplatesInput) (TemplatePage, error)

	// GetTemplate describes a template. TemplateNotFound.
	GetTemplate(ctx context.Context, in TemplateInput) (Template, error)

	// UpdateTemplate replaces the content of a template. Messages that are published
	// already keep what they were published with. TemplateNotFound, TooManyVariables.
	UpdateTemplate(ctx context.Context, in UpdateTemplateInput) error

	// DeleteTemplate removes a template; only later messages miss it. Deleting twice
	// is TemplateNotFound the second time.
	DeleteTemplate(ctx context.Context, in TemplateInput) error
}

// Statistics tell what topics have sent.
type Statistics interface {
	// GetTopicStatistics counts the SMS of a topic that were delivered, by the hour in
	// which their messages were accepted: one item for each hour that overlaps with
	// the period and has any, in their order. Counts are kept for 92 days.
	// TopicNotFound.
	GetTopicStatistics(ctx context.Context, in TopicStatisticsInput) ([]SMSCount, error)
}

// SMSSender sends SMS to phone numbers, without a topic, and says what became of
// them. They belong to the caller's project.
type SMSSender interface {
	// SendSMS takes a text for a phone number and returns the message's id. Once it
	// has returned, the SMS is stored and will be sent at least once, or given up
	// after DefaultTimeToLive.
	SendSMS(ctx context.Context, in NewSMS) (messageID string, err error)

	// SendSMSBatch does the same for up to MaxSMSBatch texts. The answer has one item
	// for each, in their order; an item that was refused says why in Err, which is
	// DuplicateEndpoint for one that is in the batch already. The error is for the
	// call as a whole.
	SendSMSBatch(ctx context.Context, in SendSMSBatchInput) ([]SentSMS, error)

	// GetSMS gives the text of an SMS. ResourceNotFound.
	GetSMS(ctx context.Context, in SMSInput) (text string, err error)

	// ListSMS lists SMS and how they stand, newest first.
	ListSMS(ctx context.Context, in ListSMSInput) (SMSPage, error)

	// ListSMSCallbacks lists the callbacks that were set and whose topics are still
	// there, in the order of SMSEvents.
	ListSMSCallbacks(ctx context.Context, in ListSMSCallbacksInput) ([]SMSCallback, error)

	// UpdateSMSCallbacks sets the topics of the events that it names, which must be
	// the caller's own, and leaves the other events. They are kept and given back.
	// TopicNotFound.
	UpdateSMSCallbacks(ctx context.Context, in UpdateSMSCallbacksInput) error
}

// Applications send to mobile devices.
type Applications interface {
	// CreateApplication makes an application in the caller's project. One of the same
	// platform, name and credentials that is there is answered with its URN;
	// ApplicationExists when its credentials are others. TooManyResources.
	CreateApplication(ctx context.Context, in CreateApplicationInput) (CreateApplicationOutput, error)

	// ListApplications lists the applications of the caller's project in the order of
	// their creation.
	ListApplications(ctx context.Context, in ListApplicationsInput) (ApplicationPage, error)

	// GetApplication describes an application. Of the answer through a client,
	// CreatedAt is zero. ApplicationNotFound.
	GetApplication(ctx context.Context, in ApplicationInput) (Application, error)

	// UpdateApplication gives an application other credentials. ApplicationNotFound.
	UpdateApplication(ctx context.Context, in UpdateApplicationInput) error

	// DeleteApplication removes an application and its endpoints. Deleting twice is
	// ApplicationNotFound the second time; a new one of the same name has none.
	DeleteApplication(ctx context.Context, in ApplicationInput) error

	// CreatePushEndpoint adds a device to an application. One of the same token and
	// user data that is there is answered with its URN; DeviceTokenExists when its
	// user data are others. ApplicationNotFound, TooManyResources.
	CreatePushEndpoint(ctx context.Context, in CreatePushEndpointInput) (CreatePushEndpointOutput, error)

	// ListPushEndpoints lists the devices of an application in the order in which
	// they were added. ApplicationNotFound.
	ListPushEndpoints(ctx context.Context, in ListPushEndpointsInput) (PushEndpointPage, error)

	// GetPushEndpoint describes a device. Of the answer through a client, CreatedAt
	// is zero. PushEndpointNotFound.
	GetPushEndpoint(ctx context.Context, in PushEndpointInput) (PushEndpoint, error)

	// UpdatePushEndpoint changes what it is given. PushEndpointNotFound.
	UpdatePushEndpoint(ctx context.Context, in UpdatePushEndpointInput) error

	// DeletePushEndpoint removes a device. Deleting twice is PushEndpointNotFound the
	// second time.
	DeletePushEndpoint(ctx context.Context, in PushEndpointInput) error

	// Push takes a message for one device and returns its id. Once it has returned,
	// the message is stored and will be sent at least once, until its TimeToLive has
	// passed. EndpointDisabled, PushEndpointNotFound; InvalidMessageStructure when
	// the structure has no text for the platform.
	Push(ctx context.Context, in PushInput) (messageID string, err error)
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
