package iam

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestVerifyKey(t *testing.T) {
	a, clk := authority(t)
	try := func(access, secret string) (smn.Caller, error) {
		return a.VerifyKey(t.Context(), access, func(known string) error {
			if known != secret {
				return ErrWrongSecret
			}
			return nil
		})
	}
	caller, err := try("AKEXAMPLE", "SKEXAMPLE")
	require.NoError(t, err)
	require.Equal(t, smn.Caller{Project: projectA, Domain: "d1", User: "u1"}, caller, "the first project")
	for _, access := range []string{"AKUNKNOWN", "", "admin"} {
		_, err := a.VerifyKey(t.Context(), access, func(string) error { panic("there is no secret") })
		require.ErrorIs(t, err, ErrUnknownKey)
	}

	unreadable := errors.New("unreadable")
	for range 2 * maxStrikes {
		_, err := a.VerifyKey(t.Context(), "AKEXAMPLE", func(string) error { return unreadable })
		require.ErrorIs(t, err, unreadable)
	}
	_, err = try("AKEXAMPLE", "SKEXAMPLE")
	require.NoError(t, err, "what was not judged does not count")

	for range maxStrikes {
		_, err := try("AKEXAMPLE", "wrong")
		require.ErrorIs(t, err, ErrWrongSecret)
	}
	_, err = try("AKEXAMPLE", "SKEXAMPLE")
	require.ErrorIs(t, err, ErrKeyLocked)
	require.EqualError(t, sign(a, "AKEXAMPLE", "SKEXAMPLE", clk.t), keyLocked, "all doors share the lock")
	clk.t = clk.t.Add(lockedFor + time.Second)
	_, err = try("AKEXAMPLE", "SKEXAMPLE")
	require.NoError(t, err)
}
