package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// seen notes the last answer that came through.
type seen struct{ last *http.Response }

func (s *seen) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	resp, err = http.DefaultTransport.RoundTrip(r)
	s.last = resp
	return resp, err
}

// Beyond the backlog publishing answers 503 and when to come again; the rest of
// the service goes on.
func TestBacklog(t *testing.T) {
	t.Setenv("TOCSIN_MAX_BACKLOG", "2")
	s := parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings
	h, err := openHouse(t.Context(), s, slog.New(slog.DiscardHandler)) // nobody delivers
	require.NoError(t, err)
	defer func() { require.NoError(t, h.close()) }()
	server := httptest.NewServer(h.server.Handler)
	defer server.Close()
	var answers seen
	c, err := client.New(client.Config{
		Endpoint: server.URL, Transport: &answers,
		Credential: client.AccessKey{Access: s.AccessKey, Secret: s.SecretKey, Project: s.ProjectID},
	})
	require.NoError(t, err)
	topic, err := c.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "alerts"})
	require.NoError(t, err)
	_, err = c.Subscribe(t.Context(), smn.SubscribeInput{TopicURN: topic.URN, NewSubscription: smn.NewSubscription{
		Protocol: smn.FunctionGraph, Endpoint: "urn:cff:local:" + s.ProjectID + ":function:default:report", // it needs no confirmation
	}})
	require.NoError(t, err)
	publish := func() error {
		_, err := c.Publish(t.Context(), smn.PublishInput{TopicURN: topic.URN, Message: "m"})
		return err
	}
	require.NoError(t, publish())
	require.NoError(t, publish())
	for name, call := range map[string]func() error{
		"publish": publish,
		"SMS": func() error {
			_, err := c.SendSMS(t.Context(), smn.NewSMS{Endpoint: "+4915112345678", Text: "m"})
			return err
		},
	} {
		var answer *client.Answer
		require.ErrorAs(t, call(), &answer, name)
		require.Equal(t, http.StatusServiceUnavailable, answer.Status)
		require.Equal(t, "SMN.0018", answer.Code)
		require.NotEmpty(t, answers.last.Header.Get("Retry-After"))
	}
	_, err = c.Subscribe(t.Context(), smn.SubscribeInput{TopicURN: topic.URN, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}})
	require.NoError(t, err)
	_, err = c.GetTopic(t.Context(), smn.TopicInput{TopicURN: topic.URN})
	require.NoError(t, err)

	s.MaxBacklog = -1
	require.ErrorContains(t, s.complete(h.listener.Addr()), "TOCSIN_MAX_BACKLOG")
}
