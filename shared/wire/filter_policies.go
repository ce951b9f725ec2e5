package wire

import "tocsin/shared/smn"

// FilterPolicy is a filter policy of a subscription.
type FilterPolicy struct {
	Name         string   `json:"name" code:"InvalidFilterPolicy"`
	StringEquals []string `json:"string_equals" code:"InvalidFilterPolicy"`
}

// FilterPolicesRequest is the body of CreateFilterPolicies and
// UpdateFilterPolicies. The misspelling is SMN's.
type FilterPolicesRequest struct {
	Polices []SubscriptionPolices `json:"polices" code:"InvalidFilterPolicy"`
}

// SubscriptionPolices are the policies that one subscription shall have.
type SubscriptionPolices struct {
	SubscriptionURN string         `json:"subscription_urn" code:"InvalidSubscriptionURN"`
	FilterPolices   []FilterPolicy `json:"filter_polices" code:"InvalidFilterPolicy"`
}

// DeleteFilterPolicesRequest is the body of DeleteFilterPolicies: texts, where
// CancelSubscriptionsRequest has objects.
type DeleteFilterPolicesRequest struct {
	SubscriptionURNs []string `json:"subscription_urns" code:"InvalidSubscriptionURN"`
}

// FilterPolicesResponse answers all three.
type FilterPolicesResponse struct {
	RequestID string                `json:"request_id"`
	Results   []FilterPolicesResult `json:"batch_result"`
}

// FilterPolicesResult is what became of one subscription. Code and Message are
// empty when all went well.
type FilterPolicesResult struct {
	Code            string `json:"code"`
	Message         string `json:"message"`
	Detail          string `json:"detail,omitempty"`
	SubscriptionURN string `json:"subscription_urn"`
}

// NewSubscriptionPolices spells the policies of a subscription.
func NewSubscriptionPolices(p smn.SubscriptionPolicies) SubscriptionPolices {
	return SubscriptionPolices{SubscriptionURN: p.SubscriptionURN, FilterPolices: newFilterPolices(p.Policies)}
}

// Policies reads what NewSubscriptionPolices spelt.
func (p SubscriptionPolices) Policies() smn.SubscriptionPolicies {
	return smn.SubscriptionPolicies{SubscriptionURN: p.SubscriptionURN, Policies: filterPolicies(p.FilterPolices)}
}

func newFilterPolices(policies []smn.FilterPolicy) []FilterPolicy {
	if len(policies) == 0 {
		return nil
	}
	polices := make([]FilterPolicy, len(policies))
	for i, p := range policies {
		polices[i] = FilterPolicy(p)
	}
	return polices
}

func filterPolicies(polices []FilterPolicy) []smn.FilterPolicy {
	if len(polices) == 0 {
		return nil
	}
	policies := make([]smn.FilterPolicy, len(polices))
	for i, p := range polices {
		policies[i] = smn.FilterPolicy(p)
	}
	return policies
}
