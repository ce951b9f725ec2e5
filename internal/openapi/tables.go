package openapi

import (
	"maps"

	"github.com/getkin/kin-openapi/openapi3"
)

// The nouns, as readers look for them.
const (
	groupIdentity      = "Identity"
	groupTopics        = "Topics"
	groupAttributes    = "Attributes of topics"
	groupSubscriptions = "Subscriptions"
	groupFilters       = "Filter policies"
	groupUsers         = "Subscription users"
	groupPublishing    = "Publishing"
	groupReports       = "Reports on delivery"
	groupTemplates     = "Message templates"
	groupTags          = "Tags"
	groupAttachments   = "Attached to topics"
	groupDetection     = "Detection of endpoints"
	groupSMS           = "SMS"
	groupPush          = "Mobile push"
	groupLinks         = "Links in messages"
	groupVersions      = "About the service"
)

// groups are the nouns in the order of reading.
func groups() openapi3.Tags {
	return openapi3.Tags{
		{Name: groupIdentity, Description: "Log in, and see what is open to you."},
		{Name: groupTopics, Description: "What messages are published to."},
		{Name: groupSubscriptions, Description: "The endpoints that receive what is published to a topic."},
		{Name: groupPublishing, Description: "Send a message to the subscribers of a topic."},
		{Name: groupReports, Description: "What became of messages, and another try for those that did not arrive. Beyond SMN."},
		{Name: groupTemplates, Description: "Texts with variables, to publish with."},
		{Name: groupFilters, Description: "Which messages of its topic a subscription receives."},
		{Name: groupUsers, Description: "An address book, whose entries are subscribed by their ids. Beyond SMN, but for subscribe-users."},
		{Name: groupAttributes, Description: "The access policy, which lets other projects use a topic, and texts."},
		{Name: groupTags, Description: "Words on topics and applications, to find them by."},
		{Name: groupAttachments, Description: "Logtanks, notify policies and keys: kept and given back."},
		{Name: groupDetection, Description: "Try an http or https endpoint before subscribing it."},
		{Name: groupSMS, Description: "Texts to phone numbers, without a topic."},
		{Name: groupPush, Description: "Applications, their devices, and messages to these."},
		{Name: groupLinks, Description: "Where the links in messages lead, and the certificates to verify messages with."},
		{Name: groupVersions, Description: "What this is and what it can do."},
	}
}

// table is all that is said of operations, by their names.
func table() map[string]described {
	all := map[string]described{}
	for _, t := range []map[string]described{
		identity(), topics(), attributes(), subscriptions(), filterPolicies(), users(), publishing(), reports(), templates(),
		tags(), attachments(), detection(), sms(), applications(), links(), versions(),
	} {
		maps.Copy(all, t)
	}
	return all
}
