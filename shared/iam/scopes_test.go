package iam

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func withToken(value, path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("X-Auth-Token", value)
	return r
}

// A token for a domain says who someone is and opens no project.
func TestTokenForADomain(t *testing.T) {
	a, _ := authority(t)
	for _, domain := range []Domain{{Name: "one"}, {ID: "d1"}, {ID: "d1", Name: "one"}} {
		req := login()
		req.Domain = domain
		token := issue(t, a, req)
		require.Zero(t, token.Project)
		require.Equal(t, Domain{"d1", "one"}, token.User.Domain)
		seen, err := a.InspectToken(t.Context(), token.Value)
		require.NoError(t, err)
		require.Equal(t, token, seen)

		caller, err := a.Authenticate(t.Context(), withToken(token.Value, "/v2/"+projectA+"/x"), nil)
		require.NoError(t, err)
		require.Equal(t, smn.Caller{Domain: "d1", User: "u1"}, caller)
		r := withToken(token.Value, "/v2/"+projectA+"/x")
		r.Header.Set("X-Project-Id", projectA)
		_, err = a.Authenticate(t.Context(), r, nil)
		require.Equal(t, smn.Forbidden, smn.CodeOf(err))

		again := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: token.Value})
		require.Zero(t, again.Project, "the scope stays")
		opened := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: token.Value, Project: &Project{ID: projectB}})
		require.Equal(t, projectB, opened.Project.ID, "unless another is asked for")
	}
	req := login()
	req.Domain = Domain{Name: "two"}
	_, err := a.IssueToken(t.Context(), req)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
}

func TestScopes(t *testing.T) {
	a, _ := authority(t)
	scopes, err := a.Scopes(smn.WithCaller(t.Context(), smn.Caller{User: "u1"}))
	require.NoError(t, err)
	require.Equal(t, Scopes{Domain: Domain{"d1", "one"}, Projects: []Project{{projectA, "local"}, {projectB, "region01"}}}, scopes)
	_, err = a.Scopes(smn.WithCaller(t.Context(), smn.Caller{User: "gone"}))
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	_, err = a.Scopes(t.Context())
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
}

func TestReplaceEndsTokensAtOnce(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"user removed":       func(c *Config) { c.Users = c.Users[1:] },
		"password changed":   func(c *Config) { c.Users[0].Password = "new-password" },
		"password hashed":    func(c *Config) { c.Users[0].Password, c.Users[0].PasswordHash = "", hashed(t, "first-password") },
		"key removed":        func(c *Config) { c.Users[0].Keys = nil },
		"project taken away": func(c *Config) { c.Users[0].Projects = c.Users[0].Projects[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := authority(t)
			token := issue(t, a, login())
			_, err := a.InspectToken(t.Context(), token.Value) // and so it is cached
			require.NoError(t, err)
			c := config()
			change(&c)
			require.NoError(t, a.Replace(c.Users, c.Agencies))
			_, err = a.InspectToken(t.Context(), token.Value)
			require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
			_, err = a.Authenticate(t.Context(), withToken(token.Value, "/"), nil)
			require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
			require.NoError(t, a.Replace(config().Users, nil))
			_, err = a.InspectToken(t.Context(), token.Value)
			require.NoError(t, err, "who comes back as before has the same tokens")
		})
	}
}

func TestReplaceKeepsTheOldUsersOnError(t *testing.T) {
	a, _ := authority(t)
	token := issue(t, a, login())
	require.Error(t, a.Replace(nil, nil))
	c := config()
	c.Users[1].ID = "u1"
	require.Error(t, a.Replace(c.Users, nil))
	_, err := a.InspectToken(t.Context(), token.Value)
	require.NoError(t, err)
	issue(t, a, login())
}

func TestReplaceAtOnceWithCalls(t *testing.T) {
	a, _ := authority(t, withAgency)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				token, err := a.IssueToken(t.Context(), login())
				if err != nil {
					t.Error(err)
				}
				if _, err := a.InspectToken(t.Context(), token.Value); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		c := config()
		c.Users[1].Password = "changes"
		require.NoError(t, a.Replace(c.Users, c.Agencies))
	}
	wg.Wait()
}
