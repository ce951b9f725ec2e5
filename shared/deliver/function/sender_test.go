package function_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/function"
	"tocsin/shared/deliver/post"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const urn = "urn:cff:local:0123456789abcdef0123456789abcdef:function:default:report"

func notification(endpoint string) deliver.Delivery {
	return deliver.Delivery{
		Type:            wire.TypeNotification,
		MessageID:       "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:        "urn:smn:local:0123456789abcdef0123456789abcdef:alerts",
		SubscriptionURN: "urn:smn:local:0123456789abcdef0123456789abcdef:alerts:23cf104593284665a1f98691b1576976",
		Protocol:        smn.FunctionGraph,
		Endpoint:        endpoint,
		Subject:         "Disk",
		Text:            "90 % <full>",
		Timestamp:       time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC),
	}
}

// called starts a function and returns a sender that knows it under a URN, and
// what it was called with.
func called(t *testing.T, status int, known string) (*function.Sender, func() (path, body string)) {
	var path, body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		path, body = r.RequestURI, string(text)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	poster := post.New(post.Config{AllowPrivate: true})
	t.Cleanup(poster.Close)
	return function.New(poster, function.Addresses{known: server.URL + "/report"}), func() (string, string) { return path, body }
}

func TestEvent(t *testing.T) {
	s, call := called(t, http.StatusAccepted, urn)
	d := notification(urn)
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 202}, s.Send(t.Context(), d))
	path, body := call()
	require.Equal(t, "/report", path)
	require.JSONEq(t, `{"record":[{
		"event_version":"1.0",
		"event_source":"smn",
		"event_subscription_urn":"`+urn+`",
		"smn":{
			"message_attributes":null,
			"subject":"Disk",
			"message_id":"d84bd6629ef04513ad2e37bffd6e17cb",
			"topic_urn":"urn:smn:local:0123456789abcdef0123456789abcdef:alerts",
			"type":"notification",
			"message":"90 % <full>",
			"timestamp":"2024-07-10T09:45:00Z"
		}}]}`, body)

	d.Subject = ""
	d.Attributes = []smn.MessageAttribute{{Name: "level", Type: smn.StringAttribute, Values: []string{"high"}}}
	require.Equal(t, deliver.Delivered, s.Send(t.Context(), d).Result)
	_, body = call()
	require.Contains(t, body, `"subject":""`)
	require.Contains(t, body, `"message_attributes":{"level":"high"}`)
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		known, endpoint string
		found           bool
	}{
		{urn, urn, true},
		{urn, urn + ":latest", true},
		{urn + ":latest", urn + ":latest", true},
		{urn + ":latest", urn, false},
		{urn + ":latest", urn + ":1", false},
		{urn, urn + "2", false},
		{"urn:cff:local:0123456789abcdef0123456789abcdef:function:default", urn, false},
	} {
		s, call := called(t, http.StatusOK, c.known)
		o := s.Send(t.Context(), notification(c.endpoint))
		path, _ := call()
		require.Equal(t, c.found, path != "", "%+v", c)
		if !c.found {
			require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "no address is configured for this function"}, o)
		}
	}
}

func TestAFunctionThatFails(t *testing.T) {
	for status, want := range map[int]deliver.Result{500: deliver.Again, 429: deliver.Again, 404: deliver.Dead} {
		s, _ := called(t, status, urn)
		require.Equal(t, want, s.Send(t.Context(), notification(urn)).Result)
	}
}

func TestNotificationsOnly(t *testing.T) {
	s, call := called(t, http.StatusOK, urn)
	d := notification(urn)
	d.Type = wire.TypeConfirmation
	require.Equal(t, deliver.Dead, s.Send(t.Context(), d).Result)
	path, _ := call()
	require.Empty(t, path)
}
