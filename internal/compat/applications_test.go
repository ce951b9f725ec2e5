package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var applications = scenarios{
	"CreateApplication":         createApplication,
	"ListApplications":          listApplications,
	"ListApplicationAttributes": listApplicationAttributes,
	"UpdateApplication":         updateApplication,
	"DeleteApplication":         deleteApplication,
}

var applicationEndpoints = scenarios{
	"CreateApplicationEndpoint":         createApplicationEndpoint,
	"ListApplicationEndpoints":          listApplicationEndpoints,
	"ListApplicationEndpointAttributes": listApplicationEndpointAttributes,
	"UpdateApplicationEndpoint":         updateApplicationEndpoint,
	"DeleteApplicationEndpoint":         deleteApplicationEndpoint,
	"PublishAppMessage":                 publishAppMessage,
}

// What HMS gives a developer: an id of at most 20 letters and digits, and a
// secret of 32 to 64.
const (
	hms       = "HMS"
	appID     = "100000001"
	appSecret = "0123456789abcdefghijklmnopqrstuv"
)

func (s *service) createApplication(name, platform string) (*model.CreateApplicationResponse, error) {
	return s.CreateApplication(&model.CreateApplicationRequest{Body: &model.CreateApplicationRequestBody{
		Name: name, Platform: platform, PlatformPrincipal: appID, PlatformCredential: appSecret,
	}})
}

// application creates one and gives its URN.
func (s *service) application(t *testing.T) string {
	t.Helper()
	out, err := s.createApplication(newName(), hms)
	require.NoError(t, err)
	return text(t, out.ApplicationUrn)
}

// removedApplication is the URN of one that is gone.
func (s *service) removedApplication(t *testing.T) string {
	t.Helper()
	application := s.application(t)
	_, err := s.DeleteApplication(&model.DeleteApplicationRequest{ApplicationUrn: application})
	require.NoError(t, err)
	return application
}

func createApplication(t *testing.T, s *service) {
	out, err := s.createApplication(newName(), hms)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Contains(t, text(t, out.ApplicationUrn), project)
	require.NotEmpty(t, text(t, out.ApplicationId))

	second, err := s.createApplication(newName(), hms)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, second.HttpStatusCode)
	require.NotEqual(t, out.ApplicationUrn, second.ApplicationUrn)
	require.NotEqual(t, out.ApplicationId, second.ApplicationId)

	_, err = s.createApplication(newName(), "PIGEON")
	refused(t, err, "SMN.0116")
	_, err = s.createApplication("not-a-name", hms)
	refused(t, err, "SMN.0115")
}

func listApplications(t *testing.T, s *service) {
	name := newName()
	created, err := s.createApplication(name, hms)
	require.NoError(t, err)
	for range 2 {
		out, err := s.ListApplications(&model.ListApplicationsRequest{Name: &name, Platform: new(hms)})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.ApplicationCount)
		require.GreaterOrEqual(t, *out.ApplicationCount, int32(1))
		require.NotNil(t, out.Applications)
		require.Len(t, *out.Applications, 1)
		item := (*out.Applications)[0]
		require.Equal(t, name, item.Name)
		require.Equal(t, hms, item.Platform)
		require.Equal(t, text(t, created.ApplicationUrn), item.ApplicationUrn)
		require.Equal(t, text(t, created.ApplicationId), item.ApplicationId)
		require.Equal(t, "true", item.Enabled, "a text, no boolean")
		moment(t, item.CreateTime)
	}
	for _, req := range []model.ListApplicationsRequest{{Name: &name, Offset: new(int32(1))}, {Name: &name, Platform: new("APNS")}} {
		none, err := s.ListApplications(&req)
		require.NoError(t, err)
		require.NotNil(t, none.Applications, "a list is never null")
		require.Empty(t, *none.Applications)
	}
	_, err = s.ListApplications(&model.ListApplicationsRequest{Limit: new(int32(101))})
	refused(t, err, "SMN.0015")
}

func listApplicationAttributes(t *testing.T, s *service) {
	created, err := s.createApplication(newName(), hms)
	require.NoError(t, err)
	for range 2 {
		out, err := s.ListApplicationAttributes(&model.ListApplicationAttributesRequest{ApplicationUrn: text(t, created.ApplicationUrn)})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, text(t, created.ApplicationId), text(t, out.ApplicationId))
		require.NotNil(t, out.Attributes)
		require.Equal(t, "true", out.Attributes.Enabled)
	}
	_, err = s.ListApplicationAttributes(&model.ListApplicationAttributesRequest{ApplicationUrn: s.removedApplication(t)})
	refused(t, err, "SMN.0130")
}

func updateApplication(t *testing.T, s *service) {
	application := s.application(t)
	update := func(application, principal string) (*model.UpdateApplicationResponse, error) {
		return s.UpdateApplication(&model.UpdateApplicationRequest{ApplicationUrn: application, Body: &model.UpdateApplicationRequestBody{
			PlatformPrincipal: principal, PlatformCredential: appSecret + "wxyz",
		}})
	}
	for range 2 {
		out, err := update(application, "100000002")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
	}
	_, err := update(application, "not an id")
	refused(t, err, "SMN.0119")
	_, err = update(s.removedApplication(t), "100000002")
	refused(t, err, "SMN.0130")
}

func deleteApplication(t *testing.T, s *service) {
	application := s.application(t)
	out, err := s.DeleteApplication(&model.DeleteApplicationRequest{ApplicationUrn: application})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	_, err = s.DeleteApplication(&model.DeleteApplicationRequest{ApplicationUrn: application})
	refused(t, err, "SMN.0130")
}

func (s *service) createAppEndpoint(application, token string) (*model.CreateApplicationEndpointResponse, error) {
	return s.CreateApplicationEndpoint(&model.CreateApplicationEndpointRequest{
		ApplicationUrn: application,
		Body:           &model.CreateApplicationEndpointRequestBody{Token: token, UserData: "data of " + token},
	})
}

// appEndpoint creates one and gives its URN.
func (s *service) appEndpoint(t *testing.T, application, token string) string {
	t.Helper()
	out, err := s.createAppEndpoint(application, token)
	require.NoError(t, err)
	return text(t, out.EndpointUrn)
}

// removedAppEndpoint is the URN of one that is gone.
func (s *service) removedAppEndpoint(t *testing.T) string {
	t.Helper()
	endpoint := s.appEndpoint(t, s.application(t), "device1")
	_, err := s.DeleteApplicationEndpoint(&model.DeleteApplicationEndpointRequest{EndpointUrn: endpoint})
	require.NoError(t, err)
	return endpoint
}

func (s *service) appEndpoints(t *testing.T, req model.ListApplicationEndpointsRequest) (endpoints []model.ApplicationEndpoint, more bool) {
	t.Helper()
	out, err := s.ListApplicationEndpoints(&req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.NotNil(t, out.NextPageFlag)
	require.NotNil(t, out.Endpoints, "a list is never null")
	return *out.Endpoints, *out.NextPageFlag
}

func createApplicationEndpoint(t *testing.T, s *service) {
	application := s.application(t)
	out, err := s.createAppEndpoint(application, "device1")
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Contains(t, text(t, out.EndpointUrn), project)

	again, err := s.createAppEndpoint(application, "device1")
	require.NoError(t, err, "what exists is no error")
	require.Contains(t, []int{http.StatusOK, http.StatusCreated}, again.HttpStatusCode)
	all, _ := s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application})
	require.Len(t, all, 1)

	_, err = s.createAppEndpoint(application, "")
	refused(t, err, "SMN.0131")
	_, err = s.createAppEndpoint(s.removedApplication(t), "device1")
	refused(t, err, "SMN.0130")
}

func listApplicationEndpoints(t *testing.T, s *service) {
	application := s.application(t)
	all, more := s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application})
	require.Empty(t, all)
	require.False(t, more)
	urns := []string{s.appEndpoint(t, application, "device1"), s.appEndpoint(t, application, "device2")}
	for range 2 {
		all, more = s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application})
		require.False(t, more)
		require.Len(t, all, 2)
		for _, item := range all {
			require.Contains(t, urns, item.EndpointUrn)
			require.Equal(t, "data of "+item.Token, item.UserData)
			require.Equal(t, "true", item.Enabled, "a text, no boolean")
			moment(t, item.CreateTime)
		}
	}
	all, more = s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application, Limit: new(int32(1))})
	require.Len(t, all, 1)
	require.True(t, more)
	all, _ = s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application, Token: new("device2"), Enabled: new("true")})
	require.Len(t, all, 1)
	require.Equal(t, "device2", all[0].Token)
	all, _ = s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application, Enabled: new("false")})
	require.Empty(t, all)

	_, err := s.ListApplicationEndpoints(&model.ListApplicationEndpointsRequest{ApplicationUrn: application, Limit: new(int32(101))})
	refused(t, err, "SMN.0015")
	_, err = s.ListApplicationEndpoints(&model.ListApplicationEndpointsRequest{ApplicationUrn: s.removedApplication(t)})
	refused(t, err, "SMN.0130")
}

func (s *service) appEndpointAttributes(t *testing.T, endpoint string) model.ListApplicationEndpointAttributesResponseBodyAttributes {
	t.Helper()
	out, err := s.ListApplicationEndpointAttributes(&model.ListApplicationEndpointAttributesRequest{EndpointUrn: endpoint})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.NotNil(t, out.Attributes)
	return *out.Attributes
}

func listApplicationEndpointAttributes(t *testing.T, s *service) {
	endpoint := s.appEndpoint(t, s.application(t), "device1")
	for range 2 {
		require.Equal(t, model.ListApplicationEndpointAttributesResponseBodyAttributes{
			Enabled: "true", Token: "device1", UserData: "data of device1",
		}, s.appEndpointAttributes(t, endpoint))
	}
	_, err := s.ListApplicationEndpointAttributes(&model.ListApplicationEndpointAttributesRequest{EndpointUrn: s.removedAppEndpoint(t)})
	refused(t, err, "SMN.0125")
}

func updateApplicationEndpoint(t *testing.T, s *service) {
	endpoint := s.appEndpoint(t, s.application(t), "device1")
	update := func(endpoint, enabled string) (*model.UpdateApplicationEndpointResponse, error) {
		return s.UpdateApplicationEndpoint(&model.UpdateApplicationEndpointRequest{
			EndpointUrn: endpoint, Body: &model.UpdateApplicationEndpointRequestBody{Enabled: &enabled, UserData: new("new data")},
		})
	}
	for range 2 {
		out, err := update(endpoint, "false")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, model.ListApplicationEndpointAttributesResponseBodyAttributes{
			Enabled: "false", Token: "device1", UserData: "new data",
		}, s.appEndpointAttributes(t, endpoint))
	}
	_, err := update(endpoint, "perhaps")
	refused(t, err, "SMN.0136")
	_, err = update(s.removedAppEndpoint(t), "true")
	refused(t, err, "SMN.0125")
}

func deleteApplicationEndpoint(t *testing.T, s *service) {
	application := s.application(t)
	endpoint := s.appEndpoint(t, application, "device1")
	out, err := s.DeleteApplicationEndpoint(&model.DeleteApplicationEndpointRequest{EndpointUrn: endpoint})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	all, _ := s.appEndpoints(t, model.ListApplicationEndpointsRequest{ApplicationUrn: application})
	require.Empty(t, all)
	_, err = s.DeleteApplicationEndpoint(&model.DeleteApplicationEndpointRequest{EndpointUrn: endpoint})
	refused(t, err, "SMN.0125")
}

func publishAppMessage(t *testing.T, s *service) {
	endpoint := s.appEndpoint(t, s.application(t), "device1")
	const message = `{"hps":{"msg":{"type":1,"body":{"key":"value"}}}}`
	publish := func(endpoint string, body model.PublishAppMessageRequestBody) (*model.PublishAppMessageResponse, error) {
		return s.PublishAppMessage(&model.PublishAppMessageRequest{EndpointUrn: endpoint, Body: &body})
	}
	seen := map[string]bool{}
	for _, body := range []model.PublishAppMessageRequestBody{
		{Message: new(message), TimeToLive: new("3600")},
		{Message: new(message), TimeToLive: new("3600")},
		{MessageStructure: new(`{"HMS":` + message + `}`)},
	} {
		out, err := publish(endpoint, body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		seen[id(t, out.MessageId)] = true
	}
	require.Len(t, seen, 3, "each message has an id of its own")

	_, err := publish(s.removedAppEndpoint(t), model.PublishAppMessageRequestBody{Message: new(message)})
	refused(t, err, "SMN.0125")
}
