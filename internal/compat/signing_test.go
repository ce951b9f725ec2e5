package compat

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/httphandler"
	sdkregion "github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	smn "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

// noting gives a configuration that counts requests whose Authorization begins
// with a text.
func noting(begin string) (*config.HttpConfig, *atomic.Int64) {
	var seen atomic.Int64
	return config.DefaultHttpConfig().WithHttpHandler(httphandler.NewHttpHandler().AddRequestHandler(func(r http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), begin) {
			seen.Add(1)
		}
	})), &seen
}

// The SDK can derive a key for a day, a region and a service from the secret one,
// and sign with that.
func TestDerivedSigning(t *testing.T) {
	s := launch(t)
	client := func(key string) (*smn.SmnClient, *atomic.Int64) {
		credentials, err := basic.NewCredentialsBuilder().WithAk(key).WithSk(secretKey).WithProjectId(project).
			WithDerivedPredicate(basic.DefaultDerivedPredicate).SafeBuild()
		require.NoError(t, err)
		noted, seen := noting("V11-HMAC-SHA256 Credential=" + key + "/")
		http, err := smn.SmnClientBuilder().WithRegion(sdkregion.NewRegion(region, s.url)).WithDerivedAuthServiceName("smn").
			WithCredential(credentials).WithHttpConfig(noted).SafeBuild()
		require.NoError(t, err)
		return smn.NewSmnClient(http), seen
	}
	derived, seen := client(accessKey)
	created, err := derived.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: newName()}})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, created.HttpStatusCode)
	out, err := derived.ListTopicDetails(&model.ListTopicDetailsRequest{TopicUrn: text(t, created.TopicUrn)})
	require.NoError(t, err)
	require.Equal(t, created.TopicUrn, out.TopicUrn)
	require.EqualValues(t, 2, seen.Load(), "signed with a derived key")

	stranger, _ := client("STRANGERSKEY")
	_, err = stranger.ListTopics(&model.ListTopicsRequest{})
	refused(t, err, "APIGW.0301")
}

// Without a project the SDK asks for the one that is named like the region.
func TestProjectOfRegion(t *testing.T) {
	s := launch(t)
	client := func(key, name string) (*smn.SmnClient, error) {
		credentials, err := basic.NewCredentialsBuilder().WithAk(key).WithSk(secretKey).WithIamEndpointOverride(s.url).SafeBuild()
		require.NoError(t, err)
		http, err := smn.SmnClientBuilder().WithRegion(sdkregion.NewRegion(name, s.url)).WithCredential(credentials).SafeBuild()
		return smn.NewSmnClient(http), err
	}
	for range 2 {
		c, err := client(accessKey, region)
		require.NoError(t, err)
		out, err := c.CreateTopic(&model.CreateTopicRequest{Body: &model.CreateTopicRequestBody{Name: "region"}})
		require.NoError(t, err)
		require.Equal(t, urn("region"), text(t, out.TopicUrn))
	}
	_, err := client(accessKey, "nowhere")
	require.ErrorContains(t, err, "confirm that the project exists in your account")
	_, err = client("STRANGERSKEY", region)
	require.ErrorContains(t, err, "failed to get project id of region 'local'")
}
