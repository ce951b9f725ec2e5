package smntest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
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

func listSubscriptionsFiltered(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	e := newEndpoint(t)
	add := func(to string, n smn.NewSubscription, remark string) string {
		n.Remark = remark
		return s.subscribed(t, to, n)
	}
	a := add(topic, mailTo("a@example.com"), "Night shift 100%")
	b := add(topic, mailTo("b@example.com"), "day_shift")
	confirmed := add(topic, hook(e.url), "Schicht ä")
	c := add(other, mailTo("a@example.com"), "night")
	phone := add(other, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "110"}, "")
	_, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: e.next(t, wire.TypeConfirmation).token(t)})
	require.NoError(t, err)
	status := func(s smn.Status) smn.SubscriptionFilter { return smn.SubscriptionFilter{Status: &s} }

	unconfirmed := smn.Unconfirmed
	for _, c := range []struct {
		filter           smn.SubscriptionFilter
		project, ofTopic []string // what fits of all, and of the first topic
	}{
		{smn.SubscriptionFilter{}, []string{a, b, confirmed, c, phone}, []string{a, b, confirmed}},
		{smn.SubscriptionFilter{Protocol: smn.Email}, []string{a, b, c}, []string{a, b}},
		{smn.SubscriptionFilter{Protocol: smn.HTTPS}, nil, nil},
		{status(smn.Unconfirmed), []string{a, b, c, phone}, []string{a, b}},
		{status(smn.Confirmed), []string{confirmed}, []string{confirmed}},
		{status(smn.Exempt), nil, nil},
		{status(smn.Cancelled), nil, nil},
		{status(smn.Deleted), nil, nil},
		{smn.SubscriptionFilter{Endpoint: "a@example.com"}, []string{a, c}, []string{a}},
		{smn.SubscriptionFilter{Endpoint: "@example.com"}, nil, nil},
		{smn.SubscriptionFilter{FuzzyRemark: "shift"}, []string{a, b}, []string{a, b}},
		{smn.SubscriptionFilter{FuzzyRemark: "night"}, []string{c}, nil},
		{smn.SubscriptionFilter{FuzzyRemark: "%"}, []string{a}, []string{a}},
		{smn.SubscriptionFilter{FuzzyRemark: "_"}, []string{b}, []string{b}},
		{smn.SubscriptionFilter{FuzzyRemark: "ä"}, []string{confirmed}, []string{confirmed}},
		{smn.SubscriptionFilter{Protocol: smn.Email, Status: &unconfirmed, Endpoint: "a@example.com", FuzzyRemark: "ight"}, []string{a, c}, []string{a}},
		{smn.SubscriptionFilter{Protocol: smn.SMS, Endpoint: "a@example.com"}, nil, nil},
	} {
		for offset := range 4 {
			in := smn.ListSubscriptionsInput{Page: smn.Page{Offset: offset, Limit: 2}, SubscriptionFilter: c.filter}
			page, err := s.owner.ListSubscriptions(s.owner.ctx, in)
			require.NoError(t, err)
			require.Equal(t, len(c.project), page.Total, "the count is that of the filtered list: %+v", c.filter)
			require.Equal(t, naivePage(c.project, offset, 2), urns(page), c.filter)
			page, err = s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
			require.NoError(t, err)
			require.Equal(t, len(c.ofTopic), page.Total, c.filter)
			require.Equal(t, naivePage(c.ofTopic, offset, 2), urns(page), c.filter)
		}
	}
	page, err := s.owner.ListSubscriptions(s.owner.ctx, smn.ListSubscriptionsInput{Marker: a, SubscriptionFilter: smn.SubscriptionFilter{Protocol: smn.Email}})
	require.NoError(t, err)
	require.Equal(t, []string{b, c}, urns(page))
	require.Equal(t, 3, page.Total, "whatever the marker")
}

func listSubscriptionsFilterRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	low, high := smn.Status(-1), smn.Deleted+1
	for _, c := range []struct {
		code   smn.Code
		filter smn.SubscriptionFilter
	}{
		{smn.InvalidProtocol, smn.SubscriptionFilter{Protocol: "ftp"}},
		{smn.InvalidProtocol, smn.SubscriptionFilter{Protocol: "EMAIL"}},
		{smn.InvalidStatus, smn.SubscriptionFilter{Status: &low}},
		{smn.InvalidStatus, smn.SubscriptionFilter{Status: &high}},
		{smn.InvalidEndpoint, smn.SubscriptionFilter{Endpoint: "a\nb"}},
		{smn.InvalidEndpoint, smn.SubscriptionFilter{Endpoint: strings.Repeat("e", smn.MaxEndpoint+1)}},
		{smn.RemarkTooLong, smn.SubscriptionFilter{FuzzyRemark: strings.Repeat("r", smn.MaxRemark+1)}},
		{"", smn.SubscriptionFilter{FuzzyRemark: strings.Repeat("r", smn.MaxRemark)}},
		{"", smn.SubscriptionFilter{Endpoint: strings.Repeat("e", smn.MaxEndpoint)}},
	} {
		in := smn.ListSubscriptionsInput{SubscriptionFilter: c.filter}
		_, err := s.owner.ListSubscriptions(s.owner.ctx, in)
		_, err2 := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
		if c.code == "" {
			require.NoError(t, errors.Join(err, err2))
			continue
		}
		requireCode(t, c.code, err, c.filter)
		requireCode(t, c.code, err2, c.filter)
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
