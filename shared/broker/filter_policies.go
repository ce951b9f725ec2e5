package broker

import (
	"context"
	"errors"

	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// What is done to the filter policies of a subscription, in the words of errors.
const (
	addFilters    = "add filter policies to"
	setFilters    = "set filter policies of"
	removeFilters = "remove filter policies of"
)

// CreateFilterPolicies implements smn.FilterPolicies.
func (b *Broker) CreateFilterPolicies(ctx context.Context, in smn.FilterPoliciesInput) ([]error, error) {
	return b.filter(ctx, in, addFilters, in.Items)
}

// UpdateFilterPolicies implements smn.FilterPolicies.
func (b *Broker) UpdateFilterPolicies(ctx context.Context, in smn.FilterPoliciesInput) ([]error, error) {
	return b.filter(ctx, in, setFilters, in.Items)
}

// DeleteFilterPolicies implements smn.FilterPolicies.
func (b *Broker) DeleteFilterPolicies(ctx context.Context, in smn.DeleteFilterPoliciesInput) ([]error, error) {
	items := make([]smn.SubscriptionPolicies, len(in.SubscriptionURNs))
	for i, urn := range in.SubscriptionURNs {
		items[i].SubscriptionURN = urn
	}
	return b.filter(ctx, in, removeFilters, items)
}

func (b *Broker) filter(ctx context.Context, in any, deed string, items []smn.SubscriptionPolicies) ([]error, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	var changes []store.FilterChange
	open := onceEach(func(urn string) (store.Topic, error) { return b.ownTopic(ctx, caller, urn) })
	all, err := b.findAll(len(items), func(i int) (found, error) {
		if deed != removeFilters {
			if err := validation.Check(items[i]); err != nil {
				return found{}, err
			}
		}
		f, err := b.find(items[i].SubscriptionURN, open)
		if err == nil {
			changes = append(changes, store.FilterChange{SubscriptionKey: f.key, Filters: items[i].Policies})
		}
		return f, err
	})
	if err != nil {
		return nil, err
	}
	outcomes, err := b.Store.SetFilters(ctx, changes, deed == addFilters)
	if err != nil {
		return nil, err
	}
	for i, err := range outcomes {
		if errors.Is(err, store.ErrConflict) {
			outcomes[i] = smn.Errorf(smn.InvalidFilterPolicy, "the subscription has filter policies already; update them")
		}
	}
	return all.settle(deed, outcomes), nil
}
