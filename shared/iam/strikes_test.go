package iam

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sign tries a request of the first user, with the right secret or a wrong one.
func sign(a *Authority, access, secret string, at time.Time) error {
	r := httptest.NewRequest("GET", "/", nil)
	Sign(r, nil, AccessKey{access, secret}, at)
	_, err := a.Authenticate(r.Context(), r, nil)
	return err
}

const (
	badSignature = "Unauthenticated: Incorrect IAM authentication information: verify aksk signature fail"
	keyLocked    = "Unauthenticated: Incorrect IAM authentication information: AK access failed to reach the limit,forbidden."
)

func TestFiveBadSignaturesLockAKey(t *testing.T) {
	a, clk := authority(t)
	good := func() error { return sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t) }
	bad := func() error { return sign(a, "AKEXAMPLE", "wrong", clk.t) }
	for range 4 {
		require.EqualError(t, bad(), badSignature)
	}
	require.NoError(t, good(), "four do not lock")
	for range 5 {
		require.EqualError(t, bad(), badSignature)
	}
	require.EqualError(t, good(), keyLocked, "five in a row do")
	require.NoError(t, sign(a, "AKSECOND", "second-secret", clk.t), "another key of the same user is free")

	clk.t = clk.t.Add(4 * time.Minute)
	require.EqualError(t, bad(), keyLocked)
	clk.t = clk.t.Add(time.Minute - 1)
	require.EqualError(t, good(), keyLocked, "tries do not prolong it, nor does it end early")
	clk.t = clk.t.Add(1)
	for range 4 {
		require.EqualError(t, bad(), badSignature, "the count begins anew")
	}
	require.NoError(t, good())
}

func TestOnlyBadSignaturesOfKnownKeysCount(t *testing.T) {
	a, clk := authority(t)
	for n := range 20 {
		require.Error(t, sign(a, fmt.Sprint("UNKNOWN", n), "wrong", clk.t))
		require.Error(t, sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t.Add(-time.Hour)), "a clock that is wrong")
	}
	require.Empty(t, a.keyStrikes.names)
	require.NoError(t, sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t))
}

func TestLocksOutliveAReloadOfTheirKey(t *testing.T) {
	a, clk := authority(t)
	for range 5 {
		require.Error(t, sign(a, "AKEXAMPLE", "wrong", clk.t))
		require.Error(t, sign(a, "AKSECOND", "wrong", clk.t))
	}
	c := config()
	c.Users[0].Keys = c.Users[0].Keys[:1]
	require.NoError(t, a.Replace(c.Users, nil))
	require.EqualError(t, sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t), keyLocked)
	require.NotContains(t, a.keyStrikes.names, "AKSECOND", "who is gone is forgotten")
}

// The strikes are those of a plain model: a list of what happened to one name.
func TestStrikesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s strikes
		now, failures, until := start, 0, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second)
			locked := now.Before(until)
			if !locked && !until.IsZero() {
				failures, until = 0, time.Time{}
			}
			if s.locked("k", now) != locked {
				t.Fatalf("locked is %v at %s", !locked, now)
			}
			if locked {
				continue
			}
			if rapid.Bool().Draw(t, "good") {
				s.succeeded("k")
				failures = 0
				continue
			}
			s.failed("k", now)
			if failures++; failures == maxStrikes {
				until = now.Add(lockedFor)
			}
		}
	})
}
