package iam

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// basicRequest shows a name and a password.
func basicRequest(path, name, password string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.SetBasicAuth(name, password)
	return r
}

func TestBasic(t *testing.T) {
	a, _ := authority(t)
	for path, project := range map[string]string{"/v2/" + projectB + "/x": projectB, "/v2/" + foreign + "/x": projectA, "/": projectA} {
		r := basicRequest(path, "AKEXAMPLE", "SKEXAMPLE")
		require.True(t, IsBasic(r))
		caller, err := a.AuthenticateBasic(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, smn.Caller{Project: project, Domain: "d1", User: "u1"}, caller)
	}
	r := basicRequest("/", "AKEXAMPLE", "SKEXAMPLE")
	r.Header.Set("X-Project-Id", foreign)
	_, err := a.AuthenticateBasic(t.Context(), r)
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
}

// TestBasicIsNotForAllOperations: whoever asks in the usual way takes no name and
// password.
func TestBasicIsNotForAllOperations(t *testing.T) {
	a, _ := authority(t)
	_, err := a.Authenticate(t.Context(), basicRequest("/", "AKEXAMPLE", "SKEXAMPLE"), nil)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
}

func TestBasicRefuses(t *testing.T) {
	const wrong = "Unauthenticated: Incorrect IAM authentication information: the user name is no access key, or the password not its secret"
	const unreadable = "Unauthenticated: Incorrect IAM authentication information: the authorization header cannot be read"
	for name, c := range map[string]struct{ access, secret, want string }{
		"wrong secret":         {"AKEXAMPLE", "SKEXAMPLF", wrong},
		"secret of another":    {"AKEXAMPLE", "second-secret", wrong},
		"begin of the secret":  {"AKEXAMPLE", "SKEXAMPL", wrong},
		"no secret":            {"AKEXAMPLE", "", wrong},
		"unknown key":          {"AKUNKNOWN", "SKEXAMPLE", wrong},
		"nothing":              {"", "", wrong},
		"user and password":    {"admin", "first-password", wrong},
		"more than fits":       {"AKEXAMPLE", strings.Repeat("s", maxAuthorization), unreadable},
		"more than fits, name": {strings.Repeat("s", maxAuthorization+1), "", unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := authority(t)
			caller, err := a.AuthenticateBasic(t.Context(), basicRequest("/", c.access, c.secret))
			require.EqualError(t, err, c.want)
			require.Zero(t, caller)
		})
	}
	a, _ := authority(t)
	twice := basicRequest("/", "AKEXAMPLE", "SKEXAMPLE")
	twice.Header.Add("Authorization", twice.Header.Get("Authorization"))
	_, err := a.AuthenticateBasic(t.Context(), twice)
	require.EqualError(t, err, unreadable)
	signed := httptest.NewRequest(http.MethodGet, "/", nil)
	Sign(signed, nil, AccessKey{"AKEXAMPLE", "SKEXAMPLE"}, start)
	require.False(t, IsBasic(signed))
	_, err = a.AuthenticateBasic(t.Context(), signed)
	require.EqualError(t, err, unreadable)
	token := basicRequest("/", "AKEXAMPLE", "SKEXAMPLE")
	token.Header.Set("X-Auth-Token", "token")
	require.False(t, IsBasic(token), "a token goes first, as with signatures")
}

// TestBasicSharesTheLock: secrets cannot be tried here when signatures are locked,
// nor the other way round.
func TestBasicSharesTheLock(t *testing.T) {
	a, clk := authority(t)
	try := func(secret string) error {
		_, err := a.AuthenticateBasic(t.Context(), basicRequest("/", "AKEXAMPLE", secret))
		return err
	}
	for range maxStrikes - 1 {
		require.Error(t, try("wrong"))
	}
	require.NoError(t, try("SKEXAMPLE"), "four do not lock")
	for range maxStrikes {
		require.Error(t, try("wrong"))
	}
	require.EqualError(t, try("SKEXAMPLE"), keyLocked)
	require.EqualError(t, sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t), keyLocked)
	clk.t = clk.t.Add(lockedFor)
	require.NoError(t, try("SKEXAMPLE"))
	for range maxStrikes {
		require.Error(t, sign(a, "AKEXAMPLE", "wrong", clk.t))
	}
	require.EqualError(t, try("SKEXAMPLE"), keyLocked)
	clk.t = clk.t.Add(lockedFor + time.Second)
	require.NoError(t, try("SKEXAMPLE"))
}
