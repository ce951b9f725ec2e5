package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// What belongs to a topic, as the golden files show it.
var (
	tags   = []smn.Tag{{Key: "env", Value: "test"}}
	tagged = smn.TaggedResource{
		ID: "87ceac6aab414942b8adb9c5dbc8fb0b", Name: "disk-alerts", Tags: tags,
		TopicURN: topicURN.String(), DisplayName: "Disk", EnterpriseProjectID: "0",
	}
	detection = smn.Detection{Status: smn.Unreachable, Code: 404, Text: "no such hook"}
	logtank   = smn.Logtank{
		ID: subscriptionURN.ID, Stream: smn.LogStream{GroupID: "group", StreamID: "stream"}, CreatedAt: moment, UpdatedAt: moment,
	}
	newPolicy = smn.NewNotifyPolicy{
		Protocol: smn.Call, Polling: []smn.PollingRound{{Order: 1, SubscriptionURNs: []string{subscriptionURN.String()}}},
	}
	notifyPolicy = smn.NotifyPolicy{ID: subscriptionURN.ID, Protocol: smn.Call, Polling: []smn.NotifyRound{
		{Order: 1, Subscriptions: []smn.NotifyTarget{{URN: subscriptionURN, Endpoint: "+4915112345678", Status: smn.Confirmed}}},
	}}
	services  = []smn.CloudService{{Name: "obs", DisplayName: "OBS"}}
	resources = smn.TopicResources{
		Topic: smn.Topic{
			URN: topicURN, ID: "87ceac6aab414942b8adb9c5dbc8fb0b", DisplayName: "Disk", EnterpriseProjectID: "0",
			CreatedAt: moment, UpdatedAt: moment,
		},
		Tags: tags, Policy: smn.TopicPolicy{CreatedAt: moment, UpdatedAt: moment}, Logtanks: []smn.Logtank{logtank},
	}
)

func TestTranslationsOfBelongingsAreInverse(t *testing.T) {
	require.Equal(t, tagged, wire.NewTaggedResource(tagged).Resource())
	for _, d := range []smn.Detection{detection, {Status: smn.NotDetected}, {Status: smn.Unreachable, Code: -1, Text: "x"}} {
		require.Equal(t, d, wire.NewDetection(request, d).Detection())
	}
	require.Equal(t, newPolicy, wire.NewPolicyRequest(newPolicy).Policy())
	read, err := wire.NewNotifyPolicy(request, notifyPolicy).Policy()
	require.NoError(t, err)
	require.Equal(t, notifyPolicy, read)
	require.Equal(t, services, wire.ReadCloudServices(wire.NewCloudServices(services)))
	back, err := wire.NewTopicResources(resources).Resources()
	require.NoError(t, err)
	require.Equal(t, resources, back)
}

func TestCount(t *testing.T) {
	for text, want := range map[string]int{`"0"`: 0, `0`: 0, `"1000"`: 1000, `7`: 7} {
		var c wire.Count
		require.NoError(t, json.Unmarshal([]byte(text), &c), text)
		require.Equal(t, want, c.Int(99))
	}
	for _, text := range []string{`"-1"`, `-1`, `""`, `"1.5"`, `1e3`, `"x"`, `" 1"`, `true`, `{}`, `"+5"`, `2147483648`} {
		var c wire.Count
		require.Equal(t, smn.InvalidPage, smn.CodeOf(json.Unmarshal([]byte(text), &c)), text)
	}
	var none *wire.Count
	require.Equal(t, 99, none.Int(99))
}
