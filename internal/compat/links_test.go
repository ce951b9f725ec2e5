package compat

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"path"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var links = scenarios{
	"ConfirmSubscription":     confirmSubscription,
	"SubscribeTopic":          subscribeTopic,
	"UnsubscribeSubscription": unsubscribeSubscription,
	"UnsubscribeTopic":        unsubscribeTopic,
	"DownloadHttpCert":        downloadHTTPCert,
	"DownloadHttpSignCert":    downloadHTTPSignCert,
	"ListVersions":            listVersions,
	"ListVersion":             listVersion,
}

// linkRefused checks a refusal of a link: a message without a code, of which the
// SDK shows the body as it is.
func linkRefused(t *testing.T, err error, status int) {
	t.Helper()
	e := failed(t, err, status)
	require.Empty(t, e.ErrorCode)
	require.Regexp(t, `^\{"message":".+"\}\s*$`, e.ErrorMessage)
}

// confirming is the scenario of both links to confirm.
func confirming(t *testing.T, s *service, confirm func(c model.ConfirmSubscriptionRequest) (status int, requestID, subscription *string, err error)) {
	topic, endpoint := s.topic(t), s.receiver.endpoint()
	subscription := s.subscribe(t, topic, "http", endpoint)
	token := s.receiver.next(t, endpoint, confirmation).token(t)
	for _, req := range []model.ConfirmSubscriptionRequest{{Token: token}, {Token: token, TopicUrn: &topic, Endpoint: &endpoint}} {
		status, requestID, confirmedURN, err := confirm(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		id(t, requestID)
		require.Equal(t, subscription, text(t, confirmedURN))
		require.EqualValues(t, confirmed, s.subscriptions(t, topic)[0].Status)
	}
	_, _, _, err := confirm(model.ConfirmSubscriptionRequest{Token: unknownID})
	linkRefused(t, err, http.StatusForbidden)
	_, err = s.CancelSubscription(&model.CancelSubscriptionRequest{SubscriptionUrn: subscription})
	require.NoError(t, err)
	_, _, _, err = confirm(model.ConfirmSubscriptionRequest{Token: token})
	linkRefused(t, err, http.StatusNotFound)
}

func confirmSubscription(t *testing.T, s *service) {
	stranger := s.stranger(t) // links ask for no key
	confirming(t, s, func(c model.ConfirmSubscriptionRequest) (int, *string, *string, error) {
		out, err := stranger.ConfirmSubscription(&c)
		if err != nil {
			return 0, nil, nil, err
		}
		return out.HttpStatusCode, out.RequestId, out.SubscriptionUrn, nil
	})
}

func subscribeTopic(t *testing.T, s *service) {
	confirming(t, s, func(c model.ConfirmSubscriptionRequest) (int, *string, *string, error) {
		out, err := s.SubscribeTopic(new(model.SubscribeTopicRequest(c)))
		if err != nil {
			return 0, nil, nil, err
		}
		return out.HttpStatusCode, out.RequestId, out.SubscriptionUrn, nil
	})
}

// unsubscribing is the scenario of both links to unsubscribe.
func unsubscribing(t *testing.T, s *service, unsubscribe func(subscription string) (status int, message *string, err error)) {
	topic := s.topic(t)
	endpoint, subscription := s.confirmed(t, topic)
	for range 2 {
		status, message, err := unsubscribe(subscription)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.NotEmpty(t, text(t, message))
		require.EqualValues(t, unsubscribed, s.subscriptions(t, topic)[0].Status)
	}
	back := s.receiver.next(t, endpoint, farewell)
	_, err := s.ConfirmSubscription(&model.ConfirmSubscriptionRequest{Token: back.token(t)})
	require.NoError(t, err)
	require.EqualValues(t, confirmed, s.subscriptions(t, topic)[0].Status, "the way back")

	_, _, err = unsubscribe(topic + ":" + unknownID)
	linkRefused(t, err, http.StatusNotFound)
	_, _, err = unsubscribe(malformed)
	linkRefused(t, err, http.StatusBadRequest)
}

func unsubscribeSubscription(t *testing.T, s *service) {
	stranger := s.stranger(t) // links ask for no key
	unsubscribing(t, s, func(subscription string) (int, *string, error) {
		out, err := stranger.UnsubscribeSubscription(&model.UnsubscribeSubscriptionRequest{SubscriptionUrn: subscription})
		if err != nil {
			return 0, nil, err
		}
		return out.HttpStatusCode, out.Message, nil
	})
}

func unsubscribeTopic(t *testing.T, s *service) {
	unsubscribing(t, s, func(subscription string) (int, *string, error) {
		out, err := s.UnsubscribeTopic(&model.UnsubscribeTopicRequest{SubscriptionUrn: subscription})
		if err != nil {
			return 0, nil, err
		}
		return out.HttpStatusCode, out.Message, nil
	})
}

// downloading is the scenario of both links to the certificate. The SDK expects
// JSON and cannot decode a PEM body: it reports an error although the service has
// answered 200. What it asked for is there; plain HTTP reads it.
func downloading(t *testing.T, s *service, folder string, download func(certificate string) error) {
	endpoint := s.receiver.endpoint()
	s.subscribe(t, s.topic(t), "http", endpoint)
	u, err := url.Parse(s.receiver.next(t, endpoint, confirmation).SigningCertURL)
	require.NoError(t, err)
	certificate := path.Base(u.Path)
	for range 2 {
		e := failed(t, download(certificate), http.StatusOK)
		require.Contains(t, e.ErrorMessage, "BEGIN CERTIFICATE")
	}

	resp, err := http.Get(s.url + folder + certificate)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NotEmpty(t, resp.Header.Get("Content-Type"))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	block, _ := pem.Decode(body)
	require.NotNil(t, block, "no PEM")
	_, err = x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)

	_ = failed(t, download("SMN_"+region+"_"+unknownID+".pem"), http.StatusNotFound)
}

func downloadHTTPCert(t *testing.T, s *service) {
	downloading(t, s, "/smn/", func(certificate string) error {
		_, err := s.DownloadHttpCert(&model.DownloadHttpCertRequest{CertificateId: certificate})
		return err
	})
}

func downloadHTTPSignCert(t *testing.T, s *service) {
	downloading(t, s, "/v2/notifications/certifications/download/", func(certificate string) error {
		_, err := s.DownloadHttpSignCert(&model.DownloadHttpSignCertRequest{CertificateId: certificate})
		return err
	})
}

// version2 is how the service describes itself.
func (s *service) version2() model.VersionItem {
	return model.VersionItem{
		Id: "v2", Status: "CURRENT", Updated: "2018-09-19T00:00:00Z",
		Links: []model.LinksItem{{Href: s.url + "/v2", Rel: "self"}},
	}
}

// Versions take no input and ask for no key, so there is nothing to refuse: an
// unknown key gets the same answer as a known one.
func listVersions(t *testing.T, s *service) {
	for range 2 {
		out, err := s.ListVersions(&model.ListVersionsRequest{})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		require.Equal(t, &[]model.VersionItem{s.version2()}, out.Versions)
	}
	out, err := s.stranger(t).ListVersions(&model.ListVersionsRequest{})
	require.NoError(t, err)
	require.Equal(t, &[]model.VersionItem{s.version2()}, out.Versions)
}

func listVersion(t *testing.T, s *service) {
	for range 2 {
		out, err := s.ListVersion(&model.ListVersionRequest{})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		require.Equal(t, new(s.version2()), out.Version)
	}
	out, err := s.stranger(t).ListVersion(&model.ListVersionRequest{})
	require.NoError(t, err)
	require.Equal(t, new(s.version2()), out.Version)
}
