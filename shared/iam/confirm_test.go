package iam

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
)

var confirmSubject = ConfirmSubject{Project: projectA, TopicID: projectB, SubscriptionID: "00112233445566778899aabbccddeeff", Version: 3}

func confirmTokens(t testing.TB) ConfirmTokens {
	t.Helper()
	tokens, err := NewConfirmTokens(tokenKey)
	require.NoError(t, err)
	return tokens
}

func TestConfirmToken(t *testing.T) {
	tokens := confirmTokens(t)
	expires := start.Add(48 * time.Hour)
	token := tokens.Issue(confirmSubject, expires.Add(999*time.Millisecond))
	require.Len(t, token, 160)
	require.Equal(t, token, tokens.Issue(confirmSubject, expires), "whole seconds, and nothing random")
	require.Equal(t, projectA+projectB+confirmSubject.SubscriptionID+"00000003"+"0000000065962025", token[:120], "the layout is for ever: links are out there")

	got, err := tokens.Open(token, expires.Add(-time.Nanosecond))
	require.NoError(t, err)
	require.Equal(t, confirmSubject, got)

	_, err = tokens.Open(token, expires)
	require.EqualError(t, err, "InvalidToken: the token expired at 2024-01-04T03:04:05Z")
}

func TestConfirmTokenRoundTrip(t *testing.T) {
	tokens := confirmTokens(t)
	id := rapid.Custom(func(t *rapid.T) string {
		return hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	})
	rapid.Check(t, func(t *rapid.T) {
		s := ConfirmSubject{
			Project: id.Draw(t, "project"), TopicID: id.Draw(t, "topic"), SubscriptionID: id.Draw(t, "subscription"),
			Version: rapid.IntRange(0, math.MaxUint32).Draw(t, "version"),
		}
		expires := start.Add(time.Duration(rapid.Int64Range(1, int64(1e6)).Draw(t, "seconds")) * time.Second)
		token := tokens.Issue(s, expires)
		got, err := tokens.Open(token, start)
		require.NoError(t, err)
		require.Equal(t, s, got)

		bent := []byte(token)
		i := rapid.IntRange(0, len(bent)-1).Draw(t, "character")
		bent[i] = rapid.SampledFrom([]byte(strings.Replace("0123456789abcdef", string(bent[i]), "", 1))).Draw(t, "instead")
		_, err = tokens.Open(string(bent), start)
		require.Equal(t, smn.InvalidToken, smn.CodeOf(err))
	})
}

func TestConfirmTokenRefused(t *testing.T) {
	tokens := confirmTokens(t)
	good := tokens.Issue(confirmSubject, start.Add(time.Hour))
	other, err := NewConfirmTokens(bytes.Repeat([]byte{8}, 32))
	require.NoError(t, err)
	for name, token := range map[string]string{
		"empty": "", "not hex": strings.Repeat("z", 160), "zeros": strings.Repeat("0", 160), "upper case": strings.ToUpper(good),
		"cut": good[:158], "odd": good[:159], "longer": good + "00", "space": good + " ", "huge": strings.Repeat("0", 1<<20),
		"of another key": other.Issue(confirmSubject, start.Add(time.Hour)),
		"expiry bent":    good[:119] + "f" + good[120:],
	} {
		_, err := tokens.Open(token, start)
		require.EqualError(t, err, "InvalidToken: the token was not made by this service, or not copied whole", name)
	}
	_, err = tokens.Open(strings.ToUpper(good[:120])+good[120:], start)
	require.Equal(t, smn.InvalidToken, smn.CodeOf(err), "one spelling")
}

func TestConfirmTokenMisuse(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33} {
		_, err := NewConfirmTokens(make([]byte, size))
		require.Error(t, err)
	}
	tokens := confirmTokens(t)
	for name, change := range map[string]func(*ConfirmSubject){
		"no project":         func(s *ConfirmSubject) { s.Project = "" },
		"topic of odd case":  func(s *ConfirmSubject) { s.TopicID = strings.ToUpper(s.TopicID) },
		"short subscription": func(s *ConfirmSubject) { s.SubscriptionID = s.SubscriptionID[1:] },
		"negative version":   func(s *ConfirmSubject) { s.Version = -1 },
		"version too large":  func(s *ConfirmSubject) { s.Version = math.MaxUint32 + 1 },
	} {
		s := confirmSubject
		change(&s)
		require.Panics(t, func() { tokens.Issue(s, start) }, name)
	}
	require.Panics(t, func() { ConfirmTokens{}.Issue(confirmSubject, start) }, "without a key anybody could write tokens")
	require.Panics(t, func() { _, _ = ConfirmTokens{}.Open(strings.Repeat("0", 160), start) })
}

func FuzzConfirmToken(f *testing.F) {
	tokens := confirmTokens(f)
	good := tokens.Issue(confirmSubject, start.Add(time.Hour))
	f.Add(good)
	f.Add(strings.ToUpper(good))
	f.Add(good[:100])
	f.Fuzz(func(t *testing.T, token string) {
		_, err := tokens.Open(token, start)
		if token == good {
			require.NoError(t, err)
			return
		}
		require.Equal(t, smn.InvalidToken, smn.CodeOf(err))
	})
}
