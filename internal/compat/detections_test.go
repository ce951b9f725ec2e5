package compat

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var detection = scenarios{
	"PublishHttpDetect":    publishHTTPDetect,
	"ShowHttpDetectResult": showHTTPDetectResult,
}

// The states of a detection.
const (
	reachable = 0
	notYet    = 1
	unreached = 2
)

func (s *service) detect(topic, endpoint string) (*model.PublishHttpDetectResponse, error) {
	return s.PublishHttpDetect(&model.PublishHttpDetectRequest{TopicUrn: topic, Body: &model.HttpDetectRequestBody{
		Protocol:  model.GetHttpDetectRequestBodyProtocolEnum().HTTP,
		Endpoint:  endpoint,
		Extension: &model.HttpDetectRequestBodyExtension{Header: map[string]string{"x-probe": "compat"}},
	}})
}

// detected waits for the result of a detection.
func (s *service) detected(t *testing.T, topic, task string) (status int32, detail *model.GetHttpDetectResponseBodyDetail) {
	t.Helper()
	require.Eventually(t, func() bool {
		out, err := s.ShowHttpDetectResult(&model.ShowHttpDetectResultRequest{TopicUrn: topic, TaskId: task})
		if err != nil || out.Status == nil || out.Status.Value() == notYet {
			return false
		}
		status, detail = out.Status.Value(), out.Detail
		return out.HttpStatusCode == http.StatusOK && out.RequestId != nil
	}, patience, 20*time.Millisecond, "waited for the result of a detection")
	require.NotNil(t, detail)
	return status, detail
}

// probed is an endpoint that answers with a status and notes a header of what it
// was asked.
func probed(t *testing.T, status int) (endpoint string, headers chan string) {
	t.Helper()
	headers = make(chan string, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case headers <- r.Header.Get("x-probe"):
		default:
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "says the endpoint")
	}))
	t.Cleanup(server.Close)
	return server.URL, headers
}

func publishHTTPDetect(t *testing.T, s *service) {
	topic := s.topic(t)
	endpoint, headers := probed(t, http.StatusOK)
	out, err := s.detect(topic, endpoint)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	first := text(t, out.TaskId)
	require.NotEmpty(t, first)
	select {
	case header := <-headers:
		require.Equal(t, "compat", header)
	case <-time.After(patience):
		t.Fatal("the endpoint was not asked")
	}
	again, err := s.detect(topic, endpoint)
	require.NoError(t, err)
	require.NotEqual(t, first, text(t, again.TaskId))

	_, err = s.detect(topic, "https://example.com/") // of another protocol
	refused(t, err, "SMN.0012")
	_, err = s.detect(nowhere(), endpoint)
	refused(t, err, "SMN.0006")
}

func showHTTPDetectResult(t *testing.T, s *service) {
	topic := s.topic(t)
	start := func(endpoint string) string {
		t.Helper()
		out, err := s.detect(topic, endpoint)
		require.NoError(t, err)
		return text(t, out.TaskId)
	}
	good, _ := probed(t, http.StatusOK)
	task := start(good)
	for range 2 {
		status, detail := s.detected(t, topic, task)
		require.EqualValues(t, reachable, status)
		require.EqualValues(t, http.StatusOK, detail.HttpCode)
		require.NotEmpty(t, detail.HttpResponse)
		require.NotContains(t, detail.HttpResponse, "says the endpoint", "a fixed text for success")
	}
	bad, _ := probed(t, http.StatusTeapot)
	status, detail := s.detected(t, topic, start(bad))
	require.EqualValues(t, unreached, status)
	require.EqualValues(t, http.StatusTeapot, detail.HttpCode)
	require.Equal(t, "says the endpoint", detail.HttpResponse)

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	status, detail = s.detected(t, topic, start(gone.URL))
	require.EqualValues(t, unreached, status)
	require.EqualValues(t, -1, detail.HttpCode)

	_, err := s.ShowHttpDetectResult(&model.ShowHttpDetectResultRequest{TopicUrn: topic, TaskId: unknownID})
	undocumented(t, err, http.StatusNotFound)
	_, err = s.ShowHttpDetectResult(&model.ShowHttpDetectResultRequest{TopicUrn: nowhere(), TaskId: task})
	refused(t, err, "SMN.0006")
}
