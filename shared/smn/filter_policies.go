package smn

import (
	"context"
	"slices"
)

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

// Limits of filter policies, as SMN documents them.
const (
	MaxFilterPolicies = 5   // policies of a subscription
	MaxFilterValues   = 10  // values of one policy
	MaxFilterBatch    = 100 // subscriptions in one call; SMN names no limit
)

// FilterPolicy lets a subscription receive only messages with a certain
// attribute. With several policies all must hold.
type FilterPolicy struct {
	// Name is that of a MessageAttribute, and does not begin with smn_.
	Name string `json:"name"`
	// StringEquals holds 1 to MaxFilterValues different values, any of which the
	// attribute may have.
	StringEquals []string `json:"string_equals"`
}

// Selects says whether a message with these attributes is for a subscription of
// this protocol with these filters: a ProtocolAttribute must name the protocol,
// and for each filter the message must have the attribute, with one value at least
// that the filter names. Without filters every message is.
func Selects(attributes []MessageAttribute, p Protocol, filters []FilterPolicy) bool {
	if !IsFor(attributes, p) {
		return false
	}
	for _, f := range filters {
		if !slices.ContainsFunc(attributes, f.holds) {
			return false
		}
	}
	return true
}

// holds says whether a is the attribute that f asks for.
func (f FilterPolicy) holds(a MessageAttribute) bool {
	return a.Name == f.Name && a.Type != ProtocolAttribute &&
		slices.ContainsFunc(a.Values, func(v string) bool { return slices.Contains(f.StringEquals, v) })
}

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
