package wire_test

import (
	"encoding/json"
	"maps"
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
	template        = wire.NewTemplate(smn.Template{
		ID: "57ba8dcecda844878c5dd5815b65d10f", Name: "disk", Protocol: smn.SMS, TagNames: []string{"host", "used"},
		CreatedAt: moment, UpdatedAt: moment.Add(time.Minute),
	})
	topic = wire.NewTopic(smn.Topic{
		URN: topicURN, ID: "87ceac6aab414942b8adb9c5dbc8fb0b", DisplayName: "Disk", EnterpriseProjectID: "0",
		CreatedAt: moment, UpdatedAt: moment,
	})
)

var (
	smsReport = smn.SMSReport{
		MessageID: "589f2f7343224f8c9597b05a9a0bc5de", Endpoint: "13400006789", SignID: "ce7f2f7343224f8c9597b05a9a0bcc2e",
		Status: smn.SMSFailed, Reason: "REJECTD", Parts: 2, AcceptedAt: moment, FinishedAt: moment.Add(time.Second),
	}
	pushEndpoint = smn.PushEndpoint{
		URN: smn.PushEndpointURN{
			Application: smn.ApplicationURN{Region: "region01", Project: project, Platform: smn.APNS, Name: "application_name"},
			ID:          "62f0bafec61c45fbbb5d0fc6bd696a2d",
		},
		Token: "1f2fda4c", UserData: "no user data", Enabled: true, CreatedAt: moment,
	}
)

// golden is what each file of testdata means.
func golden() map[string]any {
	hour := wire.Seconds(3600)
	display := "Disk full"
	policy := `{"Version":"2016-09-07","Id":"__default_policy_ID","Statement":[{"Sid":"__service_pub_0"}]}`
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

	app := smn.ApplicationURN{Region: "region01", Project: project, Platform: smn.APNS, Name: "application_name001"}
	off, data := wire.Flag(false), "x"

	return map[string]any{
		"publish-alerts-request": wire.AlertsRequest{
			Version: "4", GroupKey: `{}:{alertname="DiskFull"}`, Status: wire.AlertFiring, Receiver: "operations",
			GroupLabels:       map[string]string{"alertname": "DiskFull"},
			CommonLabels:      map[string]string{"alertname": "DiskFull", "instance": "db-1", "severity": "critical"},
			CommonAnnotations: map[string]string{"summary": "The disk of db-1 is full."},
			ExternalURL:       "http://alertmanager.example.com:9093",
			Alerts: []wire.Alert{{
				Status:      wire.AlertFiring,
				Labels:      map[string]string{"alertname": "DiskFull", "instance": "db-1", "severity": "critical"},
				Annotations: map[string]string{"summary": "The disk of db-1 is full."},
				StartsAt:    "2026-11-22T03:00:00.000Z", EndsAt: "0001-01-01T00:00:00Z",
				GeneratorURL: "http://prometheus.example.com:9090/graph?g0.expr=disk_free+%3C+1", Fingerprint: "6ae3a1d0b2c4e5f7",
			}},
		},
		"publish-alerts-response": wire.AlertsResponse{RequestID: request, MessageID: "bf94b63a5dfb475994d3ac34664e24f2"},
		"send-sms-request": wire.SendSMSRequest{NewSMS: wire.NewSMSOf(smn.NewSMS{
			Endpoint: "+8615900001990", Text: "Sms message test", SignID: "94d3b63a5dfb475994d3ac34664e2346",
		})},
		"send-sms-to-many-request": wire.SendSMSRequest{
			NewSMS:    wire.NewSMS{Message: "Sms message test", SignID: "0b364890f1574045a59b7c79e4d734cd"},
			Endpoints: []string{"18676696912", "18246161627"},
		},
		"send-sms-batch-request": wire.SendSMSBatchRequest{Messages: []wire.NewSMS{
			{Endpoint: "8615900009348", Message: "Sms message test", SignID: "caf488c7ccaf4ffba0c9aa149ab2caf4"},
			{Endpoint: "8615900009348", Message: "another"},
		}},
		"send-sms-batch-response": wire.SendSMSBatchResponse{RequestID: "29bac33ba85c48418632158a9036231a", Result: []wire.SentSMS{
			{Endpoint: "18246161627", Code: "SMN.0190", Message: "This endpoint already exists."},
			{Endpoint: "18676696912", MessageID: "0f77847fe8cf47b18fba5def14d5b21e"},
		}},
		"sms-text-response": wire.SMSTextResponse{RequestID: "29bac33ba85c48418632158a9036231a", Message: "Sms message test"},
		"list-sms-response": wire.ListSMSResponse{RequestID: "ce7f2f7343224f8c9597b05a9a0bcc2e", Count: 1, Data: []wire.SMSReport{
			wire.NewSMSReport(smsReport),
		}},
		"sms-callbacks-request":  wire.NewSMSCallbacks("", []smn.SMSCallback{{Event: smn.SMSReply, TopicURN: topicURN.String()}}),
		"sms-callbacks-response": wire.NewSMSCallbacks("ce7f2f7343224f8c9597b05a9a0bcc2e", nil),
		"topic-statistics-response": wire.NewTopicStatistics("6a63a18b8bab40ffb71ebd9cb80d0085", []smn.SMSCount{
			{Hour: moment.Add(-time.Hour), SMS: 2}, {Hour: moment, SMS: 3},
		}),
		"create-application-request": wire.ApplicationRequest{
			Name: "application_name", Platform: "HMS", Principal: "appId", Credential: "appSecret",
		},
		"create-application-response": wire.CreateApplicationResponse{
			RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", ApplicationID: "b1b8643dc12b4477ad6e35a16003119b",
			ApplicationURN: "urn:smn:region01:" + project + ":app-HMS-application_name",
		},
		"list-applications-response": wire.ListApplicationsResponse{
			RequestID: "1ba562636055494980c4bc896e4a6960", ApplicationCount: 1,
			Applications: []wire.Application{wire.NewApplication(smn.Application{
				URN: app, ID: "b1b8643dc12b4477ad6e35a16003119b", Enabled: true, CreatedAt: moment, CertificateExpires: moment.Add(time.Hour),
			})},
		},
		"get-application-response": wire.GetApplicationResponse{
			RequestID: "1ba562636055494980c4bc896e4a6960", ApplicationID: "b1b8643dc12b4477ad6e35a16003119b",
			Attributes: wire.ApplicationAttributes{Enabled: true},
		},
		"create-push-endpoint-request": wire.PushEndpointRequest{Token: "3708232124742383445", UserData: "This is token for user001"},
		"create-push-endpoint-response": wire.PushEndpointResponse{
			RequestID:   "6a63a18b8bab40ffb71ebd9cb80d0085",
			EndpointURN: "urn:smn:region01:" + project + ":endpoint-APNS-example_application_name-37a2cb947fa43a20bc66e91281194e7a",
		},
		"list-push-endpoints-response": wire.ListPushEndpointsResponse{
			RequestID: "c90d871f77f7425cae0a8b772a563d17",
			Endpoints: []wire.PushEndpoint{wire.NewPushEndpoint(pushEndpoint)},
		},
		"get-push-endpoint-response": wire.GetPushEndpointResponse{
			RequestID: "c90d871f77f7425cae0a8b772a563d17", Attributes: wire.PushEndpointAttributes{Token: "1f2fda4c"},
		},
		"update-push-endpoint-request": wire.PushEndpointUpdate{Enabled: &off, UserData: &data},
		"push-request":                 wire.PushRequest{Message: `{"aps":{"alert":"hello world"}}`, TimeToLive: &hour},

		"create-topic-request":       wire.CreateTopicRequest{Name: "disk-alerts", DisplayName: "Disk"},
		"create-topic-response":      wire.CreateTopicResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", TopicURN: topicURN.String()},
		"list-topics-response":       wire.ListTopicsResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", TopicCount: 1, Topics: []wire.Topic{topic}},
		"list-topics-empty-response": wire.ListTopicsResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", Topics: []wire.Topic{}},
		"get-topic-response":         wire.GetTopicResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", Topic: topic},
		"update-topic-request":       wire.UpdateTopicRequest{DisplayName: &display},
		"update-topic-response":      wire.UpdateTopicResponse{RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085", TopicURN: topicURN.String()},
		"list-topic-attributes-response": wire.ListTopicAttributesResponse{
			RequestID: "6a63a18b8bab40ffb71ebd9cb80d0085",
			Attributes: wire.NewTopicAttributes(smn.TopicAttributes{
				Values:          map[smn.AttributeName]string{smn.AccessPolicy: policy},
				PolicyCreatedAt: moment, PolicyUpdatedAt: moment,
			}),
		},
		"list-topic-attributes-unset-response": wire.ListTopicAttributesResponse{
			RequestID:  "6a63a18b8bab40ffb71ebd9cb80d0085",
			Attributes: wire.NewTopicAttributes(smn.TopicAttributes{Values: map[smn.AttributeName]string{smn.AccessPolicy: "", smn.Introduction: ""}}),
		},
		"update-topic-attribute-request": wire.UpdateTopicAttributeRequest{Value: &policy},
		"answer":                         wire.Answer{RequestID: "6837531fd3f54550927b930180a706bf"},
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
		"publish-structure-request": wire.PublishRequest{
			Subject: "Disk", MessageStructure: `{"default":"disk full","sms":"full"}`, TimeToLive: &hour,
		},
		"publish-template-request": wire.PublishRequest{
			MessageTemplateName: "disk", Tags: map[string]string{"host": "db-1", "used": "91 %"}, Locale: "en-us",
			MessageAttributes: []wire.MessageAttribute{
				{Name: "severity", Type: smn.StringAttribute, Values: []string{"high"}},
				{Name: "team", Type: smn.StringArrayAttribute, Values: []string{"ops", "db"}},
				{Name: "smn_protocol", Type: smn.ProtocolAttribute, Values: []string{"email", "http"}},
			},
		},
		"create-template-request":       wire.CreateTemplateRequest{Name: "disk", Protocol: "sms", Content: "{host} is {used} full"},
		"create-template-response":      wire.CreateTemplateResponse{RequestID: request, TemplateID: "57ba8dcecda844878c5dd5815b65d10f"},
		"update-template-request":       wire.UpdateTemplateRequest{Content: "{host} is full"},
		"get-template-response":         wire.GetTemplateResponse{RequestID: request, Template: template, Content: "{host} is {used} full"},
		"list-templates-response":       wire.ListTemplatesResponse{RequestID: request, TemplateCount: 1, Templates: []wire.Template{template}},
		"list-templates-empty-response": wire.ListTemplatesResponse{RequestID: request, Templates: []wire.Template{}},
		"error":                         wire.Error{RequestID: "9974c07f6d554a6d827956acbeb4be5f", Code: "SMN.0006", Message: "Topic not found."},
		"gateway-error":                 wire.GatewayError{RequestID: "9974c07f6d554a6d827956acbeb4be5f", Code: "APIGW.0301", Message: "Incorrect IAM authentication information."},
		"link-error":                    wire.LinkError{Message: "Parameter: token is invalid."},
		"iam-error":                     wire.IAMError{Error: wire.IAMErrorBody{Code: 401, Message: "The user name or password is wrong.", Title: "Unauthorized"}},
		"list-versions-response":        wire.ListVersionsResponse{Versions: []wire.Version{version}},
		"get-version-response":          wire.GetVersionResponse{Version: version},
		"token-request":                 password,
		"token-response": wire.TokenResponse{Token: wire.Token{
			Methods: []string{"password"}, IssuedAt: wire.TokenTime(issued), ExpiresAt: wire.TokenTime(issued.Add(24 * time.Hour)),
			User:    wire.TokenUser{ID: "u", Name: "admin", Domain: domain},
			Project: &wire.TokenProject{ID: project, Name: "region01", Domain: &domain},
			Roles:   []wire.Named{{ID: "0", Name: "te_admin"}},
			Catalog: wire.NewCatalog("https://smn.example.com", "region01", project),
		}},
		"subscribe-chat-request": wire.SubscribeRequest{NewSubscription: wire.NewSubscription{
			Protocol: "feishu", Endpoint: "https://open.feishu.cn/open-apis/bot/v2/hook/2b5a9091",
			Extension: &wire.Extension{SignSecret: "demo"},
		}},
		"subscribe-welink-request": wire.SubscribeRequest{NewSubscription: wire.NewSubscription{
			Protocol: "welink", Endpoint: "https://open.welink.huaweicloud.com/api/werobot/v1/webhook/send?token=t&channel=standard",
			Extension: &wire.Extension{ClientID: "i", ClientSecret: "s"},
		}},
		"function-event": wire.FunctionEvent{Record: []wire.FunctionRecord{{
			EventVersion: "1.0", EventSource: "smn",
			EventSubscriptionURN: "urn:cff:regionId:66e0f4622d6f4e3fb2db2e495298a61a:function:DEFAULT:mytest:latest",
			SMN: wire.FunctionMessage{
				Subject: "Welcome", MessageID: "e6fa59c6b3e0424c9c02cbed35b680e7",
				TopicURN: "urn:smn:regionId:66e0f4622d6f4e3fb2db2e495298a61a:smn_123",
				Type:     "notification", Message: "Hello", Timestamp: "2017-08-17T10:07:14Z",
			},
		}}},
		"set-tag-request":            wire.SetTagRequest{Tag: wire.Tag{Key: "env", Value: "test"}},
		"change-tags-request":        wire.ChangeTagsRequest{Action: wire.CreateTags, Tags: []wire.Tag{{Key: "env", Value: "test"}, {Key: "team"}}},
		"list-tags-response":         wire.ListTagsResponse{Tags: wire.NewTags(tags)},
		"list-tags-empty-response":   wire.ListTagsResponse{Tags: wire.NewTags(nil)},
		"list-project-tags-response": wire.ListProjectTagsResponse{Tags: wire.NewTagValues([]smn.TagValues{{Key: "env", Values: []string{"live", "test"}}})},
		"find-resources-request": wire.FindResourcesRequest{
			Action:     wire.FilterResources,
			Tags:       wire.NewTagValues([]smn.TagValues{{Key: "env", Values: []string{"live", "test"}}}),
			NotTagsAny: wire.NewTagValues([]smn.TagValues{{Key: "team"}}),
			Matches:    wire.NewMatches([]smn.ResourceMatch{{Key: smn.MatchName, Value: "disk-alerts"}}),
			Limit:      wire.NewCount(10), Offset: wire.NewCount(20),
		},
		"find-resources-response":  wire.FindResourcesResponse{Resources: []wire.TaggedResource{wire.NewTaggedResource(tagged)}, TotalCount: 1},
		"count-resources-response": wire.CountResourcesResponse{TotalCount: 1000},
		"detect-request": wire.DetectRequest{
			Protocol: "https", Endpoint: "https://example.com/hook", Extension: &wire.Extension{Header: map[string]string{"x-team": "ops"}},
		},
		"detect-response":                     wire.DetectResponse{RequestID: request, TaskID: subscriptionURN.ID},
		"get-detection-response":              wire.NewDetection(request, detection),
		"get-detection-waiting-response":      wire.NewDetection(request, smn.Detection{Status: smn.NotDetected}),
		"created-response":                    wire.CreatedResponse{RequestID: request, ID: subscriptionURN.ID},
		"logtank-request":                     wire.LogtankRequest{LogGroupID: "group", LogStreamID: "stream"},
		"list-logtanks-response":              wire.ListLogtanksResponse{RequestID: request, Count: 1, Logtanks: wire.NewLogtanks([]smn.Logtank{logtank})},
		"update-logtank-response":             wire.UpdateLogtankResponse{RequestID: request, Logtank: wire.NewLogtank(logtank)},
		"notify-policy-request":               wire.NewPolicyRequest(newPolicy),
		"get-notify-policy-response":          wire.NewNotifyPolicy(request, notifyPolicy),
		"kms-key-request":                     wire.KMSKeyRequest{KeyID: "0d0466b0-e727-4d9c-b35d-f84bb474a37f"},
		"get-kms-key-response":                wire.GetKMSKeyResponse{RequestID: request, ID: subscriptionURN.ID, KeyID: "0d0466b0-e727-4d9c-b35d-f84bb474a37f", Status: "ENABLED"},
		"list-protocols-response":             wire.ListProtocolsResponse{RequestID: request, Protocols: wire.NewProtocols([]smn.Protocol{smn.HTTP, smn.Email})},
		"list-cloud-services-response":        wire.ListCloudServicesResponse{RequestID: request, CloudServices: wire.NewCloudServices(services)},
		"list-topics-with-resources-response": wire.ListTopicsWithResourcesResponse{RequestID: request, TopicCount: 1, Topics: []wire.TopicResources{wire.NewTopicResources(resources)}},
		"token-request-totp":                  passcode,
		"token-request-agency":                agency,
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
	maps.Copy(values, goldenSubscriptions())
	maps.Copy(values, goldenReports())
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

	t2, err := template.Template()
	require.NoError(t, err)
	require.Equal(t, template, wire.NewTemplate(t2))

	in := smn.PublishInput{
		TopicURN: topicURN.String(), Subject: "s", Structure: "{}", TemplateName: "t", Tags: map[string]string{"a": "b"}, Message: "m",
		TimeToLive: time.Minute, Attributes: []smn.MessageAttribute{{Name: "a", Type: smn.StringAttribute, Values: []string{"b"}}}, Locale: "zh-cn",
	}
	require.Equal(t, in, wire.NewPublishRequest(in).Input(in.TopicURN))
	require.Equal(t, smn.PublishInput{}, wire.NewPublishRequest(smn.PublishInput{}).Input(""))

	sub := smn.Subscription{URN: subscriptionURN, Protocol: smn.Email, Endpoint: "a@example.com", Remark: "r", Status: smn.Cancelled}
	read, err := wire.NewSubscriptionListed(sub).Subscription()
	require.NoError(t, err)
	require.Equal(t, sub, read)

	attributes := smn.TopicAttributes{
		Values:          map[smn.AttributeName]string{smn.AccessPolicy: "{}", smn.Introduction: ""},
		PolicyCreatedAt: moment, PolicyUpdatedAt: moment.Add(time.Hour),
	}
	readAttributes, err := wire.ListTopicAttributesResponse{Attributes: wire.NewTopicAttributes(attributes)}.TopicAttributes()
	require.NoError(t, err)
	require.Equal(t, attributes, readAttributes)

	n := smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://example.com/", Remark: "r", Extension: smn.Extension{Header: map[string]string{"x-a": "b"}}}
	require.Equal(t, n, wire.NewSubscriptionOf(n).Subscription())
	for _, e := range []smn.Extension{{}, {Keyword: "k"}, {SignSecret: "s"}, {ClientID: "i", ClientSecret: "s"}, {Retry: &smn.RetryPolicy{Delays: []int{}}}} {
		n.Extension = e
		require.Equal(t, n, wire.NewSubscriptionOf(n).Subscription())
	}
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

func TestFunctionAttributes(t *testing.T) {
	require.Nil(t, wire.NewFunctionAttributes(nil))
	require.Equal(t, map[string]string{"level": "high", "site": "a,b"}, wire.NewFunctionAttributes([]smn.MessageAttribute{
		{Name: "level", Type: smn.StringAttribute, Values: []string{"high"}},
		{Name: "site", Type: smn.StringArrayAttribute, Values: []string{"a", "b"}},
	}))
}

func TestTranslationsOfSMSAndPushAreInverse(t *testing.T) {
	for _, r := range []smn.SMSReport{smsReport, {MessageID: "m", AcceptedAt: moment}} {
		back, err := wire.NewSMSReport(r).SMS()
		require.NoError(t, err)
		require.Equal(t, r, back)
	}
	endpoint, err := wire.NewPushEndpoint(pushEndpoint).Endpoint()
	require.NoError(t, err)
	require.Equal(t, pushEndpoint, endpoint)
	application := smn.Application{URN: pushEndpoint.URN.Application, ID: "i", CreatedAt: moment, CertificateExpires: moment}
	read, err := wire.NewApplication(application).Application()
	require.NoError(t, err)
	require.Equal(t, application, read)
}

func TestPeriodTimes(t *testing.T) {
	for _, text := range []string{wire.Time(moment), wire.Millis(moment)} {
		read, ok := wire.ParsePeriodTime(text)
		require.True(t, ok)
		require.True(t, moment.Equal(read), text)
	}
	for _, text := range []string{"", "x", "-1", "2024-07-10", "253402300800000", "99999999999999999999"} {
		_, ok := wire.ParsePeriodTime(text)
		require.False(t, ok, text)
	}
}

func TestFlag(t *testing.T) {
	for text, want := range map[string]wire.Flag{`"true"`: true, `true`: true, `"false"`: false, `false`: false} {
		f := !want
		require.NoError(t, json.Unmarshal([]byte(text), &f), text)
		require.Equal(t, want, f)
	}
	for _, text := range []string{`""`, `1`, `"yes"`, `{}`, `"`} {
		var f wire.Flag
		require.Error(t, json.Unmarshal([]byte(text), &f), text)
	}
}
