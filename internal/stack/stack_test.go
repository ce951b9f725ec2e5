package stack_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/stretchr/testify/require"

	"tocsin/internal/stack"
)

// TestMain makes this test's own binary the bootstrap of every function.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_FUNCTION") == "" {
		os.Exit(m.Run())
	}
	lambda.Start(func(_ context.Context, e events.APIGatewayV2HTTPRequest) (any, error) {
		if strings.Contains(e.Body, "exit") {
			os.Exit(3)
		}
		seen, err := json.Marshal(map[string]any{
			"function": filepath.Base(os.Args[0]), "route": e.RouteKey, "path": e.RawPath, "query": e.RawQueryString,
			"body": e.Body, "base64": e.IsBase64Encoded, "x": e.Headers["x-test"], "host": e.Headers["host"] != "",
		})
		return events.APIGatewayV2HTTPResponse{StatusCode: 201, Headers: map[string]string{"X-Seen": "yes"}, Body: string(seen)}, err
	})
}

// start serves the routes of the real template with functions that tell what they see.
func start(t *testing.T) *stack.Stack {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	s, err := stack.Start(t.Context(), stack.Config{
		Template: "../../template.yaml",
		Bootstrap: func(name string) string {
			link := filepath.Join(dir, name)
			_ = os.Symlink(self, link) // it may be there
			return link
		},
		Env:     map[string]string{"TEST_FUNCTION": "yes"},
		Address: "127.0.0.1:0",
		Log:     io.Discard,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func ask(t *testing.T, s *stack.Stack, method, path, kind, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Test", "a")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestRequestsReachTheirFunctions(t *testing.T) {
	s := start(t)
	for request, want := range map[string][2]string{
		"POST /v2/p/notifications/topics":                      {"create-topic", "POST /v2/{project_id}/notifications/topics"},
		"GET /v2/p/notifications/topics":                       {"manage", "$default"},
		"POST /v2/p/notifications/topics/urn:a/publish":        {"publish", "POST /v2/{project_id}/notifications/topics/{topic_urn}/publish"},
		"GET /v3/auth/tokens":                                  {"identity", "ANY /v3/{proxy+}"},
		"GET /":                                                {"links", "GET /"},
		"PUT /v2/p/notifications/subscriptions/filter_polices": {"manage-subscriptions", "ANY /v2/{project_id}/notifications/subscriptions/{proxy+}"},
		"POST /v2/p/notifications/batch_sms":                   {"messaging", "ANY /v2/{project_id}/notifications/batch_sms"},
		"GET //x":                                              {"manage", "$default"},
		"DELETE /nowhere":                                      {"manage", "$default"},
	} {
		method, path, _ := strings.Cut(request, " ")
		status, answer := ask(t, s, method, path+"?a=b%20c", "application/json", `{"x":1}`)
		require.Equal(t, http.StatusCreated, status, request)
		var seen map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &seen))
		require.Equal(t, map[string]any{
			"function": want[0], "route": want[1], "path": path, "query": "a=b%20c",
			"body": `{"x":1}`, "base64": false, "x": "a", "host": true,
		}, seen, request)
	}
	_, answer := ask(t, s, "POST", "/v2/x", "application/octet-stream", "\xff\x00")
	require.Contains(t, answer, `"base64":true,"body":"/wA="`)
}

// A function that ends costs its own request and no other.
func TestFunctionThatEnds(t *testing.T) {
	s := start(t)
	for range 2 {
		status, answer := ask(t, s, "POST", "/v2/x", "text/plain", "exit")
		require.Equal(t, http.StatusInternalServerError, status)
		require.JSONEq(t, `{"message":"Internal Server Error"}`, answer)
		status, _ = ask(t, s, "POST", "/v2/x", "text/plain", "stay")
		require.Equal(t, http.StatusCreated, status)
	}
}
