package httpapi

import "slices"

// The operations by the function that offers them. The four hot paths stand
// alone. These are calls and no variables: what would be made at every start would be
// part of every function.

// ListOperations are the lists of subscriptions.
func ListOperations() []Operation { return []Operation{ListSubscriptions, ListSubscriptionsByTopic} }

// ManageOperations are what the owner of a project does and no other group has: with
// topics, and with the tags of all that has tags.
func ManageOperations() []Operation {
	return slices.Concat(
		topicOperations(), alertOperations(), tagOperations(),
		logtankOperations, notifyPolicyOperations, kmsKeyOperations,
	)
}

// ManageSubscriptionsOperations change and end subscriptions, keep users and subscribe
// them, and tell what has become of messages.
func ManageSubscriptionsOperations() []Operation {
	return slices.Concat(subscriptionOperations(), reportOperations())
}

// MessagingOperations are SMS and mobile push, which need no topic, and the templates
// of messages.
func MessagingOperations() []Operation {
	return slices.Concat(smsOperations(), applicationOperations(), templateOperations())
}

// IdentityOperations are those of the identity service.
func IdentityOperations() []Operation {
	return []Operation{
		IssueToken, InspectToken, GetIdentityVersion,
		ListProjects, ListAuthProjects, ListAuthDomains, GetAuthCatalog,
	}
}

// LinkOperations are what anyone may ask for.
func LinkOperations() []Operation {
	return []Operation{
		ConfirmSubscription, ConfirmSubscriptionV2, Unsubscribe, UnsubscribeV2,
		ConfirmPage, ConfirmButton, UnsubscribePage, UnsubscribeButton,
		GetCertificate, GetCertificateV2, ListVersions, GetVersion, GetOpenAPI(),
	}
}

// What these three offer, by noun.

func topicOperations() []Operation {
	return []Operation{
		ListTopics, GetTopic, UpdateTopic, DeleteTopic,
		ListTopicAttributes, UpdateTopicAttribute, DeleteTopicAttribute, DeleteTopicAttributes,
		GetTopicStatistics, ListTopicsWithResources,
		Detect, GetDetection,
		ListProtocols, ListCloudService, ListCloudServices,
	}
}

func subscriptionOperations() []Operation {
	return []Operation{
		CancelSubscription, CancelSubscriptionByTopic, CancelSubscriptions, CancelSubscriptionsByTopic,
		GetSubscription, UpdateSubscription, SendConfirmation,
		CreateFilterPolicies, UpdateFilterPolicies, DeleteFilterPolicies,
		CreateSubscriptionUser, ListSubscriptionUsers, GetSubscriptionUser, UpdateSubscriptionUser, DeleteSubscriptionUser,
		SubscribeUsers,
	}
}

func alertOperations() []Operation {
	return []Operation{PublishAlerts}
}

func reportOperations() []Operation {
	return []Operation{ListMessages, GetMessageReport, ListDeadDeliveries, Redeliver}
}

func templateOperations() []Operation {
	return []Operation{CreateTemplate, ListTemplates, GetTemplate, UpdateTemplate, DeleteTemplate}
}

func smsOperations() []Operation {
	return []Operation{SendSMS, SendSMSBatch, GetSMS, ListSMS, ListSMSCallbacks, UpdateSMSCallbacks}
}

func applicationOperations() []Operation {
	return []Operation{
		CreateApplication, ListApplications, GetApplication, UpdateApplication, DeleteApplication,
		CreatePushEndpoint, ListPushEndpoints, GetPushEndpoint, UpdatePushEndpoint, DeletePushEndpoint, Push,
	}
}

// All lists every operation there is.
func All() []Operation {
	return slices.Concat(
		[]Operation{CreateTopic, Subscribe, Publish},
		ListOperations(), ManageOperations(), ManageSubscriptionsOperations(), MessagingOperations(), LinkOperations(), IdentityOperations(),
	)
}
