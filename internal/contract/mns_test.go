package contract

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/iam"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/lambdaapp/mnsdoor"
	"tocsin/shared/mns"
	"tocsin/shared/smn/smntest"
)

// TestMNS: the door of MNS opens on any store, and behind any gateway.
func TestMNS(t *testing.T) {
	atOnce := func(h http.Handler) http.RoundTripper { return direct{h} }
	behind := func(encode encoder) func(http.Handler) http.RoundTripper {
		return func(h http.Handler) http.RoundTripper {
			g := &gateway{encode: encode, routes: http.NewServeMux(), functions: map[string]func(context.Context, json.RawMessage) (any, error){"/": lambdaapp.Handler(h)}}
			g.routes.Handle("/", h)
			return g
		}
	}
	t.Run("embedded", func(t *testing.T) { walkMNS(t, install(t).broker, atOnce) })
	t.Run("v1", func(t *testing.T) { walkMNS(t, install(t).broker, behind(encodeV1)) })
	t.Run("v2", func(t *testing.T) { walkMNS(t, install(t).broker, behind(encodeV2)) })
	t.Run("on AWS", func(t *testing.T) { walkMNS(t, installOnAWS(t).broker, atOnce) })
}

// direct hands requests to a handler.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.RequestURI = r.URL.RequestURI()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// walkMNS asks for every operation of MNS, for what is there and what is not.
func walkMNS(t *testing.T, b *broker.Broker, through func(http.Handler) http.RoundTripper) {
	t.Helper()
	keys, err := iam.New(iam.Config{TokenKey: make([]byte, 32), Users: []iam.User{users[smntest.Owner.Project]}})
	require.NoError(t, err)
	accepted := 0
	h, err := mnsdoor.Open(lambdaapp.Inside{Service: b, Identity: keys, Region: region, Accepted: func() { accepted++ }})
	require.NoError(t, err)
	way := through(h)
	call := func(method, target, body string, header ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com"+target, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		r.Header.Set("X-Mns-Version", mns.Version)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		r.Header.Set("Authorization", "MNS AKowner:"+mns.Sign("SKowner", mns.StringToSign(method, mns.Fields(r.Header), target)))
		resp, err := way.RoundTrip(r)
		require.NoError(t, err)
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode, string(answer)
	}
	const (
		topic        = "<Topic/>"
		other        = "<Topic><LoggingEnabled>True</LoggingEnabled></Topic>"
		subscription = "<Subscription><Endpoint>http://127.0.0.1:9</Endpoint></Subscription>"
		tagged       = "<Subscription><FilterTag>red</FilterTag><Endpoint>http://127.0.0.1:9</Endpoint></Subscription>"
		message      = "<Message><MessageBody>I am test message 0.</MessageBody><MessageTag>red</MessageTag></Message>"
	)
	for _, step := range []struct {
		method, target, body string
		status               int
		part                 string // of the answer
	}{
		{"PUT", "/topics/a/subscriptions/s", subscription, 404, "TopicNotExist"},
		{"POST", "/topics/a/messages", message, 404, "TopicNotExist"},
		{"PUT", "/topics/a?metaoverride=true", other, 404, "TopicNotExist"},
		{"GET", "/topics/a", "", 404, "TopicNotExist"},
		{"DELETE", "/topics/a", "", 204, ""},
		{"PUT", "/topics/a", topic, 201, ""},
		{"PUT", "/topics/a", topic, 204, ""},
		{"PUT", "/topics/a", other, 409, "TopicAlreadyExist"},
		{"PUT", "/topics/a?metaoverride=true", other, 204, ""},
		{"GET", "/topics/a", "", 200, "<LoggingEnabled>True</LoggingEnabled>"},
		{"GET", "/topics", "", 200, "/topics/a</TopicURL>"},
		{"GET", "/topics/a/subscriptions/s", "", 404, "SubscriptionNotExist"},
		{"PUT", "/topics/a/subscriptions/s?metaoverride=true", tagged, 404, "SubscriptionNotExist"},
		{"DELETE", "/topics/a/subscriptions/s", "", 204, ""},
		{"PUT", "/topics/a/subscriptions/s", subscription, 201, ""},
		{"PUT", "/topics/a/subscriptions/s", subscription, 204, ""},
		{"PUT", "/topics/a/subscriptions/s", tagged, 409, "SubscriptionAlreadyExist"},
		{"PUT", "/topics/a/subscriptions/s?metaoverride=true", tagged, 204, ""},
		{"PUT", "/topics/a/subscriptions/same-endpoint", subscription, 201, ""},
		{"GET", "/topics/a/subscriptions/s", "", 200, "<FilterTag>red</FilterTag>"},
		{"GET", "/topics/a/subscriptions", "", 200, "/topics/a/subscriptions/same-endpoint</SubscriptionURL>"},
		{"POST", "/topics/a/messages", message, 201, "075C3D4AEB2D2F2D6A4C17C9D6DBBEBB"},
		{"DELETE", "/topics/a/subscriptions/s", "", 204, ""},
		{"GET", "/topics/a/subscriptions/s", "", 404, "SubscriptionNotExist"},
		{"DELETE", "/topics/a", "", 204, ""},
		{"GET", "/topics/a", "", 404, "TopicNotExist"},
		{"PUT", "/topics/a", topic, 201, ""},
		{"GET", "/topics/a/subscriptions/same-endpoint", "", 404, "SubscriptionNotExist"},
	} {
		status, answer := call(step.method, step.target, step.body)
		require.Equal(t, step.status, status, "%s %s: %s", step.method, step.target, answer)
		require.Contains(t, answer, step.part, "%s %s", step.method, step.target)
	}
	status, answer := call("GET", "/topics", "", "X-Mns-Prefix", "b", "X-Mns-Ret-Number", "1")
	require.Equal(t, http.StatusOK, status, answer)
	require.NotContains(t, answer, "TopicURL")
	require.Equal(t, 1, accepted, "messages that were published")
}
