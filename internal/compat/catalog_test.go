package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

// lists are the same for everybody, and still ask for a key.
var lists = scenarios{
	"ListProtocols":     listProtocols,
	"ListCloudService":  listCloudService,
	"ListCloudServices": listCloudServices,
}

func listProtocols(t *testing.T, s *service) {
	for range 2 {
		out, err := s.ListProtocols(&model.ListProtocolsRequest{})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.Protocols)
		require.Subset(t, *out.Protocols, []string{"http", "https", "email", "sms"})
	}
	_, err := s.stranger(t).ListProtocols(&model.ListProtocolsRequest{})
	refused(t, err, "APIGW.0301")
}

// named checks cloud services: each has a name and one for people.
func named(t *testing.T, services *[]model.ListCloudServiceResponseItemInfo) {
	t.Helper()
	require.NotNil(t, services, "a list is never null")
	for _, service := range *services {
		require.NotEmpty(t, service.Name)
		require.NotEmpty(t, service.ShowName)
	}
}

func listCloudService(t *testing.T, s *service) {
	for range 2 {
		out, err := s.ListCloudService(&model.ListCloudServiceRequest{})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		named(t, out.CloudServices)
	}
	_, err := s.stranger(t).ListCloudService(&model.ListCloudServiceRequest{})
	refused(t, err, "APIGW.0301")
}

func listCloudServices(t *testing.T, s *service) {
	older, err := s.ListCloudService(&model.ListCloudServiceRequest{})
	require.NoError(t, err)
	for range 2 {
		out, err := s.ListCloudServices(&model.ListCloudServicesRequest{})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		named(t, out.CloudServices)
		require.Equal(t, older.CloudServices, out.CloudServices)
	}
	_, err = s.stranger(t).ListCloudServices(&model.ListCloudServicesRequest{})
	refused(t, err, "APIGW.0301")
}
