package iam

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	projectA = "0123456789abcdef0123456789abcdef"
	projectB = "f96188c7ccaf4ffba0c9aa149ab2bd57"
	foreign  = "ffffffffffffffffffffffffffffffff"
)

var (
	tokenKey = bytes.Repeat([]byte{7}, 32)
	start    = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
)

// clock is a Config.Now that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// config has two users in two domains, both named admin, and one in each alone.
func config() Config {
	one, two := Domain{ID: "d1", Name: "one"}, Domain{ID: "d2", Name: "two"}
	return Config{
		TokenKey: tokenKey,
		Users: []User{
			{
				ID: "u1", Name: "admin", Domain: one, Password: "first-password",
				Projects: []Project{{projectA, "local"}, {projectB, "region01"}},
				Keys:     []AccessKey{{"AKEXAMPLE", "SKEXAMPLE"}, {"AKSECOND", "second-secret"}},
			},
			{ID: "u2", Name: "admin", Domain: two, Password: "other-password", Projects: []Project{{foreign, "local"}}},
			{ID: "u3", Name: "carol", Domain: two, Password: "carols-password", Projects: []Project{{foreign, "local"}}},
		},
	}
}

// authority makes an Authority of config, changed, whose clock stands at start.
func authority(t testing.TB, change ...func(*Config)) (*Authority, *clock) {
	t.Helper()
	clk := &clock{start}
	c := config()
	c.Now = clk.now
	for _, f := range change {
		f(&c)
	}
	a, err := New(c)
	require.NoError(t, err)
	return a, clk
}

func TestNewRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(*Config)
		want   string
	}{
		"short key":             {func(c *Config) { c.TokenKey = c.TokenKey[1:] }, "token key has 31 bytes"},
		"no key":                {func(c *Config) { c.TokenKey = nil }, "token key has 0 bytes"},
		"no users":              {func(c *Config) { c.Users = nil }, "no user"},
		"no user id":            {func(c *Config) { c.Users[1].ID = "" }, `user 2 ("admin"): id`},
		"user id with spaces":   {func(c *Config) { c.Users[1].ID = "a b" }, "id"},
		"long user id":          {func(c *Config) { c.Users[1].ID = strings.Repeat("x", 65) }, "id"},
		"same user id":          {func(c *Config) { c.Users[1].ID = "u1" }, "same id"},
		"no user name":          {func(c *Config) { c.Users[1].Name = "" }, "name"},
		"line end in name":      {func(c *Config) { c.Users[1].Name = "a\nb" }, "name"},
		"name not UTF-8":        {func(c *Config) { c.Users[1].Name = "\xff" }, "name"},
		"no domain id":          {func(c *Config) { c.Users[1].Domain.ID = "" }, "domain id"},
		"no domain name":        {func(c *Config) { c.Users[1].Domain.Name = "" }, "domain name"},
		"same name in a domain": {func(c *Config) { c.Users[2].Name = "admin" }, "same name"},
		"no credential":         {func(c *Config) { c.Users[1].Password, c.Users[1].Keys = "", nil }, "neither a password nor"},
		"no project":            {func(c *Config) { c.Users[1].Projects = nil }, "no project"},
		"bad project id":        {func(c *Config) { c.Users[1].Projects[0].ID = strings.ToUpper(projectA) }, "project 1: id"},
		"no project name":       {func(c *Config) { c.Users[1].Projects[0].Name = "" }, "project 1: name"},
		"same project id":       {func(c *Config) { c.Users[0].Projects[1].ID = projectA }, "project 2: the id or the name"},
		"same project name":     {func(c *Config) { c.Users[0].Projects[1].Name = "local" }, "project 2: the id or the name"},
		"no access key":         {func(c *Config) { c.Users[0].Keys[1].Access = "" }, "key 2: access key"},
		"comma in access key":   {func(c *Config) { c.Users[0].Keys[1].Access = "A,B" }, "key 2: access key"},
		"no secret":             {func(c *Config) { c.Users[0].Keys[1].Secret = "" }, "key 2: the secret is empty"},
		"same access key":       {func(c *Config) { c.Users[2].Keys = []AccessKey{{"AKEXAMPLE", "x"}} }, "key 1: the access key is there twice"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := config()
			tc.change(&c)
			a, err := New(c)
			require.ErrorContains(t, err, tc.want)
			require.Nil(t, a)
			require.NotContains(t, err.Error(), "\n")
			for _, secret := range []string{"first-password", "other-password", "carols-password", "SKEXAMPLE", "second-secret"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func TestDeriveKey(t *testing.T) {
	key := DeriveKey(tokenKey, "one purpose")
	require.Len(t, key, 32)
	require.Equal(t, key, DeriveKey(tokenKey, "one purpose"))
	require.NotEqual(t, key, DeriveKey(tokenKey, "another purpose"))
	require.NotEqual(t, key, DeriveKey(bytes.Repeat([]byte{8}, 32), "one purpose"))
}

// BenchmarkManyUsers: what users cost grows with their number and not with its
// square. A file of the largest size holds about so many.
func BenchmarkManyUsers(b *testing.B) {
	users := make([]User, 100_000)
	for i := range users {
		name := fmt.Sprintf("user%06d", i)
		users[i] = User{
			ID: name, Name: name, Domain: Domain{ID: "d1", Name: "one"},
			Projects: []Project{{projectA, "local"}}, Keys: []AccessKey{{"AK" + name, "secret"}},
		}
	}
	for b.Loop() {
		if _, err := New(Config{Users: users, TokenKey: tokenKey}); err != nil {
			b.Fatal(err)
		}
	}
}
