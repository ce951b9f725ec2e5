package smntest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func lists(t *testing.T, s *suite) {
	for _, who := range []actor{s.owner, s.stranger} {
		protocols, err := who.ListProtocols(who.ctx)
		require.NoError(t, err)
		for _, p := range []smn.Protocol{smn.HTTP, smn.HTTPS, smn.Email, smn.SMS} {
			require.Contains(t, protocols, p)
		}
		services, err := who.ListCloudServices(who.ctx)
		require.NoError(t, err)
		require.NotNil(t, services, "an empty list is a list")
	}
	_, err := s.anyone.ListProtocols(s.anyone.ctx)
	require.Contains(t, []smn.Code{smn.Forbidden, smn.Unauthenticated}, smn.CodeOf(err))
	_, err = s.anyone.ListCloudServices(s.anyone.ctx)
	require.Contains(t, []smn.Code{smn.Forbidden, smn.Unauthenticated}, smn.CodeOf(err))
}

func topicsWithResources(t *testing.T, s *suite) {
	list := func(in smn.ListTopicsInput) smn.TopicResourcesPage {
		page, err := s.owner.ListTopicsWithResources(s.owner.ctx, in)
		require.NoError(t, err)
		require.NotNil(t, page.Topics, "an empty list is a list")
		return page
	}
	require.Zero(t, list(smn.ListTopicsInput{}).Total)
	first := s.topic(t, "first")
	s.topic(t, "second")
	require.NoError(t, s.setTags(named("first"), smn.Tag{Key: "b"}, smn.Tag{Key: "a", Value: "1"}))
	_, err := s.createLogtank(first, "group", "stream")
	require.NoError(t, err)

	page := list(smn.ListTopicsInput{})
	require.Equal(t, 2, page.Total)
	topics, err := s.owner.ListTopics(s.owner.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	for i, topic := range topics.Topics {
		require.Equal(t, topic, page.Topics[i].Topic, "the same topics in the same order")
	}
	require.Equal(t, smn.TopicResources{Topic: topics.Topics[0], Tags: []smn.Tag{}, Logtanks: []smn.Logtank{}}, page.Topics[0])
	require.Equal(t, []smn.Tag{{Key: "a", Value: "1"}, {Key: "b"}}, page.Topics[1].Tags)
	require.Equal(t, s.logtanks(t, first), page.Topics[1].Logtanks)
	require.Zero(t, page.Topics[1].Policy)
	policy := allow(first, Stranger, "SMN:Publish")
	s.set(t, first, smn.AccessPolicy, policy)
	set := s.attributes(t, first, smn.AccessPolicy)
	require.Equal(t, smn.TopicPolicy{Text: policy, CreatedAt: set.PolicyCreatedAt, UpdatedAt: set.PolicyUpdatedAt}, list(smn.ListTopicsInput{}).Topics[1].Policy)

	page = list(smn.ListTopicsInput{Name: "first"})
	require.Len(t, page.Topics, 1)
	page = list(smn.ListTopicsInput{FuzzyName: "sec", Page: smn.Page{Offset: 1}})
	require.Empty(t, page.Topics)
	require.Equal(t, 1, page.Total)
	x := s.stranger
	foreign, err := x.ListTopicsWithResources(x.ctx, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Empty(t, foreign.Topics)
}
