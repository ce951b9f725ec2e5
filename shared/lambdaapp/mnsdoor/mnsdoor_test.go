package mnsdoor

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/iam"
	"tocsin/shared/lambdaapp"
)

// TestSamples: a request with the sample token is signed anew, and no other.
func TestSamples(t *testing.T) {
	key := iam.AccessKey{Access: "AKEXAMPLE", Secret: "SKEXAMPLE"}
	for name, c := range map[string]struct {
		sample lambdaapp.Sample
		token  string
		signed bool
	}{
		"sample":               {lambdaapp.Sample{Token: "sample-token", Key: key}, "sample-token", true},
		"another token":        {lambdaapp.Sample{Token: "sample-token", Key: key}, "sample-tokem", false},
		"no token":             {lambdaapp.Sample{Token: "sample-token", Key: key}, "", false},
		"nothing is a sample":  {lambdaapp.Sample{Key: key}, "sample-token", false},
		"nothing, and nothing": {lambdaapp.Sample{Key: key}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var got http.Header
			h := signSamples(c.sample, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
			r := httptest.NewRequest(http.MethodGet, "/topics", nil)
			r.Header.Set("Security-Token", c.token)
			r.Header.Set("Authorization", "MNS AKEXAMPLE:old")
			h.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, c.signed, got.Get("Authorization") != "MNS AKEXAMPLE:old")
			require.Equal(t, c.signed, got.Get("Date") != "")
		})
	}
}
