package smn

// Limits of calls for filter policies.
const (
	MaxFilterPolicies = 5   // policies of a subscription, as SMN documents it
	MaxFilterBatch    = 100 // subscriptions in one call; SMN names no limit
)

// SubscriptionPolicies are the filter policies that a subscription shall have.
type SubscriptionPolicies struct {
	SubscriptionURN string         `validate:"subscription_urn" code:"InvalidSubscriptionURN"`
	Policies        []FilterPolicy `validate:"filter_policies" code:"InvalidFilterPolicy"` // 1 to MaxFilterPolicies, each of another name
}

// FilterPoliciesInput is what CreateFilterPolicies and UpdateFilterPolicies need.
// Its items are judged one by one; a bad one does not keep the others out.
type FilterPoliciesInput struct {
	Items []SubscriptionPolicies `validate:"min=1,max=100" code:"InvalidSubscription"`
}

// DeleteFilterPoliciesInput is what DeleteFilterPolicies needs.
type DeleteFilterPoliciesInput struct {
	SubscriptionURNs []string `validate:"min=1,max=100" code:"InvalidSubscription"`
}
