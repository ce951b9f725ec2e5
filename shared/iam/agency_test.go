package iam

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

const delegated = "dddddddddddddddddddddddddddddddd"

// withAgency lets domain one act in a project of domain two, and in another.
func withAgency(c *Config) {
	c.Agencies = []Agency{{
		Name: "ops", Domain: Domain{"d2", "two"}, Trusts: Domain{"d1", "one"},
		Projects: []Project{{foreign, "local"}, {delegated, "second"}},
	}}
}

func assume(token string) TokenRequest {
	return TokenRequest{Methods: []string{"assume_role"}, TokenID: token, Assume: Assumption{Agency: "ops", Domain: Domain{Name: "two"}}}
}

func TestAgency(t *testing.T) {
	a, clk := authority(t, withAgency)
	user := issue(t, a, login())
	clk.t = start.Add(time.Hour)
	got := issue(t, a, assume(user.Value))
	seen, err := a.InspectToken(t.Context(), got.Value)
	require.NoError(t, err)
	require.Equal(t, got, seen)
	require.Equal(t, Token{
		Value: got.Value, Methods: []string{"assume_role"}, IssuedAt: clk.t, ExpiresAt: user.ExpiresAt,
		User:      Identity{ID: idOf("agency", "d2", "ops"), Name: "two/ops", Domain: Domain{"d2", "two"}},
		AssumedBy: &Identity{ID: "u1", Name: "admin", Domain: Domain{"d1", "one"}},
		Project:   Project{foreign, "local"},
	}, got)

	r := withToken(got.Value, "/v2/"+foreign+"/x")
	caller, err := a.Authenticate(t.Context(), r, nil)
	require.NoError(t, err)
	require.Equal(t, smn.Caller{Project: foreign, Domain: "d2", User: got.User.ID}, caller)
	scopes, err := a.Scopes(smn.WithCaller(t.Context(), caller))
	require.NoError(t, err)
	require.Equal(t, Scopes{Domain: Domain{"d2", "two"}, Projects: []Project{{foreign, "local"}, {delegated, "second"}}}, scopes)

	t.Run("scopes", func(t *testing.T) {
		for name, tc := range map[string]struct {
			project *Project
			domain  Domain
			opens   string // "-": refused
		}{
			"project by name":            {&Project{Name: "second"}, Domain{}, delegated},
			"project by name and domain": {&Project{Name: "second"}, Domain{Name: "two"}, delegated},
			"project by id":              {&Project{ID: foreign}, Domain{}, foreign},
			"the domain":                 {nil, Domain{Name: "two"}, ""},
			"a project of the user":      {&Project{ID: projectA}, Domain{}, "-"},
			"the domain of the user":     {nil, Domain{Name: "one"}, "-"},
		} {
			req := assume(user.Value)
			req.Project, req.Domain = tc.project, tc.domain
			token, err := a.IssueToken(t.Context(), req)
			if tc.opens == "-" {
				require.Equal(t, smn.Unauthenticated, smn.CodeOf(err), name)
				continue
			}
			require.NoError(t, err, name)
			require.Equal(t, tc.opens, token.Project.ID, name)
		}
	})
	t.Run("a token of it can be narrowed", func(t *testing.T) {
		token := issue(t, a, TokenRequest{Methods: []string{"token"}, TokenID: got.Value, Project: &Project{Name: "second"}})
		require.Equal(t, delegated, token.Project.ID)
		require.Equal(t, []string{"assume_role", "token"}, token.Methods)
		require.Equal(t, got.AssumedBy, token.AssumedBy)
		_, err := a.IssueToken(t.Context(), TokenRequest{Methods: []string{"token"}, TokenID: got.Value, Project: &Project{ID: projectA}})
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err), "and leads not back to the user's own")
	})
	t.Run("by signature", func(t *testing.T) {
		signer := smn.WithCaller(t.Context(), smn.Caller{User: "u1", Domain: "d1", Project: projectA})
		token, err := a.IssueToken(signer, assume(""))
		require.NoError(t, err)
		require.Equal(t, clk.t.Add(TokenLifetime), token.ExpiresAt)
		require.Equal(t, "u1", token.AssumedBy.ID)
	})
	t.Run("refused", func(t *testing.T) {
		carol := issue(t, a, TokenRequest{Methods: []string{"password"}, User: Login{Name: "carol", Password: "carols-password"}})
		for name, tc := range map[string]struct {
			req  TokenRequest
			code smn.Code
		}{
			"unknown agency":        {TokenRequest{Methods: []string{"assume_role"}, TokenID: user.Value, Assume: Assumption{Agency: "other", Domain: Domain{Name: "two"}}}, smn.Forbidden},
			"another domain":        {TokenRequest{Methods: []string{"assume_role"}, TokenID: user.Value, Assume: Assumption{Agency: "ops", Domain: Domain{Name: "one"}}}, smn.Forbidden},
			"domain not trusted":    {assume(carol.Value), smn.Forbidden},
			"an agency in turn":     {assume(got.Value), smn.Forbidden},
			"a forged token":        {assume("forged"), smn.Unauthenticated},
			"nobody":                {assume(""), smn.Unauthenticated},
			"no agency":             {TokenRequest{Methods: []string{"assume_role"}, TokenID: user.Value, Assume: Assumption{Domain: Domain{Name: "two"}}}, smn.Unreadable},
			"no domain":             {TokenRequest{Methods: []string{"assume_role"}, TokenID: user.Value, Assume: Assumption{Agency: "ops"}}, smn.Unreadable},
			"with another method":   {TokenRequest{Methods: []string{"assume_role", "token"}, TokenID: user.Value}, smn.Unreadable},
			"the same method twice": {TokenRequest{Methods: []string{"token", "token"}, TokenID: user.Value}, smn.Unreadable},
		} {
			_, err := a.IssueToken(t.Context(), tc.req)
			require.Equal(t, tc.code, smn.CodeOf(err), name)
		}
		_, err := a.IssueToken(smn.WithCaller(t.Context(), smn.Anonymous), assume(""))
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	})
	t.Run("ends", func(t *testing.T) {
		for name, change := range map[string]func(*Config){
			"with the agency":             func(c *Config) { c.Agencies = nil },
			"with the trust":              func(c *Config) { c.Agencies[0].Trusts = Domain{"d3", "three"} },
			"with the project":            func(c *Config) { c.Agencies[0].Projects = c.Agencies[0].Projects[1:] },
			"with the user":               func(c *Config) { c.Users = c.Users[1:] },
			"with the user's password":    func(c *Config) { c.Users[0].Password = "new" },
			"when the user changes sides": func(c *Config) { c.Users[0].Domain = Domain{"d4", "four"} },
		} {
			c := config()
			withAgency(&c)
			require.NoError(t, a.Replace(c.Users, c.Agencies))
			_, err := a.InspectToken(t.Context(), got.Value)
			require.NoError(t, err, name)
			change(&c)
			require.NoError(t, a.Replace(c.Users, c.Agencies))
			_, err = a.InspectToken(t.Context(), got.Value)
			require.Equal(t, smn.Unauthenticated, smn.CodeOf(err), name)
		}
	})
}

func TestAgenciesAreChecked(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Agency)
		want   string
	}{
		"no name":      {func(g *Agency) { g.Name = "" }, "name"},
		"no domain":    {func(g *Agency) { g.Domain = Domain{} }, "domain id"},
		"trusts none":  {func(g *Agency) { g.Trusts.ID = "" }, "domain id"},
		"no project":   {func(g *Agency) { g.Projects = nil }, "no project"},
		"same project": {func(g *Agency) { g.Projects[1] = g.Projects[0] }, "project 2"},
	} {
		c := config()
		withAgency(&c)
		tc.change(&c.Agencies[0])
		_, err := New(c)
		require.ErrorContains(t, err, tc.want, name)
	}
	c := config()
	withAgency(&c)
	c.Agencies = append(c.Agencies, c.Agencies[0])
	_, err := New(c)
	require.ErrorContains(t, err, "another agency of the same name")
	c.Agencies, c.Users[0].ID = c.Agencies[:1], idOf("agency", "d2", "ops")
	_, err = New(c)
	require.ErrorContains(t, err, "a user has the id of the agency")
}
