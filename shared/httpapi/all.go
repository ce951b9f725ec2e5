package httpapi

import "slices"

// The operations by the function that offers them. The four hot paths stand
// alone; manage is everything else that the owner of a project does.
var (
	ListOperations   = []Operation{ListSubscriptions, ListSubscriptionsByTopic}
	ManageOperations = slices.Concat([]Operation{ListTopics, GetTopic, DeleteTopic, CancelSubscription}, subscriptionOperations)
	LinkOperations   = []Operation{
		ConfirmSubscription, ConfirmSubscriptionV2, Unsubscribe, UnsubscribeV2,
		ConfirmPage, ConfirmButton, UnsubscribePage, UnsubscribeButton,
		GetCertificate, GetCertificateV2, ListVersions, GetVersion, GetOpenAPI,
	}
	IdentityOperations = []Operation{IssueToken, InspectToken}
)

// subscriptionOperations are what owners do with subscriptions beyond adding,
// listing and cancelling one.
var subscriptionOperations = []Operation{
	GetSubscription, UpdateSubscription, SendConfirmation,
	CancelSubscriptionByTopic, CancelSubscriptions, CancelSubscriptionsByTopic,
	CreateFilterPolicies, UpdateFilterPolicies, DeleteFilterPolicies,
	CreateSubscriptionUser, ListSubscriptionUsers, GetSubscriptionUser, UpdateSubscriptionUser, DeleteSubscriptionUser,
	SubscribeUsers,
}

// All lists every operation there is.
func All() []Operation {
	return slices.Concat(
		[]Operation{CreateTopic, Subscribe, Publish},
		ListOperations, ManageOperations, LinkOperations, IdentityOperations,
	)
}
