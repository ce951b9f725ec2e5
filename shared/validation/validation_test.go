package validation_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

// The rules themselves are tested at their limits by smntest, through every
// door. Here is what no door shows.

// inputs are what the methods of the service take, and the items of batches, which
// are judged one by one.
func inputs() []any {
	items := []any{smn.NewSubscription{}, smn.SubscriptionPolicies{}, smn.SMSCallback{}}
	for method := range reflect.TypeFor[smn.Service]().Methods() {
		if method.Type.NumIn() == 2 {
			items = append(items, reflect.Zero(method.Type.In(1)).Interface())
		}
	}
	return items
}

// TestTags sees that each field with a rule names a code that can be spelt.
func TestTags(t *testing.T) {
	for _, in := range inputs() {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(in)) {
			if f.Tag.Get("validate") != "" {
				require.NotEqual(t, wire.FailureOf(smn.Internal), wire.FailureOf(smn.Code(f.Tag.Get("code"))), "%T.%s names no known code", in, f.Name)
			}
		}
		_ = validation.Check(in) // a rule that nobody has registered panics
	}
}

func TestCheckTakesPointers(t *testing.T) {
	require.NoError(t, validation.Check(&smn.CreateTopicInput{Name: "a"}))
	require.Equal(t, smn.InvalidTopicName, smn.CodeOf(validation.Check(&smn.CreateTopicInput{})))
	require.Equal(t, smn.Internal, smn.CodeOf(validation.Check(nil)), "a mistake of ours is no mistake of the caller")
}

func TestNoTextRepeatsASecret(t *testing.T) {
	const secret = "s3cret"
	for _, in := range []any{
		smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://user:" + secret + "@/"},
		smn.NewSubscription{Protocol: smn.HTTPS, Endpoint: "https://example.com/", Extension: smn.Extension{Header: map[string]string{"x-token": secret + "\n"}}},
		smn.NewSubscription{Protocol: smn.Slack, Endpoint: "https://user:" + secret + "@/"},
		smn.NewSubscription{Protocol: smn.Slack, Endpoint: "https://example.com/", Extension: smn.Extension{SignSecret: secret}},
		smn.NewSubscription{Protocol: smn.DingDing, Endpoint: "https://example.com/", Extension: smn.Extension{SignSecret: secret + " "}},
		smn.NewSubscription{Protocol: smn.DingDing, Endpoint: "https://example.com/", Extension: smn.Extension{Keyword: secret + "\n"}},
		smn.NewSubscription{Protocol: smn.WeLink, Endpoint: "https://example.com/", Extension: smn.Extension{ClientSecret: secret}},
		smn.ConfirmSubscriptionInput{Token: secret, TopicURN: secret},
		smn.SubscriptionPolicies{SubscriptionURN: secret},
		smn.SubscriptionPolicies{
			SubscriptionURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t:0123456789abcdef0123456789abcdef",
			Policies:        []smn.FilterPolicy{{Name: "level", StringEquals: []string{secret + "!"}}},
		},
		smn.CreateSubscriptionUserInput{NewSubscriptionUser: smn.NewSubscriptionUser{Name: secret + "\n"}},
		smn.ListSubscriptionsInput{SubscriptionFilter: smn.SubscriptionFilter{Protocol: secret}},
		smn.PublishInput{TopicURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t", Message: "m", Subject: secret + "\n"},
		smn.PublishInput{TopicURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t", Structure: `{"` + secret + `":"` + secret + `"}`},
		&smn.PublishInput{TopicURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t", TemplateName: "t", Tags: map[string]string{"": secret}},
		smn.PublishInput{TopicURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t", Message: "m", Attributes: []smn.MessageAttribute{{Name: secret, Values: []string{secret}}}},
	} {
		err := validation.Check(in)
		require.Error(t, err)
		require.NotContains(t, err.Error(), secret)
	}
}

func TestRemarkThatIsNoText(t *testing.T) {
	n := smn.NewSubscription{Protocol: smn.Email, Endpoint: "ops@example.com", Remark: "\xff"}
	require.Equal(t, smn.InvalidRemark, smn.CodeOf(validation.Check(n)))
}

func TestIsInternal(t *testing.T) {
	for _, host := range []string{
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0.0.0.0", "10.1.2.3",
		"172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "[2001:db8::1]",
		"[::7f00:1]", "[::ffff:0:7f00:1]", "192.88.99.1", "[100::1]", "[5f00::1]", "[fe80::1%25eth0]",
	} {
		require.True(t, validation.IsInternal("http://"+host+"/x"), host)
		require.True(t, validation.IsInternal("http://user@"+host+":8080"), host)
	}
	for _, host := range []string{"example.com", "8.8.8.8", "[2606:4700::1111]", "10.example.com", "localhost.example.com"} {
		require.False(t, validation.IsInternal("https://"+host+"/x"), host)
	}
}

// FuzzExtensionHeader: what is accepted can be sent as it is.
func FuzzExtensionHeader(f *testing.F) {
	f.Add("x-team", "ops", "X-Env", "a b")
	f.Add("x-a", "\r\n", "x-A", "")
	f.Add("x-smn-topic-urn", "v", "", "\x00")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		header := map[string]string{name1: value1, name2: value2}
		n := smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://example.com/", Extension: smn.Extension{Header: header}}
		if err := validation.Check(n); err != nil {
			require.Equal(t, smn.InvalidSubscription, smn.CodeOf(err))
			return
		}
		for name, value := range header {
			require.NotContains(t, strings.ToLower(name), "x-smn")
			require.False(t, strings.ContainsFunc(name+value, func(r rune) bool { return r < ' ' || r > '~' }))
			require.False(t, strings.ContainsAny(name, " :()<>@,;\\\"/[]?={}"))
		}
	})
}

// FuzzEndpoint: what is accepted is one line, and judging it never panics.
func FuzzEndpoint(f *testing.F) {
	for _, p := range []smn.Protocol{smn.HTTP, smn.HTTPS, smn.Email, smn.SMS, smn.FunctionGraph, smn.Slack} {
		f.Add(string(p), "urn:cff:eu-de:0123456789abcdef0123456789abcdef:function:default:report:latest")
		f.Add(string(p), "http://example.com:80/a?b=c")
		f.Add(string(p), "ops@example.com")
		f.Add(string(p), "+4915112345678")
	}
	f.Fuzz(func(t *testing.T, protocol, endpoint string) {
		validation.IsInternal(endpoint)
		if validation.Check(smn.NewSubscription{Protocol: smn.Protocol(protocol), Endpoint: endpoint}) == nil {
			require.False(t, strings.ContainsAny(endpoint, "\r\n\x00 "))
		}
	})
}

func BenchmarkCheckPublish(b *testing.B) {
	in := smn.PublishInput{TopicURN: "urn:smn:r:0123456789abcdef0123456789abcdef:t", Message: strings.Repeat("m", 256)}
	for b.Loop() {
		if err := validation.Check(in); err != nil {
			b.Fatal(err)
		}
	}
}
