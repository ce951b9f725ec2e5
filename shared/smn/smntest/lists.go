package smntest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func listSubscriptions(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	empty, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.NotNil(t, empty.Subscriptions, "an empty list is a list")
	require.Zero(t, empty.Total)

	var ofTopic, ofProject []string // in the order of adding
	for i := range 9 {
		to := topic
		if i%3 == 2 {
			to = other
		}
		urn := s.subscribed(t, to, mailTo(fmt.Sprintf("user%d@example.com", i)))
		ofProject = append(ofProject, urn)
		if to == topic {
			ofTopic = append(ofTopic, urn)
		}
	}
	for offset := range 11 {
		for _, limit := range []int{1, 2, 4, 100} {
			in := smn.ListSubscriptionsInput{Page: smn.Page{Offset: offset, Limit: limit}}
			page, err := s.owner.ListSubscriptions(s.owner.ctx, in)
			require.NoError(t, err)
			require.Equal(t, len(ofProject), page.Total)
			require.Equal(t, naivePage(ofProject, offset, limit), urns(page))
			page, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
			require.NoError(t, err)
			require.Equal(t, len(ofTopic), page.Total)
			require.Equal(t, naivePage(ofTopic, offset, limit), urns(page))
		}
	}
	_, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: s.urn(Owner.Project, "missing")})
	requireCode(t, smn.TopicNotFound, err)
}

func urns(page smn.SubscriptionPage) []string {
	list := []string{}
	for _, sub := range page.Subscriptions {
		list = append(list, sub.URN.String())
	}
	return list
}

func listSubscriptionsRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, in := range []smn.ListSubscriptionsInput{
		{Page: smn.Page{Offset: -1}},
		{Page: smn.Page{Limit: -1}},
		{Page: smn.Page{Limit: smn.DefaultLimit + 1}},
		{Marker: "x"},
		{Marker: topic},
	} {
		_, err := s.owner.ListSubscriptions(s.owner.ctx, in)
		requireCode(t, smn.InvalidPage, err, in)
		_, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
		requireCode(t, smn.InvalidPage, err, in)
	}
}

// listSubscriptionsByMarker pages while others come and go.
func listSubscriptionsByMarker(t *testing.T, s *suite) {
	const untouched, passing = 120, 60
	topic := s.topic(t, "topic")
	var stay, leave []string
	for first := 0; first < untouched+passing; first += smn.MaxBatch {
		outputs, err := s.owner.SubscribeBatch(s.owner.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: batch(first, min(smn.MaxBatch, untouched+passing-first))})
		require.NoError(t, err)
		for i, out := range outputs {
			require.NoError(t, out.Err)
			if (first+i)%3 == 2 {
				leave = append(leave, out.URN)
			} else {
				stay = append(stay, out.URN)
			}
		}
	}
	var change sync.WaitGroup
	change.Go(func() {
		for i, urn := range leave {
			if s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: urn}) != nil {
				return
			}
			if _, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo(fmt.Sprintf("late%d@example.com", i))}); err != nil {
				return
			}
		}
	})
	defer change.Wait()

	seen := map[string]int{}
	in := smn.ListSubscriptionsInput{Page: smn.Page{Limit: 7}}
	for range 10 * (untouched + passing) {
		page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
		require.NoError(t, err)
		for _, urn := range urns(page) {
			seen[urn]++
			in.Marker = urn
		}
		if len(page.Subscriptions) == 0 {
			break
		}
	}
	for _, urn := range stay {
		require.Equal(t, 1, seen[urn], "neither repeated nor missed: %s", urn)
	}
	for urn, times := range seen {
		require.Equal(t, 1, times, "not repeated: %s", urn)
	}
}
