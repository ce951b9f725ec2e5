package httpapi

import "slices"

// The operations by the function that offers them. The four hot paths stand
// alone. They are functions, as GetOpenAPI is one: what a list in a variable holds,
// every function would carry.

// ListOperations list subscriptions.
func ListOperations() []Operation {
	return []Operation{ListSubscriptions, ListSubscriptionsByTopic}
}

// IdentityOperations are the logins, and what one may ask a token for.
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

// ManageOperations are everything else that the owner of a project does, by noun.
func ManageOperations() []Operation {
	return slices.Concat(
		[]Operation{
			ListTopics, GetTopic, UpdateTopic, DeleteTopic,
			ListTopicAttributes, UpdateTopicAttribute, DeleteTopicAttribute, DeleteTopicAttributes,
			GetTopicStatistics, ListTopicsWithResources,
			Detect, GetDetection,
			ListProtocols, ListCloudService, ListCloudServices,
		},
		[]Operation{PublishAlerts},
		tagOperations(),
		[]Operation{
			CancelSubscription, CancelSubscriptionByTopic, CancelSubscriptions, CancelSubscriptionsByTopic,
			GetSubscription, UpdateSubscription, SendConfirmation,
			CreateFilterPolicies, UpdateFilterPolicies, DeleteFilterPolicies,
			CreateSubscriptionUser, ListSubscriptionUsers, GetSubscriptionUser, UpdateSubscriptionUser, DeleteSubscriptionUser,
			SubscribeUsers,
		},
		[]Operation{CreateTemplate, ListTemplates, GetTemplate, UpdateTemplate, DeleteTemplate},
		[]Operation{SendSMS, SendSMSBatch, GetSMS, ListSMS, ListSMSCallbacks, UpdateSMSCallbacks},
		[]Operation{
			CreateApplication, ListApplications, GetApplication, UpdateApplication, DeleteApplication,
			CreatePushEndpoint, ListPushEndpoints, GetPushEndpoint, UpdatePushEndpoint, DeletePushEndpoint, Push,
		},
		logtankOperations(), notifyPolicyOperations(), kmsKeyOperations(),
		[]Operation{ListMessages, GetMessageReport, ListDeadDeliveries, Redeliver},
	)
}

// All lists every operation there is.
func All() []Operation {
	return slices.Concat(
		[]Operation{CreateTopic, Subscribe, Publish},
		ListOperations(), ManageOperations(), LinkOperations(), IdentityOperations(),
	)
}
