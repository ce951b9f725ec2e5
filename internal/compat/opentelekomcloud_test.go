package compat

import (
	"net/http"
	"strings"
	"testing"

	golangsdk "github.com/opentelekomcloud/gophertelekomcloud"
	"github.com/opentelekomcloud/gophertelekomcloud/openstack"
	otctags "github.com/opentelekomcloud/gophertelekomcloud/openstack/common/tags"
	otcsubscriptions "github.com/opentelekomcloud/gophertelekomcloud/openstack/smn/v2/subscriptions"
	"github.com/opentelekomcloud/gophertelekomcloud/openstack/smn/v2/topicattributes"
	otctopics "github.com/opentelekomcloud/gophertelekomcloud/openstack/smn/v2/topics"
	"github.com/stretchr/testify/require"
)

// TestOpenTelekomCloud drives the SDK under the terraform provider of Open
// Telekom Cloud, with both ways that it logs in.
func TestOpenTelekomCloud(t *testing.T) {
	url := serve(t)
	for name, options := range map[string]golangsdk.AuthOptionsProvider{
		"Password": golangsdk.AuthOptions{
			IdentityEndpoint: url + "/v3", Username: user, Password: password, DomainName: domain, TenantName: region,
		},
		"AccessKey": golangsdk.AKSKAuthOptions{
			IdentityEndpoint: url + "/v3", AccessKey: accessKey, SecretKey: secretKey, Region: region, ProjectName: region, Domain: domain,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider, err := openstack.AuthenticatedClient(options)
			require.NoError(t, err)
			require.Equal(t, project, provider.ProjectID)
			client, err := openstack.NewSMNV2(provider, golangsdk.EndpointOpts{Region: region})
			require.NoError(t, err)
			tagsClient, err := openstack.NewSMNV2Tags(provider, golangsdk.EndpointOpts{Region: region})
			require.NoError(t, err)
			tagsClient.MoreHeaders = map[string]string{"X-SMN-RESOURCEID-TYPE": "name"}
			walk(t, client, tagsClient)
		})
	}
	t.Run("Stranger", func(t *testing.T) {
		t.Parallel()
		_, err := openstack.AuthenticatedClient(golangsdk.AuthOptions{
			IdentityEndpoint: url + "/v3", Username: user, Password: "wrong", DomainName: domain, TenantName: region,
		})
		require.ErrorAs(t, err, new(golangsdk.ErrDefault401))
	})
}

// walk goes the provider's ways with topics, tags, attributes and subscriptions.
func walk(t *testing.T, client, tagsClient *golangsdk.ServiceClient) {
	name := newName()
	created, err := otctopics.Create(client, otctopics.CreateOps{Name: name}).Extract()
	require.NoError(t, err)
	require.Equal(t, urn(name), created.TopicUrn)
	id(t, &created.RequestId)

	t.Run("Topic", func(t *testing.T) {
		topic, err := otctopics.Get(client, created.TopicUrn).ExtractGet()
		require.NoError(t, err)
		require.Equal(t, name, topic.Name)
		require.Empty(t, topic.DisplayName)
		moment(t, topic.CreateTime)
		all, err := otctopics.List(client).Extract()
		require.NoError(t, err)
		require.Contains(t, all, *topic)
	})
	t.Run("Update", func(t *testing.T) {
		_, err := otctopics.Update(client, otctopics.UpdateOps{DisplayName: "shown"}, created.TopicUrn).Extract()
		require.NoError(t, err)
		_, err = otctopics.Update(client, otctopics.UpdateOps{}, created.TopicUrn).Extract()
		require.NoError(t, err, "only the tags have changed: the body is {}")
		topic, err := otctopics.Get(client, created.TopicUrn).ExtractGet()
		require.NoError(t, err)
		require.Equal(t, "shown", topic.DisplayName)
	})
	t.Run("Tags", func(t *testing.T) {
		team, env := otctags.ResourceTag{Key: "team", Value: "ops"}, otctags.ResourceTag{Key: "env", Value: "prod"}
		require.NoError(t, otctags.Create(tagsClient, topicType, name, []otctags.ResourceTag{team, env}).ExtractErr())
		all, err := otctags.Get(tagsClient, topicType, name).Extract()
		require.NoError(t, err)
		require.ElementsMatch(t, []otctags.ResourceTag{team, env}, all)
		require.NoError(t, otctags.Delete(tagsClient, topicType, name, []otctags.ResourceTag{env}).ExtractErr())
		all, err = otctags.Get(tagsClient, topicType, name).Extract()
		require.NoError(t, err)
		require.Equal(t, []otctags.ResourceTag{team}, all)
		listed, err := otctags.List(tagsClient, topicType).Extract()
		require.NoError(t, err)
		require.NotEmpty(t, listed)
	})
	t.Run("Attributes", func(t *testing.T) {
		value := func() string {
			t.Helper()
			all, err := topicattributes.List(client, created.TopicUrn, topicattributes.ListOpts{Name: accessPolicy}).Extract()
			require.NoError(t, err)
			require.Contains(t, all, accessPolicy)
			return all[accessPolicy]
		}
		require.Empty(t, value())
		wanted := strings.Replace(policy(created.TopicUrn), "obs", "OBS", 1) // as terraform's example has it
		opts := topicattributes.UpdateOpts{Value: wanted}
		require.NoError(t, topicattributes.Update(client, created.TopicUrn, accessPolicy, opts).ExtractErr())
		require.Equal(t, wanted, value(), "byte for byte")
		require.NoError(t, topicattributes.Delete(client, created.TopicUrn, accessPolicy).ExtractErr())
		require.Empty(t, value())
		all, err := topicattributes.List(client, created.TopicUrn, nil).Extract()
		require.NoError(t, err, "texts and nothing else")
		require.Contains(t, all, introduction)
	})
	t.Run("Subscriptions", func(t *testing.T) {
		added, err := otcsubscriptions.Create(client, otcsubscriptions.CreateOpts{
			Protocol: "email", Endpoint: "ops@example.com", Remark: "on call",
		}, created.TopicUrn).Extract()
		require.NoError(t, err)
		want := otcsubscriptions.SubscriptionGet{
			TopicUrn: created.TopicUrn, SubscriptionUrn: added.SubscriptionUrn, Owner: project,
			Protocol: "email", Endpoint: "ops@example.com", Remark: "on call",
		}
		all, err := otcsubscriptions.List(client).Extract()
		require.NoError(t, err)
		require.Contains(t, all, want)
		ofTopic, err := otcsubscriptions.ListFromTopic(client, created.TopicUrn).Extract()
		require.NoError(t, err)
		require.Equal(t, []otcsubscriptions.SubscriptionGet{want}, ofTopic)
		require.NoError(t, otcsubscriptions.Delete(client, added.SubscriptionUrn).ExtractErr())
		require.ErrorAs(t, otcsubscriptions.Delete(client, added.SubscriptionUrn).ExtractErr(), new(golangsdk.ErrDefault404))
	})

	require.NoError(t, otctopics.Delete(client, created.TopicUrn).ExtractErr())
	_, err = otctopics.Get(client, created.TopicUrn).ExtractGet()
	var missing golangsdk.ErrDefault404
	require.ErrorAs(t, err, &missing)
	require.Equal(t, http.StatusNotFound, missing.Actual)
	require.Contains(t, string(missing.Body), `"SMN.0006"`)
}
