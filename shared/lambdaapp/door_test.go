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
	_, err = newDoor(s, noMetrics, func(Inside) (http.Handler, error) { panic("there is nothing to open on") })
	require.EqualError(t, err, "TOCSIN_BACKEND is not aws: SMN has no named subscriptions, so a remote cannot stand behind this door")
}

// TestDoor: a door is opened on the service and its users, and what is wrong with it is
// known at the start.
func TestDoor(t *testing.T) {
	b := build(t, map[string]string{"TOCSIN_ACCESS_KEY": "AKEXAMPLE", "TOCSIN_SECRET_KEY": "SKEXAMPLE"})
	_, err := b.handler(func(Inside) (http.Handler, error) { return nil, errors.New("a hinge is missing") })
	require.EqualError(t, err, "a hinge is missing")

	h, err := b.handler(func(in Inside) (http.Handler, error) {
		require.Equal(t, b.settings.region, in.Region)
		require.Zero(t, in.Sample.Token)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, err := in.Identity.VerifyKey(r.Context(), "AKEXAMPLE", func(string) error { return nil })
			require.NoError(t, err)
			require.Equal(t, b.settings.projectID, caller.Project)
			w.WriteHeader(http.StatusNoContent)
		}), nil
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusNoContent, w.Code)
}
