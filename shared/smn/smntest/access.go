package smntest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// statement is a statement of an access policy about the account of a caller.
func statement(sid, effect, topic string, to smn.Caller, actions, condition string) string {
	return fmt.Sprintf(`{"Sid":%q,"Effect":%q,"Principal":{"CSP":["urn:csp:iam::%s:root"]},"Action":["%s"],"Resource":%q,"Condition":{%s}}`,
		sid, effect, to.Domain, strings.ReplaceAll(actions, " ", `","`), topic, condition)
}

func policy(statements ...string) string {
	return `{"Version":"2016-09-07","Id":"__default_policy_ID","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allow is a policy that allows a caller some actions, separated by spaces.
func allow(topic string, to smn.Caller, actions string) string {
	return policy(statement("__user_pub_0", "Allow", topic, to, actions, ""))
}

// deeds are what a policy can allow, by action. Each is tried on a topic that has
// a subscription of its own.
var deeds = map[string]func(x actor, topic, subscription string) error{
	"SMN:UpdateTopic": func(x actor, topic, _ string) error {
		return x.UpdateTopic(x.ctx, smn.UpdateTopicInput{TopicURN: topic})
	},
	"SMN:DeleteTopic": func(x actor, topic, _ string) error { return x.DeleteTopic(x.ctx, smn.TopicInput{TopicURN: topic}) },
	"SMN:QueryTopicDetail": func(x actor, topic, _ string) error {
		_, err := x.GetTopic(x.ctx, smn.TopicInput{TopicURN: topic})
		return err
	},
	"SMN:ListTopicAttributes": func(x actor, topic, _ string) error {
		_, err := x.ListTopicAttributes(x.ctx, smn.ListTopicAttributesInput{TopicURN: topic})
		return err
	},
	"SMN:UpdateTopicAttribute": func(x actor, topic, _ string) error {
		return x.UpdateTopicAttribute(x.ctx, smn.UpdateTopicAttributeInput{TopicURN: topic, Name: smn.Introduction, Value: "v"})
	},
	"SMN:DeleteTopicAttributes": func(x actor, topic, _ string) error {
		return x.DeleteTopicAttributes(x.ctx, smn.TopicInput{TopicURN: topic})
	},
	"SMN:DeleteTopicAttributeByName": func(x actor, topic, _ string) error {
		return x.DeleteTopicAttribute(x.ctx, smn.TopicAttributeInput{TopicURN: topic, Name: smn.Introduction})
	},
	"SMN:ListSubscriptionsByTopic": func(x actor, topic, _ string) error {
		_, err := x.ListSubscriptionsByTopic(x.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
		return err
	},
	"SMN:Subscribe": func(x actor, topic, _ string) error {
		_, err := x.Subscribe(x.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo("me@example.com")})
		return err
	},
	"SMN:Unsubscribe": func(x actor, _, subscription string) error {
		return x.CancelSubscription(x.ctx, smn.SubscriptionInput{SubscriptionURN: subscription})
	},
	"SMN:Publish": func(x actor, topic, _ string) error {
		_, err := x.Publish(x.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
		return err
	},
}

// accessPolicy sees that each action allows its own call and no other.
func accessPolicy(t *testing.T, s *suite) {
	for action := range deeds {
		for other, deed := range deeds {
			name := strings.ReplaceAll(action+"-"+other, ":", "-")
			topic := s.topic(t, name)
			subscription := s.subscribed(t, topic, mailTo(name+"@example.com"))
			s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, action))
			err := deed(s.stranger, topic, subscription)
			if action == other {
				require.NoError(t, err, action)
			} else {
				requireCode(t, smn.Forbidden, err, "%s with the right to %s", other, action)
			}
		}
	}
	topic := s.topic(t, "all")
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "*"))
	out, err := s.stranger.Subscribe(s.stranger.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo("me@example.com")})
	require.NoError(t, err)
	require.Equal(t, smn.Unconfirmed, s.listed(t, out.URN).Status, "it is the owner's, on the owner's topic")
	subs := must(s.stranger.ListSubscriptionsByTopic(s.stranger.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic}))
	require.Equal(t, 1, subs.Total)
	require.Zero(t, must(s.stranger.ListSubscriptions(s.stranger.ctx, smn.ListSubscriptionsInput{})).Total, "the lists of a project hold its own")
	require.Zero(t, must(s.stranger.ListTopics(s.stranger.ctx, smn.ListTopicsInput{})).Total)
	require.NoError(t, s.stranger.CancelSubscription(s.stranger.ctx, smn.SubscriptionInput{SubscriptionURN: out.URN}))
	requireCode(t, smn.SubscriptionNotFound, s.stranger.CancelSubscription(s.stranger.ctx, smn.SubscriptionInput{SubscriptionURN: out.URN}))

	s.set(t, topic, smn.AccessPolicy, "")
	_, err = s.stranger.Publish(s.stranger.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
	requireCode(t, smn.Forbidden, err, "what is taken away is gone at once")
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "*"))
	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: topic}))
	_, err = s.stranger.Publish(s.stranger.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
	requireCode(t, smn.Forbidden, err, "the policy went with the topic")
	s.topic(t, "all")
	_, err = s.stranger.Publish(s.stranger.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
	requireCode(t, smn.Forbidden, err, "a new topic of the name inherits nothing")
}

// subscriberCancels sees that whoever has subscribed may leave, also when the
// topic's policy has changed since, and may cancel nobody else's subscription.
func subscriberCancels(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	others := s.subscribed(t, topic, mailTo("ops@example.com"))
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "SMN:Subscribe"))
	var theirs []string
	for _, address := range []string{"one@example.com", "two@example.com", "three@example.com"} {
		out, err := s.stranger.Subscribe(s.stranger.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo(address)})
		require.NoError(t, err)
		theirs = append(theirs, out.URN)
	}
	out, err := s.stranger.Subscribe(s.stranger.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: mailTo("ops@example.com")})
	require.NoError(t, err)
	require.Equal(t, others, out.URN, "adding what is there makes it nobody else's")
	s.set(t, topic, smn.AccessPolicy, "")

	cancel := func(x actor, urn string) error {
		return x.CancelSubscription(x.ctx, smn.SubscriptionInput{SubscriptionURN: urn})
	}
	requireCode(t, smn.Forbidden, cancel(s.stranger, others))
	requireCode(t, smn.Forbidden, cancel(s.stranger, topic+":"+strings.Repeat("0", 32)), "nor is told what there is")
	require.NoError(t, cancel(s.stranger, theirs[0]))
	requireCode(t, smn.Forbidden, cancel(s.stranger, theirs[0]), "it is gone, and the topic is not theirs")
	errs, err := s.stranger.CancelSubscriptions(s.stranger.ctx, smn.CancelSubscriptionsInput{SubscriptionURNs: []string{others, theirs[1]}})
	require.NoError(t, err)
	requireCode(t, smn.Forbidden, errs[0])
	require.NoError(t, errs[1])
	require.NoError(t, cancel(s.owner, theirs[2]), "the topic's owner may as well")
	left := must(s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic}))
	require.Equal(t, 1, left.Total)
}

func accessPolicyRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	good := allow(topic, Stranger, "SMN:Publish")
	s.set(t, topic, smn.AccessPolicy, good)
	for code, bad := range map[smn.Code]string{
		smn.InvalidPolicy:             `{"Version":"2016-09-07"`,
		smn.InvalidPolicyVersion:      strings.Replace(good, "2016-09-07", "2016-09-08", 1),
		smn.InvalidPolicyID:           strings.Replace(good, "__default_policy_ID", "", 1),
		smn.InvalidPolicyStatement:    policy(),
		smn.InvalidStatementID:        strings.Replace(good, "__user_pub_0", "", 1),
		smn.InvalidStatementResource:  strings.Replace(good, topic, topic+"x", 1),
		smn.InvalidStatementEffect:    strings.Replace(good, "Allow", "Permit", 1),
		smn.InvalidStatementAction:    strings.Replace(good, "SMN:Publish", "SMN:Shout", 1),
		smn.InvalidStatementPrincipal: strings.Replace(good, "urn:csp", "urn:aws", 1),
		smn.InvalidStatementCondition: strings.Replace(good, `"Condition":{`, `"Condition":{"Maybe":{}`, 1),
		smn.InvalidDomainID:           strings.Replace(good, Stranger.Domain, "no id", 1),
	} {
		err := s.owner.UpdateTopicAttribute(s.owner.ctx, smn.UpdateTopicAttributeInput{TopicURN: topic, Name: smn.AccessPolicy, Value: bad})
		requireCode(t, code, err, bad)
	}
	require.Equal(t, good, s.attributes(t, topic, smn.AccessPolicy).Values[smn.AccessPolicy], "what was refused has changed nothing")
}

// accessPolicyOfSubscribing sees that endpoints are judged one by one.
func accessPolicyOfSubscribing(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	s.set(t, topic, smn.AccessPolicy, policy(
		statement("mails", "Allow", topic, Stranger, "SMN:Subscribe", `"StringEquals":{"smn:Protocol":"email"},"StringLike":{"smn:Endpoint":"*@example.com"}`),
		statement("hooks", "Allow", topic, Stranger, "SMN:Subscribe", `"StringLike":{"smn:Endpoint":"https://example.com/*"}`),
		statement("boss", "Deny", topic, Stranger, "*", `"StringEqualsIgnoreCase":{"smn:Endpoint":"boss@example.com"}`),
	))
	items := []smn.NewSubscription{
		mailTo("ann@example.com"),
		mailTo("ann@example.org"),
		{Protocol: smn.HTTPS, Endpoint: "https://example.com/hook?a=b"},
		{Protocol: smn.HTTPS, Endpoint: "https://example.org/https://example.com/"},
		mailTo("Boss@example.com"),
		{Protocol: "ftp", Endpoint: "x@example.com"},
	}
	want := []smn.Code{"", smn.Forbidden, "", smn.Forbidden, smn.Forbidden, smn.InvalidProtocol}
	for i, n := range items {
		_, err := s.stranger.Subscribe(s.stranger.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		require.Equal(t, want[i], smn.CodeOf(err), n)
	}
	outputs, err := s.stranger.SubscribeBatch(s.stranger.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: items})
	require.NoError(t, err)
	for i, out := range outputs {
		require.Equal(t, want[i], smn.CodeOf(out.Err), items[i])
	}
	_, err = s.stranger.SubscribeBatch(s.stranger.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{items[1], items[5]}})
	requireCode(t, smn.Forbidden, err, "nothing of it is allowed")
	require.Equal(t, 2, must(s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})).Total)

	// Who may not subscribe an endpoint may not have it asked again either.
	ann, boss := s.subscribed(t, topic, mailTo("ann@example.com")), s.subscribed(t, topic, mailTo("boss@example.com"))
	missing := topic + ":" + smn.NewID()
	ask := func(urn string) error {
		return s.stranger.SendConfirmation(s.stranger.ctx, smn.SubscriptionInput{SubscriptionURN: urn})
	}
	require.NoError(t, ask(ann))
	requireCode(t, smn.Forbidden, ask(boss))
	requireCode(t, smn.Forbidden, ask(missing))
	s.set(t, topic, smn.AccessPolicy, policy(
		statement("all", "Allow", topic, Stranger, "SMN:Subscribe", ""),
		statement("boss", "Deny", topic, Stranger, "*", `"StringEqualsIgnoreCase":{"smn:Endpoint":"boss@example.com"}`),
	))
	require.NoError(t, ask(ann))
	requireCode(t, smn.Forbidden, ask(boss))
	requireCode(t, smn.SubscriptionNotFound, ask(missing))
}

func accessPolicyDenies(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	publish := func(x actor) error {
		_, err := x.Publish(x.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
		return err
	}
	until := func(end time.Time) string {
		return `"DateLessThan":{"csp:CurrentTime":"` + end.UTC().Format(time.RFC3339) + `"}`
	}
	for _, c := range []struct {
		policy string
		may    bool
	}{
		{policy(statement("a", "Allow", topic, Stranger, "SMN:Publish", "")), true},
		{policy(statement("a", "Allow", topic, Stranger, "SMN:Publish", ""), statement("b", "Deny", topic, Stranger, "SMN:Pub*", "")), false},
		{policy(statement("b", "Deny", topic, Stranger, "*", ""), statement("a", "Allow", topic, Stranger, "SMN:Publish", "")), false},
		{policy(statement("b", "Deny", topic, Owner, "*", ""), statement("a", "Allow", topic, Stranger, "SMN:Publish", "")), true},
		{policy(statement("a", "Allow", topic, Owner, "SMN:Publish", "")), false},
		{policy(statement("a", "Allow", topic, Stranger, "SMN:Publish", until(time.Now().Add(time.Hour)))), true},
		{policy(statement("a", "Allow", topic, Stranger, "SMN:Publish", until(time.Now().Add(-time.Hour)))), false},
		{strings.Replace(allow(topic, Owner, "*"), `"Principal"`, `"NotPrincipal"`, 1), true},
		{strings.Replace(allow(topic, Stranger, "SMN:Delete*"), `"Action"`, `"NotAction"`, 1), true},
		{strings.Replace(allow(topic, Stranger, "*"), `"Resource"`, `"NotResource"`, 1), false},
	} {
		s.set(t, topic, smn.AccessPolicy, c.policy)
		err := publish(s.stranger)
		if c.may {
			require.NoError(t, err, c.policy)
		} else {
			requireCode(t, smn.Forbidden, err, c.policy)
		}
		require.NoError(t, publish(s.owner), "the owner keeps every right")
		requireCode(t, smn.Forbidden, s.stranger.DeleteTopic(s.stranger.ctx, smn.TopicInput{TopicURN: s.urn(Owner.Project, "missing")}))
	}
}
