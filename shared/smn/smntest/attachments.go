package smntest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func (s *suite) createLogtank(topic, group, stream string) (string, error) {
	return s.owner.CreateLogtank(s.owner.ctx, smn.CreateLogtankInput{TopicURN: topic, Stream: smn.LogStream{GroupID: group, StreamID: stream}})
}

func (s *suite) logtanks(t *testing.T, topic string) []smn.Logtank {
	t.Helper()
	list, err := s.owner.ListLogtanks(s.owner.ctx, smn.TopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.NotNil(t, list, "an empty list is a list")
	return list
}

func logtanks(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	require.Empty(t, s.logtanks(t, topic))
	before := time.Now().Add(-time.Second)
	first, err := s.createLogtank(topic, "group", "stream")
	require.NoError(t, err)
	second, err := s.createLogtank(topic, "group", "stream")
	require.NoError(t, err)
	list := s.logtanks(t, topic)
	require.Len(t, list, 2)
	require.Equal(t, first, list[0].ID)
	require.Equal(t, second, list[1].ID)
	require.Equal(t, smn.LogStream{GroupID: "group", StreamID: "stream"}, list[0].Stream)
	require.WithinRange(t, list[0].CreatedAt, before, time.Now().Add(time.Second))

	in := smn.UpdateLogtankInput{AttachmentInput: smn.AttachmentInput{TopicURN: topic, ID: first}, Stream: smn.LogStream{GroupID: "g2", StreamID: "s2"}}
	changed, err := s.owner.UpdateLogtank(s.owner.ctx, in)
	require.NoError(t, err)
	require.Equal(t, first, changed.ID)
	require.Equal(t, in.Stream, changed.Stream)
	require.Equal(t, in.Stream, s.logtanks(t, topic)[0].Stream)

	gone := smn.AttachmentInput{TopicURN: topic, ID: first}
	require.NoError(t, s.owner.DeleteLogtank(s.owner.ctx, gone))
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteLogtank(s.owner.ctx, gone), "the second time")
	_, err = s.owner.UpdateLogtank(s.owner.ctx, in)
	requireCode(t, smn.ResourceNotFound, err)
	other := s.topic(t, "other")
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteLogtank(s.owner.ctx, smn.AttachmentInput{TopicURN: other, ID: second}), "of another topic")
	require.Len(t, s.logtanks(t, topic), 1)
}

func logtankRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	longest := strings.Repeat("i", smn.MaxForeignID)
	for i := range smn.MaxLogtanks {
		_, err := s.createLogtank(topic, longest[:smn.MaxForeignID-i%2], "s")
		require.NoError(t, err)
	}
	_, err := s.createLogtank(topic, "g", "s")
	requireCode(t, smn.TooManyResources, err)
	for _, id := range []string{"", "a b", "a/b", "ä", "a\n", longest + "i"} {
		_, err := s.createLogtank(topic, id, "s")
		requireCode(t, smn.InvalidParameter, err, id)
		_, err = s.createLogtank(topic, "g", id)
		requireCode(t, smn.InvalidParameter, err, id)
		_, err = s.owner.UpdateLogtank(s.owner.ctx, smn.UpdateLogtankInput{
			AttachmentInput: smn.AttachmentInput{TopicURN: topic, ID: s.logtanks(t, topic)[0].ID}, Stream: smn.LogStream{GroupID: "g", StreamID: id},
		})
		requireCode(t, smn.InvalidParameter, err, id)
	}
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteLogtank(s.owner.ctx, smn.AttachmentInput{TopicURN: topic, ID: "no-id"}))
	require.Len(t, s.logtanks(t, topic), smn.MaxLogtanks)
}

func notifyPolicy(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	first := s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345678", Remark: "on call"})
	second := s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345679"})
	_, err := s.owner.GetNotifyPolicy(s.owner.ctx, smn.TopicInput{TopicURN: topic})
	requireCode(t, smn.ResourceNotFound, err)

	in := smn.CreateNotifyPolicyInput{TopicURN: topic, NewNotifyPolicy: smn.NewNotifyPolicy{
		Protocol: smn.Call,
		Polling:  []smn.PollingRound{{Order: 2, SubscriptionURNs: []string{second, first}}, {Order: 1, SubscriptionURNs: []string{first}}},
	}}
	id, err := s.owner.CreateNotifyPolicy(s.owner.ctx, in)
	require.NoError(t, err)
	_, err = s.owner.CreateNotifyPolicy(s.owner.ctx, in)
	requireCode(t, smn.TooManyResources, err, "the second time")

	target := func(urn, endpoint, remark string) smn.NotifyTarget {
		parsed, err := smn.ParseSubscriptionURN(urn)
		require.NoError(t, err)
		return smn.NotifyTarget{URN: parsed, Endpoint: endpoint, Remark: remark, Status: smn.Unconfirmed}
	}
	one, two := target(first, "+4915112345678", "on call"), target(second, "+4915112345679", "")
	get := func() smn.NotifyPolicy {
		policy, err := s.owner.GetNotifyPolicy(s.owner.ctx, smn.TopicInput{TopicURN: topic})
		require.NoError(t, err)
		return policy
	}
	require.Equal(t, smn.NotifyPolicy{ID: id, Protocol: smn.Call, Polling: []smn.NotifyRound{
		{Order: 1, Subscriptions: []smn.NotifyTarget{one}}, {Order: 2, Subscriptions: []smn.NotifyTarget{two, one}},
	}}, get())

	which := smn.AttachmentInput{TopicURN: topic, ID: id}
	require.NoError(t, s.owner.UpdateNotifyPolicy(s.owner.ctx, smn.UpdateNotifyPolicyInput{AttachmentInput: which, NewNotifyPolicy: smn.NewNotifyPolicy{
		Protocol: smn.Call, Polling: []smn.PollingRound{{Order: 1, SubscriptionURNs: []string{second}}},
	}}))
	require.Equal(t, []smn.NotifyRound{{Order: 1, Subscriptions: []smn.NotifyTarget{two}}}, get().Polling)
	require.NoError(t, s.owner.CancelSubscription(s.owner.ctx, smn.SubscriptionInput{SubscriptionURN: second}))
	require.Equal(t, []smn.NotifyRound{{Order: 1, Subscriptions: []smn.NotifyTarget{}}}, get().Polling, "what is gone is left out")

	require.NoError(t, s.owner.DeleteNotifyPolicy(s.owner.ctx, which))
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteNotifyPolicy(s.owner.ctx, which), "the second time")
	requireCode(t, smn.ResourceNotFound, s.owner.UpdateNotifyPolicy(s.owner.ctx, smn.UpdateNotifyPolicyInput{AttachmentInput: which, NewNotifyPolicy: smn.NewNotifyPolicy{
		Protocol: smn.Call, Polling: []smn.PollingRound{{Order: 1, SubscriptionURNs: []string{first}}},
	}}))
}

func notifyPolicyRules(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	good := s.subscribed(t, topic, mailTo("a@example.com"))
	foreign := s.subscribed(t, other, mailTo("a@example.com"))
	round := func(order int, urns ...string) smn.PollingRound {
		return smn.PollingRound{Order: order, SubscriptionURNs: urns}
	}
	rounds := func(n int) (list []smn.PollingRound) {
		for i := range n {
			list = append(list, round(i+1, good))
		}
		return list
	}
	urns := func(n int) []string { return strings.Split(strings.Repeat(","+good, n)[1:], ",") }
	elsewhere := s.topic(t, "elsewhere")
	there := s.subscribed(t, elsewhere, mailTo("a@example.com"))
	id, err := s.owner.CreateNotifyPolicy(s.owner.ctx, smn.CreateNotifyPolicyInput{
		TopicURN: elsewhere, NewNotifyPolicy: smn.NewNotifyPolicy{Protocol: smn.Call, Polling: []smn.PollingRound{round(1, there)}},
	})
	require.NoError(t, err)
	for _, c := range []struct {
		code     smn.Code
		protocol smn.Protocol
		polling  []smn.PollingRound
	}{
		{smn.InvalidProtocol, smn.Email, rounds(1)},
		{smn.InvalidProtocol, "", rounds(1)},
		{smn.InvalidParameter, smn.Call, nil},
		{smn.InvalidParameter, smn.Call, rounds(smn.MaxPollingRounds + 1)},
		{smn.InvalidParameter, smn.Call, []smn.PollingRound{round(0, good)}},
		{smn.InvalidParameter, smn.Call, []smn.PollingRound{round(smn.MaxPollingRounds+1, good)}},
		{smn.InvalidParameter, smn.Call, []smn.PollingRound{round(1, good), round(1, good)}},
		{smn.InvalidParameter, smn.Call, []smn.PollingRound{round(1)}},
		{smn.InvalidParameter, smn.Call, []smn.PollingRound{round(1, urns(smn.MaxPollingTargets+1)...)}},
		{smn.InvalidSubscriptionURN, smn.Call, []smn.PollingRound{round(1, "x")}},
		{smn.SubscriptionNotFound, smn.Call, []smn.PollingRound{round(1, good, foreign)}},
		{smn.SubscriptionNotFound, smn.Call, []smn.PollingRound{round(1, topic+":"+smn.NewID())}},
	} {
		policy := smn.NewNotifyPolicy{Protocol: c.protocol, Polling: c.polling}
		_, err := s.owner.CreateNotifyPolicy(s.owner.ctx, smn.CreateNotifyPolicyInput{TopicURN: topic, NewNotifyPolicy: policy})
		requireCode(t, c.code, err, c)
		which := smn.AttachmentInput{TopicURN: elsewhere, ID: id}
		if c.code != smn.SubscriptionNotFound { // those of the case are of another topic
			requireCode(t, c.code, s.owner.UpdateNotifyPolicy(s.owner.ctx, smn.UpdateNotifyPolicyInput{AttachmentInput: which, NewNotifyPolicy: policy}), c)
		}
	}
	requireCode(t, smn.SubscriptionNotFound, s.owner.UpdateNotifyPolicy(s.owner.ctx, smn.UpdateNotifyPolicyInput{
		AttachmentInput: smn.AttachmentInput{TopicURN: elsewhere, ID: id}, NewNotifyPolicy: smn.NewNotifyPolicy{Protocol: smn.Call, Polling: rounds(1)},
	}), "of another topic")
	kept, err := s.owner.GetNotifyPolicy(s.owner.ctx, smn.TopicInput{TopicURN: elsewhere})
	require.NoError(t, err)
	require.Equal(t, there, kept.Polling[0].Subscriptions[0].URN.String(), "what was refused has changed nothing")

	fewer := append(rounds(smn.MaxPollingRounds-2), round(smn.MaxPollingRounds-1, urns(smn.MaxPollingTargets-1)...))
	id, err = s.owner.CreateNotifyPolicy(s.owner.ctx, smn.CreateNotifyPolicyInput{TopicURN: topic, NewNotifyPolicy: smn.NewNotifyPolicy{Protocol: smn.Call, Polling: fewer}})
	require.NoError(t, err)
	most := append(rounds(smn.MaxPollingRounds-1), round(smn.MaxPollingRounds, urns(smn.MaxPollingTargets)...))
	require.NoError(t, s.owner.UpdateNotifyPolicy(s.owner.ctx, smn.UpdateNotifyPolicyInput{
		AttachmentInput: smn.AttachmentInput{TopicURN: topic, ID: id}, NewNotifyPolicy: smn.NewNotifyPolicy{Protocol: smn.Call, Polling: most},
	}))
}

func kmsKey(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	get := func() (smn.KMSKey, error) { return s.owner.GetKMSKey(s.owner.ctx, smn.TopicInput{TopicURN: topic}) }
	_, err := get()
	requireCode(t, smn.ResourceNotFound, err)
	in := smn.CreateKMSKeyInput{TopicURN: topic, KeyID: "0d0466b0-e727-4d9c-b35d-f84bb474a37f"}
	id, err := s.owner.CreateKMSKey(s.owner.ctx, in)
	require.NoError(t, err)
	_, err = s.owner.CreateKMSKey(s.owner.ctx, in)
	requireCode(t, smn.TooManyResources, err, "the second time")
	require.Equal(t, smn.KMSKey{ID: id, KeyID: in.KeyID, Status: smn.KMSKeyEnabled}, must(get()))

	which := smn.AttachmentInput{TopicURN: topic, ID: id}
	require.NoError(t, s.owner.UpdateKMSKey(s.owner.ctx, smn.UpdateKMSKeyInput{AttachmentInput: which, KeyID: "another"}))
	require.Equal(t, "another", must(get()).KeyID)
	other := s.topic(t, "other")
	for _, bad := range []string{"", "a b", strings.Repeat("k", smn.MaxForeignID+1)} {
		requireCode(t, smn.InvalidParameter, s.owner.UpdateKMSKey(s.owner.ctx, smn.UpdateKMSKeyInput{AttachmentInput: which, KeyID: bad}))
		_, err = s.owner.CreateKMSKey(s.owner.ctx, smn.CreateKMSKeyInput{TopicURN: other, KeyID: bad})
		requireCode(t, smn.InvalidParameter, err)
	}
	require.Equal(t, "another", must(get()).KeyID, "what was refused has changed nothing")
	_, err = s.owner.CreateKMSKey(s.owner.ctx, smn.CreateKMSKeyInput{TopicURN: other, KeyID: strings.Repeat("k", smn.MaxForeignID-1)})
	require.NoError(t, err)
	require.NoError(t, s.owner.UpdateKMSKey(s.owner.ctx, smn.UpdateKMSKeyInput{AttachmentInput: which, KeyID: strings.Repeat("k", smn.MaxForeignID)}))
	requireCode(t, smn.ResourceNotFound, s.owner.UpdateKMSKey(s.owner.ctx, smn.UpdateKMSKeyInput{
		AttachmentInput: smn.AttachmentInput{TopicURN: other, ID: id}, KeyID: "k",
	}), "of another topic")
	require.NoError(t, s.owner.DeleteKMSKey(s.owner.ctx, which))
	requireCode(t, smn.ResourceNotFound, s.owner.DeleteKMSKey(s.owner.ctx, which), "the second time")
	requireCode(t, smn.ResourceNotFound, s.owner.UpdateKMSKey(s.owner.ctx, smn.UpdateKMSKeyInput{AttachmentInput: which, KeyID: "another"}))
}

// attachmentsForeign sees that a stranger reaches nothing that is attached to the
// owner's topic, and nobody a topic that is not there.
func attachmentsForeign(t *testing.T, s *suite) {
	urn := s.topic(t, "private")
	for _, c := range []struct {
		who   actor
		topic string
		code  smn.Code
	}{
		{s.stranger, urn, smn.Forbidden},
		{s.owner, s.urn(Owner.Project, "missing"), smn.TopicNotFound},
		{s.owner, "urn:smn:x", smn.InvalidTopicURN},
	} {
		x, topic, which := c.who, smn.TopicInput{TopicURN: c.topic}, smn.AttachmentInput{TopicURN: c.topic, ID: smn.NewID()}
		stream := smn.LogStream{GroupID: "g", StreamID: "s"}
		policy := smn.NewNotifyPolicy{Protocol: smn.Call, Polling: []smn.PollingRound{{Order: 1, SubscriptionURNs: []string{c.topic + ":" + smn.NewID()}}}}
		_, detecting := x.Detect(x.ctx, smn.DetectInput{TopicURN: c.topic, Protocol: smn.HTTP, Endpoint: "http://example.com/"})
		_, getting := x.GetDetection(x.ctx, which)
		_, making := x.CreateLogtank(x.ctx, smn.CreateLogtankInput{TopicURN: c.topic, Stream: stream})
		_, listing := x.ListLogtanks(x.ctx, topic)
		_, changing := x.UpdateLogtank(x.ctx, smn.UpdateLogtankInput{AttachmentInput: which, Stream: stream})
		_, makingPolicy := x.CreateNotifyPolicy(x.ctx, smn.CreateNotifyPolicyInput{TopicURN: c.topic, NewNotifyPolicy: policy})
		_, gettingPolicy := x.GetNotifyPolicy(x.ctx, topic)
		_, makingKey := x.CreateKMSKey(x.ctx, smn.CreateKMSKeyInput{TopicURN: c.topic, KeyID: "k"})
		_, gettingKey := x.GetKMSKey(x.ctx, topic)
		for i, err := range []error{
			detecting, getting, making, listing, changing, makingPolicy, gettingPolicy, makingKey, gettingKey,
			x.DeleteLogtank(x.ctx, which),
			x.UpdateNotifyPolicy(x.ctx, smn.UpdateNotifyPolicyInput{AttachmentInput: which, NewNotifyPolicy: policy}),
			x.DeleteNotifyPolicy(x.ctx, which),
			x.UpdateKMSKey(x.ctx, smn.UpdateKMSKeyInput{AttachmentInput: which, KeyID: "k"}),
			x.DeleteKMSKey(x.ctx, which),
		} {
			requireCode(t, c.code, err, i)
		}
	}
}
