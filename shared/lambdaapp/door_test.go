package lambdaapp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDoorNeedsAWS(t *testing.T) {
	s, err := readSettings(func(name string) string { return goodEnvironment()[name] })
	require.NoError(t, err)
	_, err = newDoor(s, noMetrics, func(Inside) (http.Handler, error) { panic("there is nothing to open on") }, nil)
	require.EqualError(t, err, "TOCSIN_BACKEND is not aws: SMN has no named subscriptions, so a remote cannot stand behind this door")
}

// TestDoor: a door is opened on the service and its users, and what is wrong with it is
// known at the start.
func TestDoor(t *testing.T) {
	b := build(t, map[string]string{"TOCSIN_ACCESS_KEY": "AKEXAMPLE", "TOCSIN_SECRET_KEY": "SKEXAMPLE"})
	_, err := b.handler(func(Inside) (http.Handler, error) { return nil, errors.New("a hinge is missing") }, nil)
	require.EqualError(t, err, "a hinge is missing")

	var project string
	h, err := b.handler(func(in Inside) (http.Handler, error) {
		require.Equal(t, b.settings.region, in.Region)
		require.Empty(t, in.Sample.Token)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, err := in.Identity.VerifyKey(r.Context(), "AKEXAMPLE", func(string) error { return nil })
			if err == nil {
				project = caller.Project
			}
			w.WriteHeader(http.StatusNoContent)
		}), nil
	}, nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, b.settings.projectID, project)
}

// TestClosedDoor: a door that cannot be opened now fails in its own words.
func TestClosedDoor(t *testing.T) {
	b := build(t, nil)
	b.rotateNew(t, tokenKey, "short")
	open := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("nobody comes in") })
	h, err := b.handler(func(Inside) (http.Handler, error) { return open, nil }, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Contains(t, b.log.String(), "token.key has 5 bytes")
}
