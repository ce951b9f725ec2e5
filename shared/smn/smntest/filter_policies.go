package smntest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// levels is one policy for a subscription.
func levels(urn string, values ...string) smn.SubscriptionPolicies {
	return smn.SubscriptionPolicies{SubscriptionURN: urn, Policies: []smn.FilterPolicy{{Name: "level", StringEquals: values}}}
}

func (s *suite) createFilters(items ...smn.SubscriptionPolicies) ([]error, error) {
	return s.owner.CreateFilterPolicies(s.owner.ctx, smn.FilterPoliciesInput{Items: items})
}

func (s *suite) updateFilters(items ...smn.SubscriptionPolicies) ([]error, error) {
	return s.owner.UpdateFilterPolicies(s.owner.ctx, smn.FilterPoliciesInput{Items: items})
}

func (s *suite) deleteFilters(urns ...string) ([]error, error) {
	return s.owner.DeleteFilterPolicies(s.owner.ctx, smn.DeleteFilterPoliciesInput{SubscriptionURNs: urns})
}

func filterPolicies(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	a, b := s.subscribed(t, topic, mailTo("a@example.com")), s.subscribed(t, topic, mailTo("b@example.com"))
	done := func(errs []error, err error) {
		t.Helper()
		require.NoError(t, err)
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
	want := s.listed(t, a)
	require.Nil(t, want.Filters)

	done(s.createFilters(levels(a, "high", "low")))
	want.Filters = []smn.FilterPolicy{{Name: "level", StringEquals: []string{"high", "low"}}}
	require.Equal(t, want, s.listed(t, a))
	detail, err := s.owner.GetSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: a})
	require.NoError(t, err)
	require.Equal(t, want, detail.Subscription)
	require.Nil(t, s.listed(t, b).Filters)

	errs, err := s.createFilters(levels(a, "other"), levels(b, "other"), levels(b, "again"))
	require.NoError(t, err)
	require.Equal(t, []smn.Code{smn.InvalidFilterPolicy, "", smn.InvalidFilterPolicy}, codesOf(t, errs), "what has policies gets no new ones")
	require.Equal(t, want, s.listed(t, a))
	require.Equal(t, levels(b, "other").Policies, s.listed(t, b).Filters)

	done(s.updateFilters(smn.SubscriptionPolicies{SubscriptionURN: a, Policies: []smn.FilterPolicy{{Name: "team_1", StringEquals: []string{"告警"}}}}))
	want.Filters = []smn.FilterPolicy{{Name: "team_1", StringEquals: []string{"告警"}}}
	require.Equal(t, want, s.listed(t, a), "an update replaces all")

	for range 2 {
		done(s.deleteFilters(a))
		require.Nil(t, s.listed(t, a).Filters)
	}
	done(s.updateFilters(levels(a, "high")))
	require.Equal(t, levels(a, "high").Policies, s.listed(t, a).Filters, "an update needs none before")
}

func filterPoliciesRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	urn := s.subscribed(t, topic, mailTo("a@example.com"))
	policy := func(name string, values ...string) smn.FilterPolicy {
		return smn.FilterPolicy{Name: name, StringEquals: values}
	}
	policies := func(n int) (list []smn.FilterPolicy) {
		for i := range n {
			list = append(list, policy(fmt.Sprintf("name_%d", i), "v"))
		}
		return list
	}
	values := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint("v", i))
		}
		return list
	}
	good := [][]smn.FilterPolicy{
		policies(smn.MaxFilterPolicies - 1), policies(smn.MaxFilterPolicies),
		{policy("a", "A_z_09")},
		{policy("0", "_")},
		{policy("a_b_c", "中文")},
		{policy("a9", "Aä9_数据")},
		{policy("smn", "v")},
		{policy("smnx_a", "v")},
		{policy(strings.Repeat("n", smn.MaxAttributeName-1), "v")},
		{policy(strings.Repeat("n", smn.MaxAttributeName), "v")},
		{policy("n", strings.Repeat("v", smn.MaxAttributeValue-1))},
		{policy("n", strings.Repeat("中", smn.MaxAttributeValue))},
		{policy("n", values(smn.MaxFilterValues-1)...)},
		{policy("n", values(smn.MaxFilterValues)...)},
		{policy("n", "v", "V")},
	}
	for _, list := range good {
		errs, err := s.updateFilters(smn.SubscriptionPolicies{SubscriptionURN: urn, Policies: list})
		require.NoError(t, err)
		require.Equal(t, []smn.Code{""}, codesOf(t, errs), list)
		require.Equal(t, list, s.listed(t, urn).Filters)
	}
	want := s.listed(t, urn)
	bad := [][]smn.FilterPolicy{
		nil, policies(smn.MaxFilterPolicies + 1),
		{policy("a", "v"), policy("a", "w")},
		{policy("", "v")},
		{policy("A", "v")},
		{policy("_a", "v")},
		{policy("a_", "v")},
		{policy("a__b", "v")},
		{policy("a-b", "v")},
		{policy("smn_a", "v")},
		{policy("ä", "v")},
		{policy("a\n", "v")},
		{policy(strings.Repeat("n", smn.MaxAttributeName+1), "v")},
		{policy("n")},
		{policy("n", "")},
		{policy("n", "v", "v")},
		{policy("n", "a b")},
		{policy("n", "a-b")},
		{policy("n", "v\n")},
		{policy("n", strings.Repeat("v", smn.MaxAttributeValue+1))},
		{policy("n", values(smn.MaxFilterValues+1)...)},
	}
	for _, list := range bad {
		for _, call := range []func(...smn.SubscriptionPolicies) ([]error, error){s.createFilters, s.updateFilters} {
			errs, err := call(smn.SubscriptionPolicies{SubscriptionURN: urn, Policies: list})
			require.NoError(t, err)
			require.Equal(t, []smn.Code{smn.InvalidFilterPolicy}, codesOf(t, errs), list)
		}
	}
	require.Equal(t, want, s.listed(t, urn), "what was refused has changed nothing")
}

func filterPoliciesBatch(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	urn := s.subscribed(t, topic, mailTo("a@example.com"))
	missing := topic + ":" + strings.Repeat("0", 32)
	elsewhere := s.urn(Owner.Project, "missing") + ":" + strings.Repeat("0", 32)
	want := []smn.Code{smn.SubscriptionNotFound, smn.SubscriptionNotFound, "", smn.InvalidSubscriptionURN}
	for _, call := range []func() ([]error, error){
		func() ([]error, error) {
			return s.createFilters(levels(missing, "v"), levels(elsewhere, "v"), levels(urn, "v"), levels("x", "v"))
		},
		func() ([]error, error) {
			return s.updateFilters(levels(missing, "v"), levels(elsewhere, "v"), levels(urn, "v"), levels("x", "v"))
		},
		func() ([]error, error) { return s.deleteFilters(missing, elsewhere, urn, "x") },
	} {
		errs, err := call()
		require.NoError(t, err)
		require.Equal(t, want, codesOf(t, errs))
	}
	for n, code := range map[int]smn.Code{0: smn.InvalidSubscription, smn.MaxFilterBatch - 1: "", smn.MaxFilterBatch: "", smn.MaxFilterBatch + 1: smn.InvalidSubscription} {
		items, urns := make([]smn.SubscriptionPolicies, n), make([]string, n)
		for i := range n {
			items[i], urns[i] = levels(urn, "v"), urn
		}
		_, errCreate := s.createFilters(items...)
		_, errUpdate := s.updateFilters(items...)
		_, errDelete := s.deleteFilters(urns...)
		for _, err := range []error{errCreate, errUpdate, errDelete} {
			if code == "" {
				require.NoError(t, err)
				continue
			}
			requireCode(t, code, err, n)
		}
	}
}
