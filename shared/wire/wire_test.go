package wire_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	project = "f96188c7ccaf4ffba0c9aa149ab2bd57"
	request = "f512a35a0d4c4dcbb1e5d4e3a3a5a7a0"
)

var (
	topicURN        = smn.TopicURN{Region: "region01", Project: project, Name: "disk-alerts"}
	subscriptionURN = smn.SubscriptionURN{Topic: topicURN, ID: "a2aa5a1f66df494184f4e108398de1a6"}
	moment          = time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC)
	topic           = wire.NewTopic(smn.Topic{
		URN: topicURN, ID: "87ceac6aab414942b8adb9c5dbc8fb0b", DisplayName: "Disk", EnterpriseProjectID: "0",
		CreatedAt: moment, UpdatedAt: moment,
	})
)

// golden is what each file of testdata means.
func golden() map[string]any {
	hour := wire.Seconds(3600)
	password := wire.TokenRequest{}
	password.Auth.Identity = wire.TokenIdentity{
		Methods: []string{"password"},
		Password: &wire.TokenPassword{User: wire.TokenPasswordUser{
			Name: "admin", Password: "secret", Domain: &wire.Named{Name: "tocsin"},
		}},
	}
	password.Auth.Scope = &wire.TokenScope{Project: &wire.TokenProject{Name: "region01"}}
	passcode, agency := wire.TokenRequest{}, wire.TokenRequest{}
	passcode.Auth.Identity = wire.TokenIdentity{
		Methods: []string{"password", "totp"}, Password: password.Auth.Identity.Password,
		TOTP: &wire.TokenTOTP{User: wire.TokenTOTPUser{ID: "u", Passcode: "123456"}},
	}
	passcode.Auth.Scope = &wire.TokenScope{Domain: &wire.Named{Name: "tocsin"}}
	agency.Auth.Identity = wire.TokenIdentity{Methods: []string{"assume_role"}, AssumeRole: &wire.TokenAssumeRole{DomainName: "acme", XRoleName: "support"}}
	agency.Auth.Scope = &wire.TokenScope{Project: &wire.TokenProject{Name: "region01", Domain: &wire.Named{Name: "acme"}}}
	version := wire.VersionV2("https://smn.example.com")
	domain := wire.Named{ID: "d", Name: "tocsin"}
	issued := time.Date(2026, 1, 1, 3, 4, 5, 0, time.UTC)
	certificate := "https://smn.region01.example/smn/SMN_region01_3190c26a56fb435f9882e3435b000000.pem"
	demo := "urn:smn:region01:" + project + ":demo"

	return map[string]any{
		"create-topic-request":       wire.CreateTopicRequest{Name: "disk-alerts", DisplayName: "Disk"},
		"create-topic-response":      wire.CreateTopicResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", TopicURN: topicURN.String()},
		"list-topics-response":       wire.ListTopicsResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", TopicCount: 1, Topics: []wire.Topic{topic}},
		"list-topics-empty-response": wire.ListTopicsResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", Topics: []wire.Topic{}},
		"get-topic-response":         wire.GetTopicResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", Topic: topic},
		"answer":                     wire.Answer{RequestID: "6837531fd3f54550927b930180a706bf"},
		"subscribe-request": wire.SubscribeRequest{NewSubscription: wire.NewSubscription{
			Protocol: "http", Endpoint: "http://example.com/hook", Remark: "O&M",
			Extension: &wire.Extension{Header: map[string]string{"x-team": "ops"}},
		}},
		"subscribe-batch-request": wire.SubscribeRequest{Subscriptions: []wire.NewSubscription{
			{Protocol: "email", Endpoint: "a@example.com"},
			{Protocol: "sms", Endpoint: "+4915112345678", Remark: "on call"},
		}},
		"subscribe-response": wire.SubscribeResponse{RequestID: request, SubscriptionURN: subscriptionURN.String()},
		"subscribe-batch-response": wire.SubscribeResponse{
			RequestID: request, SubscriptionURN: subscriptionURN.String(),
			Results: []wire.SubscribeResult{
				{RequestID: request, HTTPCode: 201, SubscriptionURN: subscriptionURN.String()},
				{RequestID: request, HTTPCode: 400, Code: "SMN.0011", Message: "Parameter: Protocol is invalid."},
			},
		},
		"list-subscriptions-response": wire.ListSubscriptionsResponse{
			RequestID: request, SubscriptionCount: 1,
			Subscriptions: []wire.Subscription{wire.NewSubscriptionListed(smn.Subscription{
				URN: subscriptionURN, Protocol: smn.SMS, Endpoint: "+4915112345678", Status: smn.Confirmed,
			})},
		},
		"list-subscriptions-empty-response": wire.ListSubscriptionsResponse{RequestID: request, Subscriptions: []wire.Subscription{}},
		"confirm-response":                  wire.ConfirmResponse{RequestID: request, SubscriptionURN: subscriptionURN.String()},
		"unsubscribe-response":              wire.UnsubscribeResponse{Message: "The subscription is cancelled."},
		"publish-request":                   wire.PublishRequest{Subject: "Disk", Message: "disk full", TimeToLive: &hour},
		"publish-response":                  wire.PublishResponse{RequestID: "9974c07f6d554a6d827956acbeb4be5f", MessageID: "bf94b63a5dfb475994d3ac34664e24f2"},
		"error":                             wire.Error{RequestID: "9974c07f6d554a6d827956acbeb4be5f", Code: "SMN.0006", Message: "Topic not found."},
		"gateway-error":                     wire.GatewayError{RequestID: "9974c07f6d554a6d827956acbeb4be5f", Code: "APIGW.0301", Message: "Incorrect IAM authentication information."},
		"link-error":                        wire.LinkError{Message: "Parameter: token is invalid."},
		"iam-error":                         wire.IAMError{Error: wire.IAMErrorBody{Code: 401, Message: "The user name or password is wrong.", Title: "Unauthorized"}},
		"list-versions-response":            wire.ListVersionsResponse{Versions: []wire.Version{version}},
		"get-version-response":              wire.GetVersionResponse{Version: version},
		"token-request":                     password,
		"token-response": wire.TokenResponse{Token: wire.Token{
			Methods: []string{"password"}, IssuedAt: wire.TokenTime(issued), ExpiresAt: wire.TokenTime(issued.Add(24 * time.Hour)),
			User:    wire.TokenUser{ID: "u", Name: "admin", Domain: domain},
			Project: &wire.TokenProject{ID: project, Name: "region01", Domain: &domain},
			Roles:   []wire.Named{{ID: "0", Name: "te_admin"}},
			Catalog: wire.NewCatalog("https://smn.example.com", "region01", project),
		}},
		"token-request-totp":   passcode,
		"token-request-agency": agency,
		"token-response-domain": wire.TokenResponse{Token: wire.Token{
			Methods: []string{"assume_role"}, IssuedAt: wire.TokenTime(issued), ExpiresAt: wire.TokenTime(issued.Add(24 * time.Hour)),
			User:      wire.TokenUser{ID: "a", Name: "tocsin/support", Domain: domain},
			AssumedBy: &wire.TokenAssumedBy{User: wire.TokenUser{ID: "u", Name: "admin", Domain: wire.Named{ID: "p", Name: "partner"}}},
			Domain:    &domain,
			Roles:     []wire.Named{{ID: "0", Name: "te_admin"}},
		}},
		"list-projects-response": wire.ListProjectsResponse{
			Projects: []wire.Project{{
				ID: project, Name: "region01", DomainID: "d", ParentID: "d", Enabled: true,
				Links: wire.SelfLink{Self: "https://iam.example.com/v3/projects/" + project},
			}},
			Links: wire.Links{Self: "https://iam.example.com/v3/projects"},
		},
		"list-domains-response": wire.ListDomainsResponse{
			Domains: []wire.Domain{{ID: "d", Name: "tocsin", Enabled: true, Links: wire.SelfLink{Self: "https://iam.example.com/v3/domains/d"}}},
			Links:   wire.Links{Self: "https://iam.example.com/v3/auth/domains"},
		},
		"catalog-response": wire.CatalogResponse{
			Catalog: wire.NewCatalog("https://smn.example.com", "region01", ""),
			Links:   wire.Links{Self: "https://smn.example.com/v3/auth/catalog"},
		},
		"identity-version-response": wire.IdentityVersionResponse{Version: wire.IdentityV3("https://iam.example.com")},
		"push-notification": wire.Push{
			Type: wire.TypeNotification, MessageID: "d84bd6629ef04513ad2e37bffd6e17cb", TopicURN: demo,
			Subject: "SMN", Message: "hello", Timestamp: wire.Time(moment),
			Signature: "c2ln", SignatureVersion: wire.SignatureVersion, SigningCertURL: certificate,
			UnsubscribeURL: "https://host/smn/subscription/unsubscribe?subscription_urn=" + demo + ":23cf104593284665a1f98691b1576976",
		},
		"push-confirmation": wire.Push{
			Type: wire.TypeConfirmation, MessageID: "d84bd6629ef04513ad2e37bffd6e17cb", TopicURN: demo,
			Message: "You are invited to subscribe.", Timestamp: wire.Time(moment),
			SubscribeURL: "https://host/smn/subscription/confirm?token=00ff",
			Signature:    "c2ln", SignatureVersion: wire.SignatureVersion, SigningCertURL: certificate,
		},
	}
}

// TestGolden compares both ways, so that neither a field's name nor its type can
// drift.
func TestGolden(t *testing.T) {
	values := golden()
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(values), "each file has its value")
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			require.NoError(t, err)
			written, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, string(text), string(written))
			read := reflect.New(reflect.TypeOf(value))
			require.NoError(t, json.Unmarshal(text, read.Interface()))
			require.Equal(t, value, read.Elem().Interface())
		})
	}
}

func TestTranslationsAreInverse(t *testing.T) {
	back, err := topic.Topic()
	require.NoError(t, err)
	require.Equal(t, topic, wire.NewTopic(back))

	sub := smn.Subscription{URN: subscriptionURN, Protocol: smn.Email, Endpoint: "a@example.com", Remark: "r", Status: smn.Cancelled}
	read, err := wire.NewSubscriptionListed(sub).Subscription()
	require.NoError(t, err)
	require.Equal(t, sub, read)

	n := smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://example.com/", Remark: "r", Extension: smn.Extension{Header: map[string]string{"x-a": "b"}}}
	require.Equal(t, n, wire.NewSubscriptionOf(n).Subscription())
}

// TestCodes sees that each code is spelt in a way of its own, so that a client
// gets back what the service meant.
func TestCodes(t *testing.T) {
	for code, f := range wire.Failures {
		require.NotEmpty(t, f.Code)
		require.NotEmpty(t, f.Message)
		require.GreaterOrEqual(t, f.Status, 400)
		if code != smn.CertificateNotFound { // links send no code: see below
			require.Equal(t, code, wire.CodeOf(f.Status, f.Code, f.Message), "by code")
		}
		if code != smn.Internal && code != smn.Overloaded {
			require.Equal(t, code, wire.CodeOf(f.Status, "", f.Message+" And more."), "by text")
		}
	}
	require.Equal(t, smn.Internal, wire.CodeOf(http502, "", ""))
	require.Equal(t, smn.Unauthenticated, wire.CodeOf(401, "APIG.0301", "an older spelling"))
	require.Equal(t, smn.Forbidden, wire.CodeOf(403, "SMN.9999", "unheard of"))
}

const http502 = 502

func TestSeconds(t *testing.T) {
	for text, want := range map[string]wire.Seconds{`"1"`: 1, `3600`: 3600, `"604800"`: 604800, `"604801"`: 604801} {
		var s wire.Seconds
		require.NoError(t, json.Unmarshal([]byte(text), &s), text)
		require.Equal(t, want, s)
	}
	for _, text := range []string{`"0"`, `0`, `-1`, `"-1"`, `""`, `"1.5"`, `1.5`, `1e3`, `"x"`, `" 1"`, `true`, `{}`, `[]`, `99999999999999999999`, `"+5"`, `"5_0"`, `2147483648`, `"\u0031"`} {
		var s wire.Seconds
		err := json.Unmarshal([]byte(text), &s)
		require.Equal(t, smn.InvalidTimeToLive, smn.CodeOf(err), text)
	}
	var none wire.PublishRequest
	require.NoError(t, json.Unmarshal([]byte(`{"time_to_live":null}`), &none))
	require.Zero(t, none.TimeToLive.Duration())
}

func TestTimes(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*60*60)
	require.Equal(t, "2024-07-10T09:45:00Z", wire.Time(time.Date(2024, 7, 10, 11, 45, 0, 999, berlin)))
	require.Equal(t, "2024-07-10T09:45:00.000001Z", wire.TokenTime(time.Date(2024, 7, 10, 11, 45, 0, 1999, berlin)))
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), 0).UTC()
		back, err := wire.ParseTime(wire.Time(at))
		require.NoError(t, err)
		require.True(t, at.Equal(back))
		back, err = wire.ParseTokenTime(wire.TokenTime(at))
		require.NoError(t, err)
		require.True(t, at.Equal(back))
	})
}
