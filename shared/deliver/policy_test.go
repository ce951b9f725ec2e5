package deliver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
)

func TestDefaultPolicy(t *testing.T) {
	table := []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second, 2 * time.Minute, 6 * time.Minute, 18 * time.Minute}
	for i, want := range table {
		least, most := time.Hour, time.Duration(0)
		for range 1000 {
			delay, ok := deliver.DefaultPolicy.Next(i+1, deliver.Outcome{Result: deliver.Again})
			require.True(t, ok)
			least, most = min(least, delay), max(most, delay)
		}
		require.InDelta(t, float64(want)*0.9, float64(least), float64(want)*0.02)
		require.InDelta(t, float64(want)*1.1, float64(most), float64(want)*0.02)
	}
	_, ok := deliver.DefaultPolicy.Next(7, deliver.Outcome{Result: deliver.Again})
	require.False(t, ok, "six further attempts and no more")
	for _, result := range []deliver.Result{deliver.Delivered, deliver.Dead} {
		_, ok = deliver.DefaultPolicy.Next(1, deliver.Outcome{Result: result})
		require.False(t, ok)
	}
}

func TestPolicyHeedsTheEndpointWithinReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts := rapid.IntRange(-1, 9).Draw(t, "attempts")
		after := time.Duration(rapid.Int64().Draw(t, "after"))
		delay, ok := deliver.DefaultPolicy.Next(attempts, deliver.Outcome{Result: deliver.Again, After: after})
		require.Equal(t, attempts >= 1 && attempts <= 6, ok)
		if ok {
			require.GreaterOrEqual(t, delay, 4500*time.Millisecond)
			require.GreaterOrEqual(t, delay, min(after, time.Hour))
			require.LessOrEqual(t, delay, max(time.Hour, 20*time.Minute))
		}
	})
}
