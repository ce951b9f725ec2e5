package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/shared/intake"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Doors, bodies and refusals are tested over a real service in
// internal/contract. Here is what no service can be brought to do.

// bound is a binding that a test writes down.
type bound func(Config) (handler, error)

func (b bound) to(c Config) (handler, error) { return b(c) }

// misbehaving mounts one operation whose work is f.
func misbehaving(t *testing.T, d door, f handler) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	h, err := New(Config{Log: slog.New(slog.NewJSONHandler(&log, nil))}, Operation{
		Name: "misbehave", Route: "POST /misbehave", door: d,
		bind: bound(func(Config) (handler, error) { return f, nil }),
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
	for name, c := range map[string]struct {
		work   handler
		logged string
	}{
		"error": {func(*http.Request) (reply, error) { return reply{}, errors.New("disk /dev/sda1 is full") }, "sda1"},
		"panic": {func(*http.Request) (reply, error) { panic("disk /dev/sda1 is full") }, "httpapi_test.go"},
		"internal": {func(*http.Request) (reply, error) {
			return reply{}, smn.Errorf(smn.Internal, "disk /dev/sda1 is full")
		}, "sda1"},
	} {
		for shape, d := range map[string]door{"smn": openDoor, "link": linkDoor, "page": pageDoor, "iam": loginDoor} {
			t.Run(name+" "+shape, func(t *testing.T) {
				h, log := misbehaving(t, d, c.work)
				w := post(h, "{}")
				require.Equal(t, http.StatusInternalServerError, w.Code)
				require.NotContains(t, w.Body.String(), "sda1")
				require.Contains(t, log.String(), c.logged)
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
		for _, request := range requests {
			into := reflect.New(reflect.TypeOf(request)).Interface()
			err := decode(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), into)
			if err != nil {
				require.NotEqual(t, smn.Internal, smn.CodeOf(err), err.Error())
				continue
			}
			require.True(t, json.Valid([]byte(body)))
			require.True(t, utf8.ValidString(body))
			if r, ok := into.(*wire.PublishRequest); ok && !strings.ContainsRune(body, utf8.RuneError) && !strings.Contains(strings.ToLower(body), `ufffd`) {
				require.NotContains(t, r.Message, string(utf8.RuneError), "nothing is replaced")
			}
		}
	})
}

// TestRoom fills the handler to its bounds: the next request is told to come
// again, and gets in once one has left.
func TestRoom(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	h, err := New(Config{Log: slog.New(slog.DiscardHandler), Room: intake.NewRoom(3, 100)}, Operation{
		Name: "wait", Route: "POST /misbehave", door: openDoor,
		bind: bound(func(Config) (handler, error) {
			return func(*http.Request) (reply, error) {
				entered <- struct{}{}
				<-release
				return ok(wire.Answer{}), nil
			}, nil
		}),
	})
	require.NoError(t, err)
	answers := make(chan int, 3)
	begin := func(bytes int) {
		go func() { answers <- post(h, strings.Repeat("b", bytes)).Code }()
		<-entered
	}
	refused := func(bytes int) {
		t.Helper()
		w := post(h, strings.Repeat("b", bytes))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), "SMN.0018")
	}
	begin(60)
	begin(39)
	refused(2) // bytes
	begin(1)
	refused(0) // requests
	for range 3 {
		release <- struct{}{}
		require.Equal(t, http.StatusOK, <-answers)
	}
	begin(100)
	release <- struct{}{}
	require.Equal(t, http.StatusOK, <-answers)
}

// TestServiceThatDoesNotKnowUs: a caller who was let in must not be told that his
// credential is wrong, when it is ours that the service behind us refuses.
func TestServiceThatDoesNotKnowUs(t *testing.T) {
	refused, err := withService(func(*http.Request, smn.Service) (reply, error) {
		return reply{}, smn.Errorf(smn.Unauthenticated, "verify aksk signature fail")
	}).to(Config{Service: struct{ smn.Service }{}})
	require.NoError(t, err)
	h, log := misbehaving(t, openDoor, refused)
	w := post(h, "{}")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "aksk")
	require.Contains(t, log.String(), "our own credential")
}

type answered func(operation string, status int, took time.Duration)

func (f answered) Answered(operation string, status int, took time.Duration) {
	f(operation, status, took)
}

func TestObserver(t *testing.T) {
	var seen []string
	h, err := New(Config{
		Log: slog.New(slog.DiscardHandler),
		Observer: answered(func(operation string, status int, took time.Duration) {
			require.Positive(t, took)
			seen = append(seen, fmt.Sprint(operation, " ", status))
		}),
	}, Operation{Name: "misbehave", Route: "POST /misbehave", door: openDoor, bind: bound(func(Config) (handler, error) {
		return func(*http.Request) (reply, error) { return reply{}, errors.New("disk /dev/sda1 is full") }, nil
	})})
	require.NoError(t, err)
	post(h, "{}")
	require.Equal(t, []string{"misbehave 500"}, seen)
}
