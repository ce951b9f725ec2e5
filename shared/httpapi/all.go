package httpapi

import "slices"

// The operations by the function that offers them. The four hot paths stand
// alone; manage is everything else that the owner of a project does.
var (
	ListOperations   = []Operation{ListSubscriptions, ListSubscriptionsByTopic}
	ManageOperations = []Operation{ListTopics, GetTopic, DeleteTopic, CancelSubscription}
	LinkOperations   = []Operation{
		ConfirmSubscription, ConfirmSubscriptionV2, Unsubscribe, UnsubscribeV2,
		ConfirmPage, ConfirmButton, UnsubscribePage, UnsubscribeButton,
		GetCertificate, GetCertificateV2, ListVersions, GetVersion,
	}
	IdentityOperations = []Operation{
		IssueToken, InspectToken, GetIdentityVersion,
		ListProjects, ListAuthProjects, ListAuthDomains, GetAuthCatalog,
	}
)

// All lists every operation there is.
func All() []Operation {
	return slices.Concat(
		[]Operation{CreateTopic, Subscribe, Publish},
		ListOperations, ManageOperations, LinkOperations, IdentityOperations,
	)
}
