package smntest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// detected waits until a detection has run.
func (s *suite) detected(t *testing.T, in smn.DetectInput) smn.Detection {
	t.Helper()
	id, err := s.owner.Detect(s.owner.ctx, in)
	require.NoError(t, err)
	require.True(t, smn.IsID(id))
	var d smn.Detection
	require.Eventually(t, func() bool {
		d, err = s.owner.GetDetection(s.owner.ctx, smn.AttachmentInput{TopicURN: in.TopicURN, ID: id})
		require.NoError(t, err)
		return d.Status != smn.NotDetected
	}, patience, 10*time.Millisecond)
	return d
}

func detect(t *testing.T, s *suite) {
	topic, e := s.topic(t, "topic"), newEndpoint(t)
	d := s.detected(t, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: e.url, Header: map[string]string{"x-team": "ops"}})
	require.Equal(t, smn.Reachable, d.Status)
	require.Equal(t, http.StatusOK, d.Code)
	require.NotEmpty(t, d.Text)
	m := e.next(t, wire.TypeNotification)
	require.Equal(t, topic, m.TopicURN)
	require.True(t, smn.IsID(m.MessageID))
	require.NotEmpty(t, m.Signature)
	require.Equal(t, "ops", m.header.Get("X-Team"))
	require.Empty(t, m.header.Get(wire.HeaderSubscriptionURN))
	require.NotContains(t, m.fields, "unsubscribe_url")
}

func detectUnreachable(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	answer := strings.Repeat("ü", 10_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(answer))
	}))
	d := s.detected(t, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: server.URL})
	require.Equal(t, smn.Unreachable, d.Status)
	require.Equal(t, http.StatusTeapot, d.Code)
	require.Equal(t, answer[:smn.MaxDetectionAnswer], d.Text)
	server.Close()
	d = s.detected(t, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: server.URL})
	require.Equal(t, smn.Unreachable, d.Status)
	require.Equal(t, smn.DetectedSilence, d.Code)
	require.NotEmpty(t, d.Text)
}

func detectRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, c := range []struct {
		code smn.Code
		in   smn.DetectInput
	}{
		{smn.InvalidTopicURN, smn.DetectInput{TopicURN: "x", Protocol: smn.HTTP, Endpoint: "http://example.com/"}},
		{smn.TopicNotFound, smn.DetectInput{TopicURN: s.urn(Owner.Project, "missing"), Protocol: smn.HTTP, Endpoint: "http://example.com/"}},
		{smn.Forbidden, smn.DetectInput{TopicURN: s.urn(Stranger.Project, "topic"), Protocol: smn.HTTP, Endpoint: "http://example.com/"}},
		{smn.InvalidProtocol, smn.DetectInput{TopicURN: topic, Endpoint: "http://example.com/"}},
		{smn.InvalidProtocol, smn.DetectInput{TopicURN: topic, Protocol: smn.Email, Endpoint: "a@example.com"}},
		{smn.InvalidEndpoint, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP}},
		{smn.InvalidEndpoint, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTPS, Endpoint: "http://example.com/"}},
		{smn.InvalidSubscription, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: "http://example.com/", Header: map[string]string{"host": "x"}}},
		{smn.InvalidSubscription, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: "http://example.com/", Header: map[string]string{"x-a": "b\r\nc"}}},
	} {
		_, err := s.owner.Detect(s.owner.ctx, c.in)
		requireCode(t, c.code, err, c.in)
	}
	for _, id := range []string{"x", "../topics", smn.NewID()} {
		_, err := s.owner.GetDetection(s.owner.ctx, smn.AttachmentInput{TopicURN: topic, ID: id})
		requireCode(t, smn.ResourceNotFound, err, id)
	}
}
