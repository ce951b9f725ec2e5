package mns

import (
	"bytes"
	"encoding/xml"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

const project = "00000000000000001000000000000001"

var (
	made   = time.UnixMilli(1463476256857)
	sample = smn.Topic{
		URN:       smn.TopicURN{Region: "test", Project: project, Name: "MyTopic1"},
		CreatedAt: made, UpdatedAt: made.Add(time.Hour),
	}
	subscribed = smn.NamedSubscription{
		Subscription: smn.Subscription{
			URN:      smn.SubscriptionURN{Topic: sample.URN, ID: smn.NewID()},
			Protocol: smn.HTTP, Endpoint: "http://10.0.0.1:8080/a?b=c&d=e",
		},
		Name: "MyTopic1-Sub1", Subscriber: project, CreatedAt: made, UpdatedAt: made.Add(time.Hour),
		Style: smn.Style{Form: FormXML, Strategy: BackoffRetry},
	}
)

// golden are answers, by the file that holds what they must be, typed from MNS's
// documents.
func golden() map[string]any {
	large := sample
	large.URN.Name, large.MaxMessage, large.Logging = "MyTopic2", 1024, true
	tagged := subscribed
	tagged.Style = smn.Style{Form: FormSimplified, Strategy: ExponentialDecayRetry, Tag: "red"}
	const host = "http://127.0.0.1:8080"
	return map[string]any{
		"get-topic-response":               NewGetTopic(sample),
		"list-topics-empty-response":       ListTopicsResponse{},
		"list-topics-response":             ListTopicsResponse{Topics: []TopicItem{NewTopicItem(host+"/topics/MyTopic1", sample, false), NewTopicItem(host+"/topics/MyTopic2", large, false)}, NextMarker: "0123456789abcdef0123456789abcdef"},
		"list-topics-meta-response":        ListTopicsResponse{Topics: []TopicItem{NewTopicItem(host+"/topics/MyTopic1", sample, true), NewTopicItem(host+"/topics/MyTopic2", large, true)}},
		"get-subscription-response":        NewGetSubscription(subscribed),
		"get-subscription-tag-response":    NewGetSubscription(tagged),
		"list-subscriptions-response":      ListSubscriptionsResponse{Subscriptions: []SubscriptionItem{NewSubscriptionItem(host+"/topics/MyTopic1/subscriptions/MyTopic1-Sub1", subscribed, false)}, NextMarker: "0123456789abcdef0123456789abcdef"},
		"list-subscriptions-meta-response": ListSubscriptionsResponse{Subscriptions: []SubscriptionItem{NewSubscriptionItem(host+"/topics/MyTopic1/subscriptions/MyTopic1-Sub1", tagged, true)}},
		"publish-response":                 NewPublish("0154bdfb80590001f6ea56633844dbfc", "I am test message 0."),
		"error":                            ErrorResponse{Code: TopicNotExist, Message: "The topic <a> & \"b\" does not exist.", RequestID: "573AE020B2B71CFC6801A6EF", HostID: host},
	}
}

// between is space between elements, which people want to see and programs do not.
var between = regexp.MustCompile(`>\s+<`)

func TestGolden(t *testing.T) {
	for name, response := range golden() {
		got, err := Write(response)
		require.NoError(t, err)
		want, err := os.ReadFile("testdata/" + name + ".xml")
		require.NoError(t, err)
		require.Equal(t, between.ReplaceAllString(string(want), "><"), between.ReplaceAllString(string(got), "><")+"\n", name)
	}
}

// TestNothingIsEmpty: the SDK for Python fails on an empty element.
func TestNothingIsEmpty(t *testing.T) {
	for name, response := range golden() {
		body, err := Write(response)
		require.NoError(t, err)
		d := xml.NewDecoder(bytes.NewReader(body))
		depth, last := 0, xml.Token(nil)
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			if _, ends := token.(xml.EndElement); ends {
				_, began := last.(xml.StartElement)
				require.False(t, began && depth > 1, "%s: %v", name, token)
				depth--
			}
			if _, begins := token.(xml.StartElement); begins {
				depth++
			}
			last = xml.CopyToken(token)
		}
	}
}
