package smntest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func listMessages(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	list := func(marker string, limit int) []smn.PublishedMessage {
		return must(s.owner.ListMessages(s.owner.ctx, smn.ListMessagesInput{TopicURN: topic, Limit: limit, Marker: marker}))
	}
	require.Empty(t, list("", 0))
	var ids []string
	for _, subject := range []string{"one", "", "three"} {
		ids = append(ids, s.owner.publish(t, smn.PublishInput{TopicURN: topic, Subject: subject, Message: "m"}))
		s.owner.publish(t, smn.PublishInput{TopicURN: other, Message: "m"})
	}
	slices.Reverse(ids)
	all := list("", 0)
	require.Len(t, all, 3)
	for i, subject := range []string{"three", "", "one"} {
		require.Equal(t, ids[i], all[i].ID)
		require.Equal(t, subject, all[i].Subject)
		require.WithinDuration(t, time.Now(), all[i].AcceptedAt, patience)
	}
	require.Equal(t, all[:2], list("", 2))
	require.Equal(t, all[1:], list(ids[0], 100))
	require.Empty(t, list(ids[2], 1))
	require.Empty(t, list(smn.NewID(), 1), "behind what is not kept there is nothing")

	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: topic}))
	s.topic(t, "topic")
	require.Empty(t, list("", 0), "a new topic of the name inherits nothing")
	_, err := s.owner.GetMessageReport(s.owner.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: ids[0]})
	requireCode(t, smn.ResourceNotFound, err)
}

// failing subscribes an endpoint that answers notifications with a status.
func (s *suite) failing(t *testing.T, topic string, status int) (e endpoint, urn string) {
	t.Helper()
	e = newEndpoint(t)
	urn, _ = s.confirmed(t, topic, e, hook(e.url))
	e.status.Store(int32(status))
	return e, urn
}

// reported waits until the report on a message is as it should be.
func (s *suite) reported(t *testing.T, topic, message string, done func(smn.MessageReport) bool) (report smn.MessageReport) {
	t.Helper()
	require.Eventually(t, func() bool {
		report = must(s.owner.GetMessageReport(s.owner.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: message}))
		return done(report)
	}, patience, 5*time.Millisecond)
	return report
}

// counted waits for these counts and gives the failures.
func (s *suite) counted(t *testing.T, topic, message string, want smn.DeliveryCounts) []smn.DeliveryFailure {
	t.Helper()
	return s.reported(t, topic, message, func(r smn.MessageReport) bool { return r.FannedOut && r.Counts == want }).Failures
}

func messageReport(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	lonely := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	s.counted(t, topic, lonely, smn.DeliveryCounts{})

	good, better, filtered := newEndpoint(t), newEndpoint(t), newEndpoint(t)
	s.confirmed(t, topic, good, hook(good.url))
	_, busy := s.failing(t, topic, 503)
	s.confirmed(t, topic, better, hook(better.url))
	_, gone := s.failing(t, topic, 410)
	chosen, _ := s.confirmed(t, topic, filtered, hook(filtered.url))
	errs := must(s.owner.CreateFilterPolicies(s.owner.ctx, smn.FilterPoliciesInput{Items: []smn.SubscriptionPolicies{
		{SubscriptionURN: chosen, Policies: []smn.FilterPolicy{{Name: "team", StringEquals: []string{"ops"}}}},
	}}))
	require.Equal(t, []error{nil}, errs)
	s.subscribed(t, topic, mailTo("unconfirmed@example.com"))

	began := time.Now().Add(-time.Second)
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Subject: "Disk", Message: "full", TimeToLive: 10 * time.Minute})
	failures := s.counted(t, topic, id, smn.DeliveryCounts{Matched: 4, Delivered: 2, Retrying: 1, Dead: 1, Filtered: 1})
	require.Len(t, failures, 2)
	retrying, dead := failures[0], failures[1]
	require.Equal(t, busy, retrying.SubscriptionURN.String())
	require.Equal(t, smn.HTTP, retrying.Protocol)
	require.Equal(t, 503, retrying.Status)
	require.Equal(t, 1, retrying.Attempts)
	require.False(t, retrying.Dead)
	require.NotEmpty(t, retrying.Reason)
	require.WithinRange(t, retrying.At, began, time.Now())
	require.WithinRange(t, retrying.NextAttemptAt, retrying.At, retrying.At.Add(time.Minute))
	require.Equal(t, gone, dead.SubscriptionURN.String())
	require.Equal(t, smn.HTTP, dead.Protocol)
	require.Equal(t, 410, dead.Status)
	require.Equal(t, 1, dead.Attempts)
	require.True(t, dead.Dead)
	require.NotEmpty(t, dead.Reason)
	require.Zero(t, dead.NextAttemptAt)
	require.WithinRange(t, dead.At, began, time.Now())

	report := must(s.owner.GetMessageReport(s.owner.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: id}))
	require.Equal(t, id, report.ID)
	require.Equal(t, "Disk", report.Subject)
	require.WithinRange(t, report.AcceptedAt, began, time.Now())
	require.WithinDuration(t, report.AcceptedAt.Add(10*time.Minute), report.ExpiresAt, time.Second)

	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: gone}))
	failures = s.counted(t, topic, id, report.Counts)
	require.Empty(t, failures[1].Protocol, "the subscription is gone, its failure is not")
}

func messageReportPages(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	var urns []string
	for range 3 {
		_, urn := s.failing(t, topic, 400)
		urns = append(urns, urn)
	}
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	s.counted(t, topic, id, smn.DeliveryCounts{Matched: 3, Dead: 3})
	page := func(marker string, limit int) (found []string) {
		report := must(s.owner.GetMessageReport(s.owner.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: id, Limit: limit, Marker: marker}))
		require.Equal(t, 3, report.Counts.Dead, "whatever the page")
		for _, f := range report.Failures {
			found = append(found, f.SubscriptionURN.String())
		}
		return found
	}
	require.Equal(t, urns, page("", 3))
	require.Equal(t, urns[:2], page("", 2))
	require.Equal(t, urns[2:], page(urns[1], 2))
	require.Empty(t, page(urns[2], 1))
	require.Equal(t, urns, page(topic+":00000000000000000000000000000000", 0), "the marker need not exist")
}

// reportRules are those of both reports and of dead deliveries.
func reportRules(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	const none = "00000000000000000000000000000000"
	calls := map[string]func(x actor, topic string, limit int, marker string) error{
		"messages": func(x actor, topic string, limit int, marker string) error {
			_, err := x.ListMessages(x.ctx, smn.ListMessagesInput{TopicURN: topic, Limit: limit, Marker: marker})
			return err
		},
		"report": func(x actor, topic string, limit int, marker string) error {
			_, err := x.GetMessageReport(x.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: id, Limit: limit, Marker: marker})
			return err
		},
		"dead": func(x actor, topic string, limit int, marker string) error {
			_, err := x.ListDeadDeliveries(x.ctx, smn.ListDeadDeliveriesInput{TopicURN: topic, Limit: limit, DeadFilter: smn.DeadFilter{Marker: marker}})
			return err
		},
		"redeliver": func(x actor, topic string, _ int, marker string) error {
			_, err := x.Redeliver(x.ctx, smn.RedeliverInput{TopicURN: topic, DeadFilter: smn.DeadFilter{Marker: marker}})
			return err
		},
	}
	markers := map[string]string{"messages": id, "report": topic + ":" + none, "dead": id + ":" + topic + ":" + none, "redeliver": id + ":" + topic + ":" + none}
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "*"))
	for name, call := range calls {
		requireCode(t, smn.InvalidTopicURN, call(s.owner, "topic", 0, ""), name)
		requireCode(t, smn.TopicNotFound, call(s.owner, s.urn(Owner.Project, "missing"), 0, ""), name)
		requireCode(t, smn.Forbidden, call(s.stranger, topic, 0, ""), "%s: whatever the policy says", name)
		requireCode(t, smn.Forbidden, call(s.stranger, s.urn(Owner.Project, "missing"), 0, ""), name)
		for own, marker := range markers {
			err := call(s.owner, topic, 0, marker)
			if marker == markers[name] {
				require.NoError(t, err, name)
			} else {
				requireCode(t, smn.InvalidPage, err, "%s with the marker of %s", name, own)
			}
		}
		requireCode(t, smn.InvalidPage, call(s.owner, topic, 0, "x"), name)
		if name == "redeliver" {
			continue
		}
		for _, limit := range []int{-1, smn.DefaultLimit + 1} {
			requireCode(t, smn.InvalidPage, call(s.owner, topic, limit, ""), name)
		}
		for _, limit := range []int{1, smn.DefaultLimit - 1, smn.DefaultLimit} {
			require.NoError(t, call(s.owner, topic, limit, ""), name)
		}
	}
	report := func(topic, id string) error {
		_, err := s.owner.GetMessageReport(s.owner.ctx, smn.MessageReportInput{TopicURN: topic, MessageID: id})
		return err
	}
	requireCode(t, smn.InvalidMessageID, report(topic, "x"))
	requireCode(t, smn.ResourceNotFound, report(topic, none))
	requireCode(t, smn.ResourceNotFound, report(other, id), "it is of another topic")

	for code, f := range map[smn.Code]smn.DeadFilter{
		smn.InvalidMessageID:       {MessageID: "x"},
		smn.InvalidSubscriptionURN: {SubscriptionURN: topic},
	} {
		_, err := s.owner.ListDeadDeliveries(s.owner.ctx, smn.ListDeadDeliveriesInput{TopicURN: topic, DeadFilter: f})
		requireCode(t, code, err)
		_, err = s.owner.Redeliver(s.owner.ctx, smn.RedeliverInput{TopicURN: topic, DeadFilter: f})
		requireCode(t, code, err)
	}
}

// dead gives the dead deliveries that fit a filter.
func (s *suite) dead(t *testing.T, topic string, f smn.DeadFilter, limit int) []smn.DeadDelivery {
	t.Helper()
	list, err := s.owner.ListDeadDeliveries(s.owner.ctx, smn.ListDeadDeliveriesInput{TopicURN: topic, Limit: limit, DeadFilter: f})
	require.NoError(t, err)
	return list
}

func (s *suite) redeliver(t *testing.T, topic string, f smn.DeadFilter) smn.RedeliverOutput {
	t.Helper()
	out, err := s.owner.Redeliver(s.owner.ctx, smn.RedeliverInput{TopicURN: topic, DeadFilter: f})
	require.NoError(t, err)
	return out
}

func deadDeliveries(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	require.Empty(t, s.dead(t, topic, smn.DeadFilter{}, 0))
	var urns, ids []string
	for range 2 {
		_, urn := s.failing(t, topic, 400)
		urns = append(urns, urn)
	}
	for _, subject := range []string{"one", ""} {
		id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Subject: subject, Message: "m"})
		s.counted(t, topic, id, smn.DeliveryCounts{Matched: 2, Dead: 2})
		ids = append(ids, id)
	}
	all := s.dead(t, topic, smn.DeadFilter{}, 0)
	require.Len(t, all, 4)
	for i, want := range []struct{ id, subject, urn string }{
		{ids[1], "", urns[1]}, {ids[1], "", urns[0]}, {ids[0], "one", urns[1]}, {ids[0], "one", urns[0]},
	} {
		d := all[i]
		require.Equal(t, want.id, d.Message.ID)
		require.Equal(t, want.subject, d.Message.Subject)
		require.WithinDuration(t, time.Now(), d.Message.AcceptedAt, patience)
		require.Equal(t, want.urn, d.SubscriptionURN.String())
		require.Equal(t, smn.HTTP, d.Protocol)
		require.True(t, d.Dead)
		require.Equal(t, 1, d.Attempts)
		require.Equal(t, 400, d.Status)
		require.NotEmpty(t, d.Reason)
		require.WithinDuration(t, time.Now(), d.At, patience)

		require.Equal(t, all[i+1:], append([]smn.DeadDelivery{}, s.dead(t, topic, smn.DeadFilter{Marker: d.Marker()}, 0)...))
		require.Equal(t, all[i:i+1], s.dead(t, topic, smn.DeadFilter{MessageID: want.id, SubscriptionURN: want.urn}, 0))
	}
	require.Equal(t, all[:3], s.dead(t, topic, smn.DeadFilter{}, 3))
	require.Equal(t, all[:2], s.dead(t, topic, smn.DeadFilter{MessageID: ids[1]}, 0))
	require.Equal(t, []smn.DeadDelivery{all[1], all[3]}, s.dead(t, topic, smn.DeadFilter{SubscriptionURN: urns[0]}, 0))
	require.Equal(t, []smn.DeadDelivery{all[3]}, s.dead(t, topic, smn.DeadFilter{SubscriptionURN: urns[0], Marker: all[1].Marker()}, 0))
	require.Empty(t, s.dead(t, s.topic(t, "other"), smn.DeadFilter{SubscriptionURN: urns[0]}, 0))
}

func redeliverOne(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	e, urn := s.failing(t, topic, 400)
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Subject: "Disk", Message: "full"})
	s.counted(t, topic, id, smn.DeliveryCounts{Matched: 1, Dead: 1})
	first := e.next(t, wire.TypeNotification)
	one := smn.DeadFilter{MessageID: id, SubscriptionURN: urn}

	e.status.Store(401) // it dies again
	require.Equal(t, smn.RedeliverOutput{Redelivered: 1}, s.redeliver(t, topic, one))
	s.reported(t, topic, id, func(r smn.MessageReport) bool {
		return r.Counts == smn.DeliveryCounts{Matched: 1, Dead: 1} && r.Failures[0].Status == 401 && r.Failures[0].Attempts == 1
	})
	require.Equal(t, first.Push, e.next(t, wire.TypeNotification).Push)

	e.status.Store(0)
	require.Equal(t, smn.RedeliverOutput{Redelivered: 1}, s.redeliver(t, topic, one))
	again := e.next(t, wire.TypeNotification)
	require.Equal(t, first.Push, again.Push, "it is the same message")
	require.Empty(t, s.counted(t, topic, id, smn.DeliveryCounts{Matched: 1, Delivered: 1}))
	require.Empty(t, s.dead(t, topic, smn.DeadFilter{}, 0))
	for name, f := range map[string]smn.DeadFilter{
		"delivered":                {MessageID: id, SubscriptionURN: urn},
		"of no message":            {MessageID: smn.NewID(), SubscriptionURN: urn},
		"to no subscription":       {MessageID: id, SubscriptionURN: topic + ":" + smn.NewID()},
		"of a topic that is other": {MessageID: id, SubscriptionURN: s.urn(Owner.Project, "other") + ":" + smn.NewID()},
	} {
		_, err := s.owner.Redeliver(s.owner.ctx, smn.RedeliverInput{TopicURN: topic, DeadFilter: f})
		requireCode(t, smn.ResourceNotFound, err, name)
	}
}

func redeliverMany(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	require.Zero(t, s.redeliver(t, topic, smn.DeadFilter{}), "nothing is dead")
	var all []endpoint
	var urns, ids []string
	for range 3 {
		e, urn := s.failing(t, topic, 400)
		all, urns = append(all, e), append(urns, urn)
	}
	for range 3 {
		id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
		s.counted(t, topic, id, smn.DeliveryCounts{Matched: 3, Dead: 3})
		ids = append(ids, id)
	}
	for _, e := range all {
		e.status.Store(0)
	}
	require.Equal(t, smn.RedeliverOutput{Redelivered: 3}, s.redeliver(t, topic, smn.DeadFilter{SubscriptionURN: urns[1]}))
	for _, id := range ids {
		s.counted(t, topic, id, smn.DeliveryCounts{Matched: 3, Delivered: 1, Dead: 2})
	}
	require.Equal(t, smn.RedeliverOutput{Redelivered: 2}, s.redeliver(t, topic, smn.DeadFilter{MessageID: ids[0]}))
	s.counted(t, topic, ids[0], smn.DeliveryCounts{Matched: 3, Delivered: 3})
	behind := s.dead(t, topic, smn.DeadFilter{}, 1)[0].Marker()
	require.Equal(t, smn.RedeliverOutput{Redelivered: 3}, s.redeliver(t, topic, smn.DeadFilter{Marker: behind}))
	require.Equal(t, smn.RedeliverOutput{Redelivered: 1}, s.redeliver(t, topic, smn.DeadFilter{}))
	for _, id := range ids {
		s.counted(t, topic, id, smn.DeliveryCounts{Matched: 3, Delivered: 3})
	}
}

// redeliverToNobody sees that who has left is not written to.
func redeliverToNobody(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	_, cancelled := s.failing(t, topic, 400)
	_, unsubscribed := s.failing(t, topic, 400)
	id := s.owner.publish(t, smn.PublishInput{TopicURN: topic, Message: "m"})
	s.counted(t, topic, id, smn.DeliveryCounts{Matched: 2, Dead: 2})
	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: cancelled}))
	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: unsubscribed}))
	require.Equal(t, 2, s.redeliver(t, topic, smn.DeadFilter{}).Redelivered)
	report := s.reported(t, topic, id, func(r smn.MessageReport) bool {
		return r.Counts == smn.DeliveryCounts{Matched: 2, Dead: 2} && r.Failures[0].Status == 0 && r.Failures[1].Status == 0
	})
	for _, f := range report.Failures {
		require.Zero(t, f.Attempts)
		require.NotEmpty(t, f.Reason)
	}
}
