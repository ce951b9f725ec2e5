package iam

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// login asks for a token of the first user.
func login() TokenRequest {
	return TokenRequest{Methods: []string{MethodPassword}, User: Login{Name: "admin", Domain: Domain{Name: "one"}, Password: "first-password"}}
}

func issue(t testing.TB, a *Authority, req TokenRequest) Token {
	t.Helper()
	token, err := a.IssueToken(context.Background(), req)
	require.NoError(t, err)
	return token
}

func TestIssueToken(t *testing.T) {
	a, _ := authority(t)
	want := Token{
		Methods: []string{"password"}, IssuedAt: start, ExpiresAt: start.Add(24 * time.Hour),
		User:    Identity{ID: "u1", Name: "admin", Domain: Domain{ID: "d1", Name: "one"}},
		Project: Project{projectA, "local"},
	}
	b := Project{projectB, "region01"}
	cases := map[string]struct {
		user    Login
		scope   *Project
		project Project
	}{
		"name and domain name":  {Login{Name: "admin", Domain: Domain{Name: "one"}}, nil, want.Project},
		"name and domain id":    {Login{Name: "admin", Domain: Domain{ID: "d1"}}, nil, want.Project},
		"id":                    {Login{ID: "u1"}, nil, want.Project},
		"id, name and domain":   {Login{ID: "u1", Name: "admin", Domain: Domain{ID: "d1", Name: "one"}}, nil, want.Project},
		"project by id":         {Login{ID: "u1"}, &Project{ID: projectB}, b},
		"project by name":       {Login{ID: "u1"}, &Project{Name: "region01"}, b},
		"project by both":       {Login{ID: "u1"}, &b, b},
		"first project by name": {Login{ID: "u1"}, &Project{Name: "local"}, want.Project},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			req := TokenRequest{Methods: []string{"password"}, User: tc.user, Project: tc.scope}
			req.User.Password = "first-password"
			got := issue(t, a, req)
			require.NotEmpty(t, got.Value)

			seen, err := a.InspectToken(t.Context(), got.Value)
			require.NoError(t, err)
			require.Equal(t, got, seen)

			got.Value = ""
			want := want
			want.Project = tc.project
			require.Equal(t, want, got)
		})
	}
	t.Run("a name that is unique needs no domain", func(t *testing.T) {
		got := issue(t, a, TokenRequest{Methods: []string{"password"}, User: Login{Name: "carol", Password: "carols-password"}})
		require.Equal(t, "u3", got.User.ID)
	})
}

func TestIssueTokenRefusesAlike(t *testing.T) {
	a, _ := authority(t)
	cases := map[string]func(*TokenRequest){
		"wrong password":              func(r *TokenRequest) { r.User.Password = "first-passwore" },
		"longer password":             func(r *TokenRequest) { r.User.Password += "x" },
		"password of another":         func(r *TokenRequest) { r.User.Password = "other-password" },
		"unknown name":                func(r *TokenRequest) { r.User.Name = "mallory" },
		"unknown id":                  func(r *TokenRequest) { r.User.ID = "u9" },
		"id and name of two users":    func(r *TokenRequest) { r.User.ID, r.User.Name = "u1", "carol" },
		"unknown domain":              func(r *TokenRequest) { r.User.Domain.Name = "three" },
		"domain of another":           func(r *TokenRequest) { r.User.Domain.Name = "two" },
		"name of two users":           func(r *TokenRequest) { r.User.Domain = Domain{} },
		"unknown project":             func(r *TokenRequest) { r.Project = &Project{ID: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"} },
		"unknown project name":        func(r *TokenRequest) { r.Project = &Project{Name: "nowhere"} },
		"project of another":          func(r *TokenRequest) { r.Project = &Project{ID: foreign} },
		"id and name of two projects": func(r *TokenRequest) { r.Project = &Project{ID: projectA, Name: "region01"} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			req := login()
			change(&req)
			_, err := a.IssueToken(t.Context(), req)
			require.Equal(t, smn.Errorf(smn.Unauthenticated, "The user name, the password or the project is wrong."), err)
		})
	}
}

func TestIssueTokenNeeds(t *testing.T) {
	a, _ := authority(t)
	cases := map[string]func(*TokenRequest){
		"no method":              func(r *TokenRequest) { r.Methods = nil },
		"a second factor":        func(r *TokenRequest) { r.Methods = []string{"password", "totp"} },
		"an unknown method":      func(r *TokenRequest) { r.Methods = []string{"assume_role"} },
		"no user":                func(r *TokenRequest) { r.User.Name = "" },
		"no password":            func(r *TokenRequest) { r.User.Password = "" },
		"no token":               func(r *TokenRequest) { r.Methods = []string{"token"} },
		"a project without name": func(r *TokenRequest) { r.Project = &Project{} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			req := login()
			change(&req)
			_, err := a.IssueToken(t.Context(), req)
			require.Equal(t, smn.Unreadable, smn.CodeOf(err))
		})
	}
}

func TestTokenFromToken(t *testing.T) {
	a, clk := authority(t)
	first := issue(t, a, TokenRequest{Methods: []string{"password"}, User: Login{ID: "u1", Password: "first-password"}, Project: &Project{ID: projectB}})

	clk.t = start.Add(23 * time.Hour)
	second := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: first.Value})
	require.NotEqual(t, first.Value, second.Value)
	require.Equal(t, first.ExpiresAt, second.ExpiresAt, "a token cannot be prolonged")
	require.Equal(t, clk.t, second.IssuedAt)
	require.Equal(t, []string{"password", "token"}, second.Methods)
	require.Equal(t, first.Project, second.Project, "the scope stays")
	require.Equal(t, first.User, second.User)

	third := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: second.Value, Project: &Project{Name: "local"}})
	require.Equal(t, Project{projectA, "local"}, third.Project)
	require.Equal(t, first.ExpiresAt, third.ExpiresAt)

	_, err := a.IssueToken(t.Context(), TokenRequest{Methods: []string{"token"}, TokenID: second.Value, Project: &Project{ID: foreign}})
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))

	_, err = a.InspectToken(t.Context(), first.Value)
	require.NoError(t, err, "a new token does not end older ones")

	clk.t = first.ExpiresAt
	_, err = a.IssueToken(t.Context(), TokenRequest{Methods: []string{"token"}, TokenID: third.Value})
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
}

func TestTokenExpires(t *testing.T) {
	for _, seen := range []string{"never seen", "cached"} {
		t.Run(seen, func(t *testing.T) {
			a, clk := authority(t)
			clk.t = start.Add(900 * time.Millisecond)
			token := issue(t, a, login())
			require.Equal(t, start.Add(TokenLifetime), token.ExpiresAt)
			if seen == "cached" {
				_, err := a.InspectToken(t.Context(), token.Value)
				require.NoError(t, err)
				require.Len(t, a.directory.Load().cache.claims, 1)
			}
			for range 2 {
				clk.t = start.Add(TokenLifetime)
				_, err := a.InspectToken(t.Context(), token.Value)
				require.EqualError(t, err, "Unauthenticated: Incorrect IAM authentication information: token expires, expires_at: 2024-01-03T03:04:05.000000Z")
				require.Empty(t, a.directory.Load().cache.claims)
			}
			clk.t = start.Add(TokenLifetime - time.Nanosecond)
			_, err := a.InspectToken(t.Context(), token.Value)
			require.NoError(t, err)
		})
	}
}

func TestTokenSurvivesRestart(t *testing.T) {
	before, _ := authority(t)
	token := issue(t, before, login())
	after, _ := authority(t, func(c *Config) {
		c.Users[0].Keys[0], c.Users[0].Keys[1] = c.Users[0].Keys[1], c.Users[0].Keys[0] // order means nothing
		c.Users[1].Password = "another user's affair"
		c.Users[0].Projects = append(c.Users[0].Projects, Project{foreign, "third"})
	})
	seen, err := after.InspectToken(t.Context(), token.Value)
	require.NoError(t, err)
	require.Equal(t, token, seen)
}

func TestTokenEnds(t *testing.T) {
	before, _ := authority(t)
	token := issue(t, before, login())
	cases := map[string]func(*Config){
		"password changed":    func(c *Config) { c.Users[0].Password = "new-password" },
		"secret changed":      func(c *Config) { c.Users[0].Keys[0].Secret = "new-secret" },
		"key added":           func(c *Config) { c.Users[0].Keys = append(c.Users[0].Keys, AccessKey{"AKTHIRD", "s"}) },
		"key removed":         func(c *Config) { c.Users[0].Keys = c.Users[0].Keys[1:] },
		"user removed":        func(c *Config) { c.Users = c.Users[1:] },
		"project taken away":  func(c *Config) { c.Users[0].Projects = c.Users[0].Projects[1:] },
		"another token key":   func(c *Config) { c.TokenKey = DeriveKey(tokenKey, "other") },
		"secret moved fields": func(c *Config) { c.Users[0].Keys[0] = AccessKey{"AKEXAMPLESKE", "XAMPLE"} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			after, _ := authority(t, change)
			_, err := after.InspectToken(t.Context(), token.Value)
			require.EqualError(t, err, "Unauthenticated: Incorrect IAM authentication information: decrypt token fail")
		})
	}
}

func TestForgedTokens(t *testing.T) {
	a, _ := authority(t)
	good := issue(t, a, login()).Value
	raw, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	cases := map[string]string{
		"empty": "", "nonsense": "nonsense", "not base64": "%%%", "huge": strings.Repeat("A", 1<<20),
		"cut": good[:len(good)-4], "longer": good + "AAAA", "padded": good + "=", "line end inside": good[:8] + "\n" + good[8:],
		"format alone": "AQ", "format and nonce": base64.RawURLEncoding.EncodeToString(raw[:13]),
	}
	for i := range raw {
		bent := append([]byte(nil), raw...)
		bent[i] ^= 1
		cases[fmt.Sprintf("byte %d bent", i)] = base64.RawURLEncoding.EncodeToString(bent)
	}
	for name, value := range cases {
		_, err := a.InspectToken(t.Context(), value)
		require.EqualError(t, err, "Unauthenticated: Incorrect IAM authentication information: decrypt token fail", name)
	}
	require.Empty(t, a.directory.Load().cache.claims, "only genuine tokens are remembered")
}

func TestTokensTellNothing(t *testing.T) {
	a, _ := authority(t)
	one, err := base64.RawURLEncoding.DecodeString(issue(t, a, login()).Value)
	require.NoError(t, err)
	two, err := base64.RawURLEncoding.DecodeString(issue(t, a, login()).Value)
	require.NoError(t, err)
	require.NotEqual(t, one[1:13], two[1:13], "a nonce is never used again")
	require.NotContains(t, string(one), "u1")
	project, err := hex.DecodeString(projectA)
	require.NoError(t, err)
	require.NotContains(t, string(one), string(project))
}

func TestStaticToken(t *testing.T) {
	a, clk := authority(t, func(c *Config) { c.StaticToken = "sample-token" })
	clk.t = start.AddDate(10, 0, 0)
	got, err := a.InspectToken(t.Context(), "sample-token")
	require.NoError(t, err)
	require.Equal(t, Token{
		Value: "sample-token", Methods: []string{"password"}, IssuedAt: clk.t, ExpiresAt: clk.t.Add(TokenLifetime),
		User: Identity{ID: "u1", Name: "admin", Domain: Domain{ID: "d1", Name: "one"}}, Project: Project{projectA, "local"},
	}, got)

	issued := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: "sample-token"})
	_, err = a.InspectToken(t.Context(), issued.Value)
	require.NoError(t, err)

	for _, value := range []string{"sample-toke", "sample-tokenx", "Sample-token", ""} {
		_, err = a.InspectToken(t.Context(), value)
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	}
	without, _ := authority(t)
	_, err = without.InspectToken(t.Context(), "")
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err), "no static token is not an empty one")
}

func TestCacheIsBounded(t *testing.T) {
	a, _ := authority(t)
	var last string
	for range maxCached + 10 {
		last = issue(t, a, login()).Value
		_, err := a.InspectToken(t.Context(), last)
		require.NoError(t, err)
	}
	require.Len(t, a.directory.Load().cache.claims, maxCached)
	require.Contains(t, a.directory.Load().cache.claims, last)
}

func TestTokensAtOnce(t *testing.T) {
	a, _ := authority(t)
	shared := issue(t, a, login()).Value
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				own, err := a.IssueToken(context.Background(), login())
				if err != nil {
					t.Error(err)
				}
				for _, value := range []string{shared, own.Value} {
					if token, err := a.InspectToken(context.Background(), value); err != nil || token.User.ID != "u1" {
						t.Error(token.User.ID, err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// goldenToken was issued to the first user at start by an earlier build.
const goldenToken = "AQZ5lis2uwLYjibzu2fLlxoCPQ0nDyc3ArFzKYYvQBwIlhIWwONmulTZrDIW6-JJE_i2iotPspULNAx4HViKEl3vZhnztvY8CVp0hrz3NEk"

func TestTokenOfEarlierBuild(t *testing.T) {
	a, _ := authority(t)
	want := issue(t, a, login())
	want.Value = goldenToken
	got, err := a.InspectToken(t.Context(), goldenToken)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func FuzzToken(f *testing.F) {
	a, _ := authority(f)
	const good = goldenToken
	f.Add(good)
	f.Add(good[:40])
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		token, err := a.InspectToken(context.Background(), value)
		if value == good {
			require.NoError(t, err)
			require.Equal(t, value, token.Value)
			return
		}
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	})
}

func BenchmarkInspectToken(b *testing.B) {
	a, _ := authority(b)
	value := issue(b, a, login()).Value
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.verify(a.directory.Load(), value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("uncached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := a.open(a.directory.Load(), value); !ok {
				b.Fatal("a good token was refused")
			}
		}
	})
}
