package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/embedded"
	"tocsin/shared/store"
)

// A full server ends no load; one that fails does.
func TestPressGoesOnWhenTheServerIsFull(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		goesOn     bool
	}{
		"full": {503, "1", true}, "down": {503, "", false}, "failing": {500, "1", false},
	} {
		t.Run(name, func(t *testing.T) {
			var got atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if got.Add(1)%2 != 0 { // each of the two lines sends one at least
					return
				}
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
			}))
			defer server.Close()
			to, err := newTarget(server.URL, nil, []byte("hello"))
			require.NoError(t, err)
			for _, to := range []target{to, to.withClient()} {
				got.Store(0)
				p, err := to.press(t.Context(), 2, 500*time.Millisecond)
				if !c.goesOn {
					require.ErrorContains(t, err, http.StatusText(c.status))
					continue
				}
				require.NoError(t, err)
				require.Equal(t, got.Load(), p.accepted.Load()+p.refused.Load())
				require.Equal(t, got.Load()/2, p.refused.Load())
				require.Greater(t, got.Load(), int64(4), "a line ends with neither")
			}
		})
	}
}

// What waits behind a late answer is late, too: it was due before.
func TestSteadilyCountsFromWhenItWasDue(t *testing.T) {
	const late, interval = 100 * time.Millisecond, time.Millisecond
	ending := make(chan struct{})
	var got int
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		if got++; got == 10 {
			time.Sleep(late)
		}
		if got == 50 {
			close(ending)
		}
	}))
	defer server.Close()
	to, err := newTarget(server.URL, nil, nil)
	require.NoError(t, err)
	all, err := to.steadily(t.Context(), 1, interval, ending)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 50)
	for i, a := range all {
		require.Equal(t, all[0].at.Add(time.Duration(i)*interval), a.at)
		if i == 9 {
			require.GreaterOrEqual(t, a.took, late)
		}
	}
	require.Greater(t, all[10].took, late/2)
	some := span{from: all[9].at, to: all[11].at}
	require.Equal(t, series{all[9].took.Seconds(), all[10].took.Seconds()}, some.during(all))
	_, err = some.slowest(all)
	require.ErrorIs(t, err, errFewAnswers)
}

// A server that stands still to the end gets no better result for that.
func TestSteadilyCountsWhatWasNeverSent(t *testing.T) {
	const stands = 100 * time.Millisecond
	ending := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(ending)
		time.Sleep(stands)
	}))
	defer server.Close()
	to, err := newTarget(server.URL, nil, nil)
	require.NoError(t, err)
	all, err := to.steadily(t.Context(), 1, stands/10, ending)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 10)
	require.GreaterOrEqual(t, all[1].took, stands/2)
}

func TestDisturbJudgesTheSpans(t *testing.T) {
	const slow, window = steadyEvery / 2, 250 * time.Millisecond
	var loudly atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if loudly.Load() {
			time.Sleep(slow)
		}
	}))
	defer server.Close()
	to, err := newTarget(server.URL, nil, nil)
	require.NoError(t, err)
	readings, err := disturb(t.Context(), to, func(ctx context.Context) (quiet, loud span, err error) {
		quiet = span{time.Now(), time.Now().Add(window)}
		require.NoError(t, rest(ctx, window))
		loudly.Store(true)
		loud = span{quiet.to, quiet.to.Add(window)}
		return quiet, loud, rest(ctx, window)
	})
	require.NoError(t, err)
	require.Len(t, readings, 1)
	require.GreaterOrEqual(t, readings[0].ours, slow.Seconds())
	require.InEpsilon(t, readings[0].ours/readings[0].base, readings[0].result, 1e-9)

	failed := errors.New("no disturbance")
	_, err = disturb(t.Context(), to, func(context.Context) (quiet, loud span, err error) { return quiet, loud, failed })
	require.ErrorIs(t, err, failed)
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	to, err = newTarget(down.URL, nil, nil)
	require.NoError(t, err)
	_, err = disturb(t.Context(), to, func(ctx context.Context) (quiet, loud span, err error) {
		return quiet, loud, rest(ctx, time.Minute)
	})
	require.ErrorContains(t, err, "404")
}

func TestGrowth(t *testing.T) {
	seen := make(series, 300)
	for i := range seen {
		seen[i] = float64(i)
	}
	third, end := growth(seen)
	require.Equal(t, []float64{84.5, 284.5}, []float64{third, end})
	third, end = growth(series{1, 2, 3})
	require.Equal(t, []float64{1, 3}, []float64{third, end})
	third, end = growth(nil) // where nobody tells the memory
	require.True(t, third != third && end != end)
}

// The old messages are there with their reports, and a purge removes them all.
func TestPrepareWritesOldMessages(t *testing.T) {
	const n = 200
	dir := t.TempDir()
	require.NoError(t, prepare(t.Context(), dir, []plan{{topic: "old", old: n}, {topic: "one"}}))
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, i := range []int{0, n / 2, n - 1} {
		report, err := db.GetReport(t.Context(), oldMessage(i))
		require.NoError(t, err)
		require.Equal(t, []int{1, 1}, []int{report.Matched, report.Dead})
		require.False(t, report.FanningOut, "nothing is left to do for it")
	}
	topic, err := db.GetTopic(t.Context(), ownProject, "old")
	require.NoError(t, err)
	newest := func(after string) string {
		list, err := db.ListMessages(t.Context(), store.MessageQuery{TopicID: topic.ID, After: after, Limit: n})
		require.NoError(t, err)
		return list[len(list)-1].ID
	}
	require.Equal(t, oldMessage(0), newest(""), "the oldest is the first that a purge meets")
	removed, err := db.Purge(t.Context(), time.Now().Add(-14*24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, n, removed)
}
