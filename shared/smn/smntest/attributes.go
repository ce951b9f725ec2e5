package smntest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// set sets an attribute of a topic.
func (s *suite) set(t *testing.T, topic string, name smn.AttributeName, value string) {
	t.Helper()
	in := smn.UpdateTopicAttributeInput{TopicURN: topic, Name: name, Value: value}
	require.NoError(t, s.owner.UpdateTopicAttribute(s.owner.ctx, in))
}

func (s *suite) attributes(t *testing.T, topic string, name smn.AttributeName) smn.TopicAttributes {
	t.Helper()
	list, err := s.owner.ListTopicAttributes(s.owner.ctx, smn.ListTopicAttributesInput{TopicURN: topic, Name: name})
	require.NoError(t, err)
	return list
}

var noAttributes = smn.TopicAttributes{Values: map[smn.AttributeName]string{smn.AccessPolicy: "", smn.Introduction: "", smn.SMSSignID: ""}}

func topicAttributes(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	require.Equal(t, noAttributes, s.attributes(t, topic, ""), "what is not set is empty")
	for _, name := range smn.AttributeNames {
		only := smn.TopicAttributes{Values: map[smn.AttributeName]string{name: ""}}
		require.Equal(t, only, s.attributes(t, topic, name))
	}

	before := time.Now().Add(-time.Second)
	policy := "\n\t" + allow(topic, Stranger, "SMN:Publish") + " \n"
	s.set(t, topic, smn.AccessPolicy, policy)
	s.set(t, topic, smn.Introduction, " Alarms of <disk> & \u2713 ")
	s.set(t, topic, smn.SMSSignID, "6be340e91e5241e4b5d85837e6709104")
	all := s.attributes(t, topic, "")
	require.Equal(t, map[smn.AttributeName]string{
		smn.AccessPolicy: policy, smn.Introduction: " Alarms of <disk> & \u2713 ", smn.SMSSignID: "6be340e91e5241e4b5d85837e6709104",
	}, all.Values, "byte for byte")
	require.WithinRange(t, all.PolicyCreatedAt, before, time.Now().Add(time.Second))
	require.False(t, all.PolicyUpdatedAt.Before(all.PolicyCreatedAt))
	require.Equal(t, smn.TopicAttributes{
		Values:          map[smn.AttributeName]string{smn.AccessPolicy: policy},
		PolicyCreatedAt: all.PolicyCreatedAt, PolicyUpdatedAt: all.PolicyUpdatedAt,
	}, s.attributes(t, topic, smn.AccessPolicy))
	require.True(t, s.attributes(t, topic, smn.Introduction).PolicyCreatedAt.IsZero(), "nobody asked for the policy")

	again := allow(topic, Stranger, "SMN:Subscribe")
	s.set(t, topic, smn.AccessPolicy, again)
	list := s.attributes(t, topic, smn.AccessPolicy)
	require.Equal(t, again, list.Values[smn.AccessPolicy])
	require.Equal(t, all.PolicyCreatedAt, list.PolicyCreatedAt)

	s.set(t, topic, smn.AccessPolicy, "") // an empty value takes it away
	require.Equal(t, smn.TopicAttributes{Values: map[smn.AttributeName]string{smn.AccessPolicy: ""}}, s.attributes(t, topic, smn.AccessPolicy))
	s.set(t, topic, smn.AccessPolicy, "")
	for range 2 { // what is not set is no error
		in := smn.TopicAttributeInput{TopicURN: topic, Name: smn.Introduction}
		require.NoError(t, s.owner.DeleteTopicAttribute(s.owner.ctx, in))
		require.Empty(t, s.attributes(t, topic, "").Values[smn.Introduction])
		require.NotEmpty(t, s.attributes(t, topic, "").Values[smn.SMSSignID])
	}
	s.set(t, topic, smn.AccessPolicy, policy)
	for range 2 {
		require.NoError(t, s.owner.DeleteTopicAttributes(s.owner.ctx, smn.TopicInput{TopicURN: topic}))
		require.Equal(t, noAttributes, s.attributes(t, topic, ""))
	}
}

func topicAttributesRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	update := func(urn string, name smn.AttributeName, value string) error {
		return s.owner.UpdateTopicAttribute(s.owner.ctx, smn.UpdateTopicAttributeInput{TopicURN: urn, Name: name, Value: value})
	}
	for _, name := range []smn.AttributeName{"x", "ACCESS_POLICY", "create_time", "../x", "a b"} {
		requireCode(t, smn.InvalidAttributeName, update(topic, name, "v"), name)
		requireCode(t, smn.InvalidAttributeName, s.owner.DeleteTopicAttribute(s.owner.ctx, smn.TopicAttributeInput{TopicURN: topic, Name: name}), name)
		_, err := s.owner.ListTopicAttributes(s.owner.ctx, smn.ListTopicAttributesInput{TopicURN: topic, Name: name})
		requireCode(t, smn.InvalidAttributeName, err, name)
	}
	requireCode(t, smn.InvalidAttributeName, update(topic, "", "v"))
	requireCode(t, smn.InvalidAttributeName, s.owner.DeleteTopicAttribute(s.owner.ctx, smn.TopicAttributeInput{TopicURN: topic}), "not all of them")

	policy := func(n int) string {
		p := allow(topic, Stranger, "*")
		return p + strings.Repeat(" ", n-len(p))
	}
	for _, c := range []struct {
		code  smn.Code // of a value that is one too long or otherwise wrong
		name  smn.AttributeName
		value string
	}{
		{"", smn.AccessPolicy, policy(smn.MaxAccessPolicy - 1)},
		{"", smn.AccessPolicy, policy(smn.MaxAccessPolicy)},
		{smn.AttributeTooLong, smn.AccessPolicy, policy(smn.MaxAccessPolicy + 1)},
		{"", smn.Introduction, strings.Repeat("i", smn.MaxIntroduction-1)},
		{"", smn.Introduction, strings.Repeat("ä", smn.MaxIntroduction/2)},
		{smn.AttributeTooLong, smn.Introduction, strings.Repeat("ä", smn.MaxIntroduction/2) + "i"},
		{smn.InvalidParameter, smn.Introduction, "two\nlines"},
		{smn.InvalidParameter, smn.Introduction, "a\r\nBcc: x@example.com"},
		{smn.InvalidParameter, smn.Introduction, "two\u2028lines"},
		{"", smn.SMSSignID, strings.Repeat("s", smn.MaxSMSSignID-1)},
		{"", smn.SMSSignID, strings.Repeat("s", smn.MaxSMSSignID)},
		{smn.AttributeTooLong, smn.SMSSignID, strings.Repeat("s", smn.MaxSMSSignID+1)},
		{smn.InvalidParameter, smn.SMSSignID, "a b"},
	} {
		err := update(topic, c.name, c.value)
		if c.code == "" {
			require.NoError(t, err)
			require.Equal(t, c.value, s.attributes(t, topic, c.name).Values[c.name])
			continue
		}
		kept := s.attributes(t, topic, "")
		requireCode(t, c.code, err, c.name)
		require.Equal(t, kept, s.attributes(t, topic, ""), "what was refused has changed nothing")
	}
	missing := s.urn(Owner.Project, "missing")
	requireCode(t, smn.TopicNotFound, update(missing, smn.Introduction, "v"))
	requireCode(t, smn.TopicNotFound, s.owner.DeleteTopicAttribute(s.owner.ctx, smn.TopicAttributeInput{TopicURN: missing, Name: smn.Introduction}))
	requireCode(t, smn.TopicNotFound, s.owner.DeleteTopicAttributes(s.owner.ctx, smn.TopicInput{TopicURN: missing}))
	_, err := s.owner.ListTopicAttributes(s.owner.ctx, smn.ListTopicAttributesInput{TopicURN: missing})
	requireCode(t, smn.TopicNotFound, err)
}

func topicAttributesOfAnotherTopic(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	s.set(t, topic, smn.Introduction, "hello")
	require.Equal(t, noAttributes, s.attributes(t, other, ""))
	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: topic}))
	require.Equal(t, topic, s.topic(t, "topic"))
	require.Equal(t, noAttributes, s.attributes(t, topic, ""), "a new topic of the name inherits nothing")
}
