package compat

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	smn "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

// What an installation has unless it is configured.
const (
	region    = "local"
	project   = "0123456789abcdef0123456789abcdef"
	domain    = "tocsin"
	user      = "admin"
	password  = "admin"
	accessKey = "LOCALACCESSKEY"
	secretKey = "LOCALSECRETKEY"
)

// service is a running tocsin, seen through Huawei Cloud's SDK.
type service struct {
	*smn.SmnClient
	url      string
	receiver *receiver
}

func launch(t *testing.T) *service {
	t.Helper()
	s := &service{url: serve(t), receiver: newReceiver(t)}
	s.SmnClient = s.client(t, accessKey)
	return s
}

// client is one of the SDK's with a key of its own and the right secret.
func (s *service) client(t *testing.T, key string) *smn.SmnClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(key).WithSk(secretKey).WithProjectId(project).SafeBuild()
	require.NoError(t, err)
	http, err := smn.SmnClientBuilder().WithEndpoint(s.url).WithCredential(credentials).SafeBuild()
	require.NoError(t, err)
	return smn.NewSmnClient(http)
}

// stranger has a key that nobody knows.
func (s *service) stranger(t *testing.T) *smn.SmnClient {
	t.Helper()
	return s.client(t, "STRANGERSKEY")
}

var lastName atomic.Int64

// newName is one that no other scenario has, nor the beginning of another. It
// fits topics, templates, applications and filter policies.
func newName() string {
	return fmt.Sprintf("compat_%04d", lastName.Add(1))
}

// urn is that of a topic in the project.
func urn(name string) string {
	return "urn:smn:" + region + ":" + project + ":" + name
}

// nowhere is the URN of a topic that does not exist.
func nowhere() string { return urn(newName()) }

const (
	malformed    = "urn:smn:" + region                                               // no URN
	foreignTopic = "urn:smn:" + region + ":ffffffffffffffffffffffffffffffff:foreign" // of another project
	unknownID    = "00000000000000000000000000000000"                                // of nothing
)

// topic creates one and gives its URN.
func (s *service) topic(t *testing.T) string {
	t.Helper()
	out, err := s.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: newName()}})
	require.NoError(t, err)
	return text(t, out.TopicUrn)
}

// details of a topic.
func (s *service) details(t *testing.T, topic string) *model.ListTopicDetailsResponse {
	t.Helper()
	out, err := s.ListTopicDetails(&model.ListTopicDetailsRequest{TopicUrn: topic})
	require.NoError(t, err)
	return out
}

// subscribe adds a subscription and gives its URN.
func (s *service) subscribe(t *testing.T, topic, protocol, endpoint string) string {
	t.Helper()
	out, err := s.AddSubscription(&model.AddSubscriptionRequest{
		TopicUrn: topic,
		Body:     &model.AddSubscriptionRequestBody{Protocol: protocol, Endpoint: endpoint},
	})
	require.NoError(t, err)
	return text(t, out.SubscriptionUrn)
}

// confirmed adds a subscription of a new endpoint of the receiver and confirms it.
func (s *service) confirmed(t *testing.T, topic string) (endpoint, subscription string) {
	t.Helper()
	endpoint = s.receiver.endpoint()
	subscription = s.subscribe(t, topic, "http", endpoint)
	token := s.receiver.next(t, endpoint, confirmation).token(t)
	_, err := s.ConfirmSubscription(&model.ConfirmSubscriptionRequest{Token: token})
	require.NoError(t, err)
	return endpoint, subscription
}

// subscriptions of a topic.
func (s *service) subscriptions(t *testing.T, topic string) []model.ListSubscriptionsItem {
	t.Helper()
	out, err := s.ListSubscriptionsByTopic(&model.ListSubscriptionsByTopicRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.NotNil(t, out.Subscriptions)
	return *out.Subscriptions
}

// publish a message and give its id.
func (s *service) publish(t *testing.T, topic string, body *model.PublishMessageRequestBody) string {
	t.Helper()
	out, err := s.PublishMessage(&model.PublishMessageRequest{TopicUrn: topic, Body: body})
	require.NoError(t, err)
	return id(t, out.MessageId)
}
