package iam

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// The vectors are those of RFC 6238, appendix B, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		require.Equal(t, want, totpCode([]byte("12345678901234567890"), seconds/totpStep))
	}
}

func TestParseTOTPSecret(t *testing.T) {
	const want = "12345678901234567890"
	for _, spelt := range []string{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ===",
	} {
		got, err := ParseTOTPSecret(spelt)
		require.NoError(t, err, spelt)
		require.Equal(t, want, string(got))
	}
	for _, wrong := range []string{"", "GEZDGNBVGY3TQ", "GEZDGNBVGY3TQOJQ1", "GEZDGNBV\nGY3TQOJQGEZDGNBVGY3TQOJQ", "ü"} {
		_, err := ParseTOTPSecret(wrong)
		require.Error(t, err, wrong)
		if wrong != "" {
			require.NotContains(t, err.Error(), wrong)
		}
	}
}

var device = []byte("12345678901234567890")

// withDevice gives the first user a device.
func withDevice(c *Config) { c.Users[0].TOTP = device }

// twoFactors asks for a token with the passcode of a moment.
func twoFactors(at time.Time) TokenRequest {
	req := login()
	req.Methods = []string{"password", "totp"}
	req.Passcode = Passcode{ID: "u1", Code: totpCode(device, at.Unix()/totpStep)}
	return req
}

func TestSecondFactor(t *testing.T) {
	refused := smn.Errorf(smn.Unauthenticated, wrongLogin)
	t.Run("is needed by who has a device", func(t *testing.T) {
		a, _ := authority(t, withDevice)
		_, err := a.IssueToken(t.Context(), login())
		require.Equal(t, refused, err)
		token := issue(t, a, twoFactors(start))
		require.Equal(t, []string{"password", "totp"}, token.Methods)
		seen, err := a.InspectToken(t.Context(), token.Value)
		require.NoError(t, err)
		require.Equal(t, token, seen)
	})
	t.Run("proves nothing without one", func(t *testing.T) {
		a, _ := authority(t)
		_, err := a.IssueToken(t.Context(), twoFactors(start))
		require.Equal(t, refused, err)
	})
	t.Run("methods in any order", func(t *testing.T) {
		a, _ := authority(t, withDevice)
		req := twoFactors(start)
		req.Methods = []string{"totp", "password"}
		issue(t, a, req)
	})
	t.Run("by whom", func(t *testing.T) {
		for name, tc := range map[string]struct {
			user Passcode
			ok   bool
		}{
			"nobody":           {Passcode{}, true},
			"name":             {Passcode{Name: "admin"}, true},
			"name and domain":  {Passcode{Name: "admin", Domain: Domain{Name: "one"}}, true},
			"another id":       {Passcode{ID: "u2"}, false},
			"another name":     {Passcode{Name: "carol"}, false},
			"domain of others": {Passcode{Name: "admin", Domain: Domain{ID: "d2"}}, false},
		} {
			a, _ := authority(t, withDevice)
			req := twoFactors(start)
			tc.user.Code = req.Passcode.Code
			req.Passcode = tc.user
			_, err := a.IssueToken(t.Context(), req)
			require.Equal(t, tc.ok, err == nil, name)
		}
	})
	t.Run("one step of difference", func(t *testing.T) {
		for shift, ok := range map[time.Duration]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			a, _ := authority(t, withDevice)
			_, err := a.IssueToken(t.Context(), twoFactors(start.Add(shift*time.Second)))
			require.Equal(t, ok, err == nil, shift)
		}
	})
	t.Run("works once", func(t *testing.T) {
		a, clk := authority(t, withDevice)
		issue(t, a, twoFactors(start))
		_, err := a.IssueToken(t.Context(), twoFactors(start))
		require.Equal(t, refused, err)
		_, err = a.IssueToken(t.Context(), twoFactors(start.Add(-30*time.Second)))
		require.Equal(t, refused, err, "nor does an older one work after it")
		c := config()
		withDevice(&c)
		require.NoError(t, a.Replace(c.Users, nil))
		_, err = a.IssueToken(t.Context(), twoFactors(start))
		require.Equal(t, refused, err, "not after a reload either")
		issue(t, a, twoFactors(start.Add(30*time.Second)))
		clk.t = start.Add(5 * time.Minute)
		issue(t, a, twoFactors(clk.t))
		require.Len(t, a.usedCodes.last, 1)
	})
	t.Run("a wrong password does not use it up", func(t *testing.T) {
		a, _ := authority(t, withDevice)
		req := twoFactors(start)
		req.User.Password = "wrong"
		_, err := a.IssueToken(t.Context(), req)
		require.Equal(t, refused, err)
		issue(t, a, twoFactors(start))
	})
	t.Run("five wrong ones lock", func(t *testing.T) {
		a, clk := authority(t, withDevice)
		wrong := twoFactors(start)
		wrong.Passcode.Code = "000000"
		for range 5 {
			_, err := a.IssueToken(t.Context(), wrong)
			require.Equal(t, refused, err)
		}
		_, err := a.IssueToken(t.Context(), twoFactors(clk.t))
		require.Equal(t, refused, err)
		clk.t = start.Add(5 * time.Minute)
		issue(t, a, twoFactors(clk.t))
	})
	t.Run("a passcode is missing", func(t *testing.T) {
		a, _ := authority(t, withDevice)
		req := twoFactors(start)
		req.Passcode.Code = ""
		_, err := a.IssueToken(t.Context(), req)
		require.Equal(t, smn.Unreadable, smn.CodeOf(err))
	})
	t.Run("another device ends tokens", func(t *testing.T) {
		a, _ := authority(t, withDevice)
		token := issue(t, a, twoFactors(start))
		require.NoError(t, a.Replace(config().Users, nil))
		_, err := a.InspectToken(t.Context(), token.Value)
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	})
}
