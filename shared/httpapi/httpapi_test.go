package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Doors, bodies and refusals are tested over a real service in
// internal/contract. Here is what no service can be brought to do.

// misbehaving mounts one operation whose work is f.
func misbehaving(t *testing.T, d door, f handler) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	h, err := New(Config{Log: slog.New(slog.NewJSONHandler(&log, nil))}, Operation{
		Name: "misbehave", Route: "POST /misbehave", door: d,
		bind: func(Config) (handler, error) { return f, nil },
	})
	require.NoError(t, err)
	return h, &log
}

func post(h http.Handler, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/misbehave", strings.NewReader(body)))
	return w
}

func TestOurOwnFaultStaysInTheLog(t *testing.T) {
	for name, f := range map[string]handler{
		"error": func(*http.Request) (reply, error) { return reply{}, errors.New("disk /dev/sda1 is full") },
		"panic": func(*http.Request) (reply, error) { panic("disk /dev/sda1 is full") },
		"internal": func(*http.Request) (reply, error) {
			return reply{}, smn.Errorf(smn.Internal, "disk /dev/sda1 is full")
		},
	} {
		for shape, d := range map[string]door{"smn": openDoor, "link": linkDoor, "page": pageDoor, "iam": loginDoor} {
			t.Run(name+" "+shape, func(t *testing.T) {
				h, log := misbehaving(t, d, f)
				w := post(h, "{}")
				require.Equal(t, http.StatusInternalServerError, w.Code)
				require.NotContains(t, w.Body.String(), "sda1")
				require.Contains(t, log.String(), "sda1")
				require.Contains(t, log.String(), `"level":"ERROR"`)
				require.Contains(t, log.String(), w.Header().Get("X-Request-Id"))
				require.Equal(t, 1, strings.Count(log.String(), "\n"))
			})
		}
	}
}

func TestTryAgainLater(t *testing.T) {
	for _, code := range []smn.Code{smn.Overloaded, smn.Throttled} {
		h, _ := misbehaving(t, openDoor, func(*http.Request) (reply, error) { return reply{}, smn.Errorf(code, "full") })
		w := post(h, "{}")
		require.Equal(t, wire.FailureOf(code).Status, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
}

func TestBodyThatEndsEarly(t *testing.T) {
	h, _ := misbehaving(t, openDoor, func(*http.Request) (reply, error) { return ok(wire.Answer{}), nil })
	server := httptest.NewServer(h)
	defer server.Close()
	for body, status := range map[string]int{
		strings.Repeat("b", maxBody-1): 200, strings.Repeat("b", maxBody): 200, strings.Repeat("b", maxBody+1): 413,
	} {
		resp, err := server.Client().Post(server.URL+"/misbehave", "", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode, len(body))
	}
}

func TestEveryFieldCodeIsKnown(t *testing.T) {
	known := map[smn.Code]bool{}
	for _, c := range wire.Codes() {
		known[c] = true
	}
	for _, request := range []any{wire.CreateTopicRequest{}, wire.SubscribeRequest{}, wire.NewSubscription{}, wire.PublishRequest{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(request)) {
			if c := f.Tag.Get("code"); c != "" {
				require.True(t, known[smn.Code(c)], "%T.%s", request, f.Name)
			}
		}
	}
}

func TestOperationsDiffer(t *testing.T) {
	names, routes := map[string]bool{}, map[string]bool{}
	for _, op := range All() {
		require.False(t, names[op.Name], op.Name)
		require.False(t, routes[op.Route], op.Route)
		names[op.Name], routes[op.Route] = true, true
	}
}

// FuzzDecode: any body is read or refused with a code that the caller can act
// on, never with our own fault.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a"}`, `{"name":1}`, `{"subscriptions":[{"extension":{"header":{"x-a":1}}}]}`, `{"time_to_live":"x"}`, `{"time_to_live":{}}`,
		`null`, `[]`, `"`, `{"a":` + strings.Repeat("[", 100), "{\"name\":\"\xff\"}", `{"name":"\ud800"}`, `{"auth":{"identity":{"methods":[1]}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, into := range []any{&wire.CreateTopicRequest{}, &wire.SubscribeRequest{}, &wire.PublishRequest{}, &wire.TokenRequest{}} {
			err := decode(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), into)
			if err != nil {
				require.NotEqual(t, smn.Internal, smn.CodeOf(err), err.Error())
				continue
			}
			require.True(t, json.Valid([]byte(body)))
			require.True(t, utf8.ValidString(body))
		}
	})
}
