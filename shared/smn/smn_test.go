package smn_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

const urn = "urn:smn:region01:f96188c7ccaf4ffba0c9aa149ab2bd57:disk-alerts"

func TestURNs(t *testing.T) {
	topic, err := smn.ParseTopicURN(urn)
	require.NoError(t, err)
	require.Equal(t, smn.TopicURN{Region: "region01", Project: "f96188c7ccaf4ffba0c9aa149ab2bd57", Name: "disk-alerts"}, topic)
	require.Equal(t, urn, topic.String())

	sub, err := smn.ParseSubscriptionURN(urn + ":a2aa5a1f66df494184f4e108398de1a6")
	require.NoError(t, err)
	require.Equal(t, smn.SubscriptionURN{Topic: topic, ID: "a2aa5a1f66df494184f4e108398de1a6"}, sub)

	for _, bad := range []string{"", urn, urn + ":", urn + ":x", "x:a2aa5a1f66df494184f4e108398de1a6", urn + ":A2AA5A1F66DF494184F4E108398DE1A6"} {
		_, err = smn.ParseSubscriptionURN(bad)
		require.Equal(t, smn.InvalidSubscriptionURN, smn.CodeOf(err), bad)
	}
}

// FuzzURN: what is accepted is written back byte for byte, so that two spellings
// never name one topic.
func FuzzURN(f *testing.F) {
	for _, seed := range []string{urn, urn + ":a2aa5a1f66df494184f4e108398de1a6", "urn:smn:::", strings.ToUpper(urn), urn + "\n", "urn:smn:a:b:c:d:e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if topic, err := smn.ParseTopicURN(s); err == nil {
			require.Equal(t, s, topic.String())
		}
		if sub, err := smn.ParseSubscriptionURN(s); err == nil {
			require.Equal(t, s, sub.String())
			require.Equal(t, sub.Topic.String(), s[:strings.LastIndexByte(s, ':')])
		}
	})
}

func TestNewID(t *testing.T) {
	const goroutines, each = 8, 20_000 // more than fit into a millisecond
	made := make([][]string, goroutines)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			for range each {
				made[i] = append(made[i], smn.NewID())
			}
		})
	}
	wg.Wait()
	for _, ids := range made {
		require.True(t, slices.IsSorted(ids), "in the order of making")
	}
	all := slices.Concat(made...)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), goroutines*each, "never the same twice")
	require.True(t, smn.IsID(all[0]))
}

func TestIsID(t *testing.T) {
	require.True(t, smn.IsID("0123456789abcdef0123456789abcdef"))
	for _, s := range []string{"", "0", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"} {
		require.False(t, smn.IsID(s), s)
	}
}

func TestErrors(t *testing.T) {
	err := smn.Errorf(smn.TopicNotFound, "topic %s: %w", "a", io.EOF)
	require.Equal(t, "TopicNotFound: topic a: EOF", err.Error())
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, smn.TopicNotFound, smn.CodeOf(fmt.Errorf("get: %w", err)))
	require.Equal(t, smn.Internal, smn.CodeOf(errors.New("disk")))
	require.Empty(t, smn.CodeOf(nil))
	require.Equal(t, "TooLarge", (&smn.Error{Code: smn.TooLarge}).Error())
}

func TestCaller(t *testing.T) {
	_, err := smn.CallerFrom(t.Context())
	require.Equal(t, smn.Forbidden, smn.CodeOf(err), "a path that forgot to authenticate acts as nobody")
	caller := smn.Caller{Project: "p", User: "u"}
	got, err := smn.CallerFrom(smn.WithCaller(t.Context(), caller))
	require.NoError(t, err)
	require.Equal(t, caller, got)
}
