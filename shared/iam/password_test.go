package iam

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"tocsin/shared/smn"
)

// hashed makes a hash of the lowest cost that is taken.
func hashed(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), minHashCost)
	require.NoError(t, err)
	return string(hash)
}

func TestHashPassword(t *testing.T) {
	hash, err := HashPassword("correct horse")
	require.NoError(t, err)
	_, err = costOf(hash)
	require.NoError(t, err)
	require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash), []byte("correct horse")))
	for length, ok := range map[int]bool{0: false, 1: true, 72: true, 73: false} {
		_, err := HashPassword(strings.Repeat("x", length))
		require.Equal(t, ok, err == nil, length)
	}
}

func TestHashedPassword(t *testing.T) {
	long := strings.Repeat("x", 72)
	a, _ := authority(t, func(c *Config) {
		c.Users[0].Password, c.Users[0].PasswordHash = "", hashed(t, "first-password")
		c.Users[1].Password, c.Users[1].PasswordHash = "", hashed(t, long)
	})
	issue(t, a, login())
	request := func(id, password string) TokenRequest {
		return TokenRequest{Methods: []string{"password"}, User: Login{ID: id, Password: password}}
	}
	issue(t, a, request("u2", long))
	issue(t, a, request("u3", "carols-password")) // known as it is, beside the others
	for _, wrong := range []TokenRequest{
		request("u1", "first-passwore"), request("u1", "other"), request("u9", "first-password"),
		request("u2", long+"x"), // bcrypt alone would take it
		request("u3", "first-password"), request("u1", string(a.directory.Load().byID["u1"].hash)),
	} {
		_, err := a.IssueToken(t.Context(), wrong)
		require.Equal(t, smn.Errorf(smn.Unauthenticated, wrongLogin), err, wrong.User.ID)
	}
}

func TestHashesAreChecked(t *testing.T) {
	good := hashed(t, "x")
	for name, tc := range map[string]struct {
		change func(*User)
		want   string
	}{
		"no hash":       {func(u *User) { u.Password, u.PasswordHash = "", "first-password" }, "password: this is no bcrypt hash"},
		"cut":           {func(u *User) { u.Password, u.PasswordHash = "", good[:59] }, "password: this is no bcrypt hash"},
		"longer":        {func(u *User) { u.Password, u.PasswordHash = "", good+"x" }, "password: this is no bcrypt hash"},
		"too cheap":     {func(u *User) { u.Password, u.PasswordHash = "", strings.Replace(good, "$10$", "$09$", 1) }, "cost 9: want 10 to 14"},
		"too dear":      {func(u *User) { u.Password, u.PasswordHash = "", strings.Replace(good, "$10$", "$15$", 1) }, "cost 15: want 10 to 14"},
		"both":          {func(u *User) { u.PasswordHash = good }, "both a password and the hash"},
		"short device":  {func(u *User) { u.TOTP = []byte("123456789") }, "totp: the secret has fewer than 10 bytes"},
		"none, no keys": {func(u *User) { u.Password, u.Keys = "", nil }, "neither a password nor"},
	} {
		c := config()
		tc.change(&c.Users[0])
		_, err := New(c)
		require.ErrorContains(t, err, tc.want, name)
		require.NotContains(t, err.Error(), "first-password")
		require.NotContains(t, err.Error(), good)
	}
}

// Someone who does not exist must take as long as someone who does.
func TestUnknownUsersCostTheSame(t *testing.T) {
	a, _ := authority(t, func(c *Config) { c.Users[0].Password, c.Users[0].PasswordHash = "", hashed(t, "x") })
	took := func(name string) time.Duration {
		began := time.Now()
		_, err := a.IssueToken(t.Context(), TokenRequest{Methods: []string{"password"}, User: Login{Name: name, Domain: Domain{ID: "d1"}, Password: "y"}})
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
		return time.Since(began)
	}
	// In turns, so that a machine that is busy for a while slows down both; the best
	// of each is what it costs.
	known, unknown := time.Hour, time.Hour
	for range 5 {
		known, unknown = min(known, took("admin")), min(unknown, took("nobody"))
	}
	require.Greater(t, unknown, known/3)
	require.Greater(t, known, unknown/3)
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		for range cap(g.inside) {
			require.NoError(t, g.enter(t.Context()))
		}
		answers := make(chan error, maxWaiting)
		for range maxWaiting {
			go func() { answers <- g.enter(context.Background()) }()
		}
		synctest.Wait()
		require.Equal(t, smn.Overloaded, smn.CodeOf(g.enter(t.Context())), "the queue is full: at once")

		g.leave()
		require.NoError(t, <-answers, "one gets in")
		began := time.Now()
		for range maxWaiting - 1 {
			require.Equal(t, smn.Overloaded, smn.CodeOf(<-answers))
		}
		require.Equal(t, maxWait, time.Since(began))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, smn.Overloaded, smn.CodeOf(g.enter(ctx)), "who has gone does not wait")
		g.leave()
		require.NoError(t, g.enter(t.Context()))
	})
}
