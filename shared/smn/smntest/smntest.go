// Package smntest is the contract of smn.Service: the same cases for every
// implementation, in process, over HTTP, through gateway events and over any
// store. A bug that is found in one implementation becomes a case here, and so in
// all of them.
package smntest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// The callers that an environment must know: two projects that have nothing to
// do with each other.
var (
	Owner    = smn.Caller{Project: "11111111111111111111111111111111", Domain: "domain", User: "owner"}
	Stranger = smn.Caller{Project: "22222222222222222222222222222222", Domain: "elsewhere", User: "stranger"}
)

// Env is an implementation in working order, with nothing in it yet. A worker
// delivers what it queues, to http endpoints and chats on loopback as well.
type Env struct {
	Region string
	// As gives the service as a caller reaches it: Owner, Stranger or smn.Anonymous.
	As func(caller smn.Caller) smn.Service
}

// Run runs the contract, its cases side by side. open makes a fresh environment
// and cleans it up with t.
func Run(t *testing.T, open func(t *testing.T) Env) {
	t.Helper()
	cases := []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"CreateTopic", createTopic},
		{"CreateTopicRules", createTopicRules},
		{"CreateTopicAtOnce", createTopicAtOnce},
		{"ListTopics", listTopics},
		{"ListTopicsRules", listTopicsRules},
		{"ListTopicsFilters", listTopicsFilters},
		{"ListTopicsByMarker", listTopicsByMarker},
		{"GetTopic", getTopic},
		{"UpdateTopic", updateTopic},
		{"DeleteTopic", deleteTopic},
		{"TopicURNs", topicURNs},

		{"TopicAttributes", topicAttributes},
		{"TopicAttributesRules", topicAttributesRules},
		{"TopicAttributesOfAnotherTopic", topicAttributesOfAnotherTopic},

		{"AccessPolicy", accessPolicy},
		{"AccessPolicyRules", accessPolicyRules},
		{"SubscriberCancels", subscriberCancels},
		{"AccessPolicyOfSubscribing", accessPolicyOfSubscribing},
		{"AccessPolicyDenies", accessPolicyDenies},

		{"Subscribe", subscribe},
		{"SubscribeRules", subscribeRules},
		{"SubscribeHeaders", subscribeHeaders},
		{"SubscribeRetry", subscribeRetry},
		{"RetryPolicy", retryPolicy},
		{"SubscribeAtOnce", subscribeAtOnce},
		{"SubscribeAgain", subscribeAgain},
		{"SubscribeBatch", subscribeBatch},

		{"SubscribeProtocols", subscribeProtocols},
		{"SubscribeProtocolRules", subscribeProtocolRules},
		{"FunctionsOfOthers", functionsOfOthers},
		{"Chat", chat},

		{"ListSubscriptions", listSubscriptions},
		{"ListSubscriptionsRules", listSubscriptionsRules},
		{"ListSubscriptionsByMarker", listSubscriptionsByMarker},
		{"ListSubscriptionsFiltered", listSubscriptionsFiltered},
		{"ListSubscriptionsFilterRules", listSubscriptionsFilterRules},

		{"GetSubscription", getSubscription},
		{"Health", health},
		{"UpdateSubscription", updateSubscription},
		{"SendConfirmation", sendConfirmation},
		{"CancelSubscription", cancelSubscription},
		{"CancelSubscriptionByTopic", cancelSubscriptionByTopic},
		{"CancelSubscriptions", cancelSubscriptions},
		{"CancelSubscriptionsByTopic", cancelSubscriptionsByTopic},
		{"MailConfirmations", mailConfirmations},
		{"PhoneConfirmations", phoneConfirmations},
		{"WebConfirmations", webConfirmations},
		{"ConfirmationsBeginAnew", confirmationsBeginAnew},
		{"SubscriptionStatuses", subscriptionStatuses},
		{"ForeignSubscriptions", foreignSubscriptions},

		{"FilterPolicies", filterPolicies},
		{"FilterPoliciesRules", filterPoliciesRules},
		{"FilterPoliciesBatch", filterPoliciesBatch},

		{"SubscriptionUsers", subscriptionUsers},
		{"SubscriptionUsersRules", subscriptionUsersRules},
		{"SubscribeUsers", subscribeUsers},

		{"Confirm", confirmSubscription},
		{"ConfirmRules", confirmRules},
		{"Unsubscribe", unsubscribe},

		{"Publish", publish},
		{"PublishRules", publishRules},
		{"PublishLimits", publishLimits},
		{"PublishToNobody", publishToNobody},
		{"PublishStructure", publishStructure},
		{"PublishTemplate", publishTemplate},
		{"PublishFormRules", publishFormRules},
		{"PublishFormLimits", publishFormLimits},
		{"PublishForProtocols", publishForProtocols},

		{"PublishOnce", publishOnce},
		{"PublishOnceRules", publishOnceRules},
		{"PublishOnceAtOnce", publishOnceAtOnce},

		{"ListMessages", listMessages},
		{"MessageReport", messageReport},
		{"MessageReportPages", messageReportPages},
		{"ReportRules", reportRules},
		{"DeadDeliveries", deadDeliveries},
		{"RedeliverOne", redeliverOne},
		{"RedeliverMany", redeliverMany},
		{"RedeliverToNobody", redeliverToNobody},

		{"CreateTemplate", createTemplate},
		{"CreateTemplateRules", createTemplateRules},
		{"ListTemplates", listTemplates},
		{"ListTemplatesByMarker", listTemplatesByMarker},
		{"UpdateTemplate", updateTemplate},
		{"DeleteTemplate", deleteTemplate},
		{"ForeignTemplates", foreignTemplates},

		{"TopicStatistics", topicStatistics},

		{"SendSMS", sendSMS},
		{"SendSMSRules", sendSMSRules},
		{"SendSMSBatch", sendSMSBatch},
		{"ListSMS", listSMS},
		{"SMSCallbacks", smsCallbacks},

		{"Applications", applications},
		{"ApplicationRules", applicationRules},
		{"PushEndpoints", pushEndpoints},
		{"Push", push},

		{"SetTags", setTags},
		{"TagRules", tagRules},
		{"TagLimit", tagLimit},
		{"RemoveTags", removeTags},
		{"TagsByID", tagsByID},
		{"TagsGoWithTopic", tagsGoWithTopic},
		{"ListProjectTags", listProjectTags},
		{"FindResources", findResources},
		{"FindResourcesRules", findResourcesRules},
		{"FindResourcesPages", findResourcesPages},
		{"TagsOfApplications", tagsOfApplications},
		{"TagsForeign", tagsForeign},

		{"Detect", detect},
		{"DetectUnreachable", detectUnreachable},
		{"DetectRules", detectRules},

		{"Logtanks", logtanks},
		{"LogtankRules", logtankRules},
		{"NotifyPolicy", notifyPolicy},
		{"NotifyPolicyRules", notifyPolicyRules},
		{"KMSKey", kmsKey},
		{"AttachmentsForeign", attachmentsForeign},

		{"Lists", lists},
		{"Pages", pages},
		{"TopicsWithResources", topicsWithResources},

		{"Foreign", foreign},
		{"Cancelled", cancelled},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := open(t)
			c.run(t, &suite{Env: env, owner: act(t, env, Owner), stranger: act(t, env, Stranger), anyone: act(t, env, smn.Anonymous)})
		})
	}
}

// suite is an environment with its callers at work.
type suite struct {
	Env
	owner, stranger, anyone actor
}

// actor is a caller at work: a service and the context to call it with.
type actor struct {
	smn.Service
	ctx context.Context
}

func act(t *testing.T, env Env, c smn.Caller) actor {
	return actor{Service: env.As(c), ctx: smn.WithCaller(t.Context(), c)}
}

// topic makes a topic and returns its URN.
func (s *suite) topic(t *testing.T, name string) string {
	t.Helper()
	out, err := s.owner.CreateTopic(s.owner.ctx, smn.CreateTopicInput{Name: name})
	require.NoError(t, err)
	return out.URN
}

// subscribed adds an endpoint and returns its URN.
func (s *suite) subscribed(t *testing.T, topic string, n smn.NewSubscription) string {
	t.Helper()
	out, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
	require.NoError(t, err)
	return out.URN
}

// listed finds a subscription in the list of its topic.
func (s *suite) listed(t *testing.T, urn string) smn.Subscription {
	t.Helper()
	parsed, err := smn.ParseSubscriptionURN(urn)
	require.NoError(t, err)
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: parsed.Topic.String()})
	require.NoError(t, err)
	for _, sub := range page.Subscriptions {
		if sub.URN == parsed {
			return sub
		}
	}
	t.Fatalf("%s is not in the list of its topic", urn)
	return smn.Subscription{}
}

// requireCode sees that err carries a code and an explanation.
func requireCode(t *testing.T, code smn.Code, err error, about ...any) {
	t.Helper()
	require.Error(t, err, about...)
	require.Equal(t, code, smn.CodeOf(err), about...)
	var e *smn.Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Detail, "an error says what to do")
}

// urn is the URN that the topic of a name has in an environment.
func (s *suite) urn(project, name string) string {
	return smn.TopicURN{Region: s.Region, Project: project, Name: name}.String()
}
