package httpapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/iam"
	"tocsin/shared/wire"
)

// FuzzIssueToken: any login is answered with a token, or with a refusal in the
// shape of Keystone, never with our own fault.
func FuzzIssueToken(f *testing.F) {
	domain := iam.Domain{ID: "d", Name: "tocsin"}
	projects := []iam.Project{{ID: "0123456789abcdef0123456789abcdef", Name: "local"}}
	authority, err := iam.New(iam.Config{
		Users: []iam.User{
			{ID: "u", Name: "admin", Domain: domain, Password: "secret", Projects: projects},
			{ID: "v", Name: "device", Domain: domain, Password: "secret", TOTP: []byte("12345678901234567890"), Projects: projects},
		},
		Agencies: []iam.Agency{{Name: "support", Domain: domain, Trusts: domain, Projects: projects}},
		TokenKey: make([]byte, 32), StaticToken: "sample-token",
	})
	require.NoError(f, err)
	h, err := New(Config{Identity: authority, Region: "local", Log: slog.New(slog.DiscardHandler)}, IssueToken)
	require.NoError(f, err)
	for _, seed := range []string{
		`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"admin","password":"secret","domain":{"name":"tocsin"}}}},"scope":{"project":{"name":"local"}}}}`,
		`{"auth":{"identity":{"methods":["password","totp"],"password":{"user":{"id":"v","password":"secret"}},"totp":{"user":{"passcode":"000000"}}},"scope":{"domain":{"id":"d"}}}}`,
		`{"auth":{"identity":{"methods":["token"],"token":{"id":"sample-token"}}}}`,
		`{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"domain_name":"tocsin","xrole_name":"support"}}}}`,
		`{"auth":{"identity":{"methods":["hw_assume_role"],"assume_role":null},"scope":"unscoped"}}`,
		`{"auth":null}`, `[]`, `"`, ``, "\xff",
	} {
		f.Add(seed, "sample-token", "")
		f.Add(seed, "", "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=0")
	}
	f.Fuzz(func(t *testing.T, body, token, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "/v3/auth/tokens", strings.NewReader(body))
		r.Header["X-Auth-Token"], r.Header["Authorization"] = []string{token}, []string{authorization}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusCreated {
			require.NotEmpty(t, w.Header().Get(wire.HeaderSubjectToken))
			return
		}
		require.Contains(t, []int{400, 401, 403}, w.Code, w.Body.String())
		var e wire.IAMError
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
		require.Equal(t, w.Code, e.Error.Code)
		require.NotEmpty(t, e.Error.Message)
	})
}
