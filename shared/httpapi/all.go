package httpapi

import "slices"

// The operations by the function that offers them. The four hot paths stand
// alone; manage is everything else that the owner of a project does.
var (
	ListOperations   = []Operation{ListSubscriptions, ListSubscriptionsByTopic}
	ManageOperations = slices.Concat(
		topicOperations, alertOperations, tagOperations, subscriptionOperations, templateOperations, smsOperations, applicationOperations,
		logtankOperations, notifyPolicyOperations, kmsKeyOperations, reportOperations,
	)
	IdentityOperations = []Operation{
		IssueToken, InspectToken, GetIdentityVersion,
		ListProjects, ListAuthProjects, ListAuthDomains, GetAuthCatalog,
	}
)

// LinkOperations are what anyone may ask for. A function, as GetOpenAPI is one.
func LinkOperations() []Operation {
	return []Operation{
		ConfirmSubscription, ConfirmSubscriptionV2, Unsubscribe, UnsubscribeV2,
		ConfirmPage, ConfirmButton, UnsubscribePage, UnsubscribeButton,
		GetCertificate, GetCertificateV2, ListVersions, GetVersion, GetOpenAPI(),
	}
}

// What manage offers, by noun.
var (
	topicOperations = []Operation{
		ListTopics, GetTopic, UpdateTopic, DeleteTopic,
		ListTopicAttributes, UpdateTopicAttribute, DeleteTopicAttribute, DeleteTopicAttributes,
		GetTopicStatistics, ListTopicsWithResources,
		Detect, GetDetection,
		ListProtocols, ListCloudService, ListCloudServices,
	}
	subscriptionOperations = []Operation{
		CancelSubscription, CancelSubscriptionByTopic, CancelSubscriptions, CancelSubscriptionsByTopic,
		GetSubscription, UpdateSubscription, SendConfirmation,
		CreateFilterPolicies, UpdateFilterPolicies, DeleteFilterPolicies,
		CreateSubscriptionUser, ListSubscriptionUsers, GetSubscriptionUser, UpdateSubscriptionUser, DeleteSubscriptionUser,
		SubscribeUsers,
	}
	alertOperations       = []Operation{PublishAlerts}
	reportOperations      = []Operation{ListMessages, GetMessageReport, ListDeadDeliveries, Redeliver}
	templateOperations    = []Operation{CreateTemplate, ListTemplates, GetTemplate, UpdateTemplate, DeleteTemplate}
	smsOperations         = []Operation{SendSMS, SendSMSBatch, GetSMS, ListSMS, ListSMSCallbacks, UpdateSMSCallbacks}
	applicationOperations = []Operation{
		CreateApplication, ListApplications, GetApplication, UpdateApplication, DeleteApplication,
		CreatePushEndpoint, ListPushEndpoints, GetPushEndpoint, UpdatePushEndpoint, DeletePushEndpoint, Push,
	}
)

// All lists every operation there is.
func All() []Operation {
	return slices.Concat(
		[]Operation{CreateTopic, Subscribe, Publish},
		ListOperations, ManageOperations, LinkOperations(), IdentityOperations,
	)
}
