package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/internal/trial"
	"tocsin/shared/embedded"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// TestMain lets the test binary be started in the roles of the real one.
func TestMain(m *testing.M) {
	if isRole(os.Args[1:]) {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// briefly is a short span without a time to get warm.
func briefly() span { return atOnce(50 * time.Millisecond) }

func atOnce(length time.Duration) span {
	now := time.Now()
	return span{from: now, to: now.Add(length)}
}

func TestLoadCountsWhatTheServerGot(t *testing.T) {
	for name, c := range map[string]struct{ keepAlive, client bool }{
		"kept connections": {keepAlive: true}, "closed connections": {}, "http.Client": {keepAlive: true, client: true},
	} {
		t.Run(name, func(t *testing.T) {
			const concurrency = 4
			var got, bad atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got.Add(1)
				body, err := io.ReadAll(r.Body)
				if err != nil || r.Method != http.MethodPost || r.URL.Path != "/a:b" || string(body) != "hello" || r.Header.Get("X-Auth-Token") != "t" {
					bad.Add(1)
				}
				if !c.keepAlive {
					w.Header().Set("Connection", "close")
				}
				// Large enough to be sent in chunks.
				_, _ = io.WriteString(w, strings.Repeat("x", 4<<10))
			}))
			defer server.Close()
			to, err := newTarget(server.URL+"/a:b", http.Header{"X-Auth-Token": {"t"}}, []byte("hello"))
			require.NoError(t, err)
			if c.client {
				to = to.withClient()
				defer to.client.CloseIdleConnections()
			}

			// A machine that is busy gets more time to answer what is to be counted.
			for length := 50 * time.Millisecond; got.Load() <= concurrency; length *= 2 {
				got.Store(0)
				s := atOnce(length)
				rate, err := to.load(t.Context(), concurrency, s)
				require.NoError(t, err)
				require.Zero(t, bad.Load())
				counted := rate * s.to.Sub(s.from).Seconds()
				// What each connection had under way when the span ended does not count.
				require.InDelta(t, float64(got.Load()), counted, concurrency+0.5)
				require.Less(t, length, time.Minute, "no connection is used again")
			}
		})
	}
}

func TestLoadFailsOnARefusal(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	to, err := newTarget(server.URL, nil, nil)
	require.NoError(t, err)
	for _, to := range []target{to, to.withClient()} {
		_, err = to.load(t.Context(), 2, briefly())
		require.ErrorContains(t, err, "404")
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(rawServer(func([]byte) error { return nil }))
	defer server.Close()
	to, err := newTarget(server.URL, nil, []byte(`{"message":"m"}`))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = to.load(ctx, 2, span{from: time.Now(), to: time.Now().Add(time.Minute)})
	require.ErrorIs(t, err, context.Canceled)
}

// The raw servers answer like the service, in processes of their own; the durable
// one has kept what it answered.
func TestRawServersAnswerLikeTheService(t *testing.T) {
	dir := t.TempDir()
	for _, role := range [][]string{{roleRaw}, {roleFsync, dir}} {
		raw, err := startRole(t.Context(), role...)
		require.NoError(t, err)
		defer raw.stop()
		answer, err := http.Post(raw.urls[0]+"/any", "application/json", strings.NewReader(`{"message":"m"}`))
		require.NoError(t, err)
		defer answer.Body.Close()
		var out wire.PublishResponse
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&out))
		require.Len(t, out.MessageID, 32)

		refused, err := http.Post(raw.urls[0]+"/any", "application/json", strings.NewReader(`{"message":""}`))
		require.NoError(t, err)
		defer refused.Body.Close()
		require.Equal(t, http.StatusBadRequest, refused.StatusCode)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "raw-*.log"))
	require.NoError(t, err)
	require.Len(t, logs, 1)
	log, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	require.Len(t, log, rowBytes)
	require.True(t, strings.HasPrefix(string(log), `{"message":"m"}`))
}

func TestReceiver(t *testing.T) {
	r, stop, err := startReceiver(t.Context())
	require.NoError(t, err)
	defer stop()
	require.NotEqual(t, r.url, r.other)
	deliver(t, r.endpoints(2)[1], smn.NewID(), trial.Stamp(time.Now()))
	deliver(t, r.other+"/good/7", smn.NewID(), "")
	c, err := r.counts(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, c.Distinct)
	times, err := r.times(t.Context())
	require.NoError(t, err)
	require.Len(t, times, 1)
	require.Positive(t, times[0])
}

func deliver(t *testing.T, endpoint, messageID, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set(wire.HeaderMessageID, messageID)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestRawLoopCountsWhatTheSinkGot(t *testing.T) {
	s := trial.NewSink()
	server := httptest.NewServer(s)
	defer server.Close()
	during := briefly()
	rate, err := rawLoop(t.Context(), receiver{url: server.URL}.endpoints(10), 100, during)
	require.NoError(t, err)
	require.InDelta(t, float64(s.Counts().Plain), rate*during.to.Sub(during.from).Seconds(), rawWorkers+0.5)
}

// A service that delivers at once, and some messages twice.
func TestFanOutCountsDistinctDeliveries(t *testing.T) {
	r, stop, err := startReceiver(t.Context())
	require.NoError(t, err)
	defer stop()
	const subscribers = 3
	var published atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		id := smn.NewID()
		for _, endpoint := range r.endpoints(subscribers) {
			deliver(t, endpoint, id, "")
		}
		if published.Add(1)%10 == 1 {
			deliver(t, r.endpoints(1)[0], id, "")
		}
	}))
	defer service.Close()
	publishing, err := newTarget(service.URL, nil, nil)
	require.NoError(t, err)
	rate, err := fanOut{sink: r, publishing: publishing, subscribers: subscribers}.run(t.Context(), time.Second) // in which a busy machine, too, asks the sink twice
	require.NoError(t, err)
	require.Positive(t, rate)
	c, err := r.counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, published.Load()*subscribers, c.Distinct)
	require.Positive(t, c.Repeats())
}

func TestFanOutFailsWithTheService(t *testing.T) {
	r, stop, err := startReceiver(t.Context())
	require.NoError(t, err)
	defer stop()
	service := httptest.NewServer(http.NotFoundHandler())
	defer service.Close()
	publishing, err := newTarget(service.URL, nil, nil)
	require.NoError(t, err)
	_, err = fanOut{sink: r, publishing: publishing, subscribers: 1}.run(t.Context(), time.Minute)
	require.ErrorContains(t, err, "404")
}

func TestPrepareWritesWhatTheServiceReads(t *testing.T) {
	dir := t.TempDir()
	p := plan{topic: "planned", endpoints: receiver{url: "http://127.0.0.1:1"}.endpoints(addAtOnce + 1)}
	require.NoError(t, prepare(t.Context(), dir, []plan{{topic: "empty"}, p}))
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	confirmed := smn.Confirmed
	page, err := db.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: ownProject, Status: &confirmed, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, len(p.endpoints), page.Total)
	topic, err := db.GetTopic(t.Context(), ownProject, p.topic)
	require.NoError(t, err)
	urn, err := smn.ParseTopicURN(p.urn())
	require.NoError(t, err)
	require.Equal(t, topic.Name, urn.Name)
}

func TestSignatures(t *testing.T) {
	rate, err := signaturesPerSecond(t.Context(), 50*time.Millisecond)
	require.NoError(t, err)
	require.Positive(t, rate)
}

func TestOptions(t *testing.T) {
	o, err := parse([]string{"-rounds", "5", "-seconds", "0.5", "-only", "deliver,isolation", "-million", "-pressure", "60s"})
	require.NoError(t, err)
	require.Equal(t, 5, o.rounds)
	require.Equal(t, 500*time.Millisecond, o.length)
	require.Equal(t, []string{partDeliver, partIsolation, partMillion}, o.parts)
	require.Equal(t, generatorClient, o.generator)
	require.Equal(t, time.Minute, o.pressure)

	o, err = parse([]string{"-url", "http://127.0.0.1:8080", "-generator", "raw"})
	require.NoError(t, err)
	require.Equal(t, []string{partPublish}, o.parts)
	require.Equal(t, generatorRaw, o.generator)

	for _, args := range []string{
		"x", "-rounds 0", "-rounds 101", "-seconds 0.09", "-seconds 61", "-seconds NaN", "-only both", "-only publish,", "-url x", "-generator curl",
		"-pressure 0.9s", "-pressure 11m",
	} {
		_, err := parse(strings.Fields(args))
		require.Error(t, err, args)
	}

	s, err := parseSoak([]string{"-minutes", "0.1", "-kills", "3", "-seed", "7"})
	require.NoError(t, err)
	require.Equal(t, 6*time.Second, s.length)
	require.EqualValues(t, 7, s.seed)
	for _, args := range []string{"x", "-minutes 0", "-minutes NaN", "-minutes 601", "-kills 0", "-rate 0.5", "-rate 1001"} {
		_, err := parseSoak(strings.Fields(args))
		require.Error(t, err, args)
	}
}

func TestMedianAndQuantile(t *testing.T) {
	require.True(t, math.IsNaN(series(nil).median()))
	require.True(t, math.IsNaN(series(nil).quantile(0.99)))
	hundred := make(series, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	require.Equal(t, []float64{1, 50, 99, 100}, []float64{hundred.quantile(0), hundred.quantile(0.5), hundred.quantile(0.99), hundred.quantile(1)})
	rapid.Check(t, func(t *rapid.T) {
		s := series(rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 9).Draw(t, "s"))
		m := s.median()
		var below, above int
		for _, v := range s {
			if v < m {
				below++
			}
			if v > m {
				above++
			}
		}
		require.LessOrEqual(t, 2*below, len(s))
		require.LessOrEqual(t, 2*above, len(s))
	})
}

func TestGrouped(t *testing.T) {
	var order []trouble
	goods := map[int]bool{}
	for good, group := range grouped(troubles) {
		require.False(t, goods[good], "a base of its own is measured for each group")
		goods[good] = true
		order = append(order, group...)
		for _, g := range group {
			require.Equal(t, good, crowd-g.bad)
		}
	}
	require.Equal(t, troubles, order)
}

func TestTable(t *testing.T) {
	more := &row{name: "more", base: "raw", unit: perSecond, result: ratio, goal: goal{atLeast: 0.5, aim: 0.8}}
	order := ""
	s := compare(more,
		func(context.Context) (float64, error) { order += "ours "; return 1200, nil },
		func(context.Context) (float64, error) { order += "base "; return 2000, nil })
	for round := range 3 {
		require.NoError(t, s.take(t.Context(), round))
	}
	require.Equal(t, "ours base base ours ours base ", order)
	less := &row{name: "less", unit: millis, result: millis, goal: goal{atLeast: 12e-3, aim: 6e-3, atMost: true}}
	s = step{rows: []*row{less}, measure: func(_ context.Context, round int) ([]reading, error) {
		return []reading{alone(float64(5+round) * 1e-3)}, nil
	}}
	for round := range 3 {
		require.NoError(t, s.take(t.Context(), round))
	}
	var out strings.Builder
	require.NoError(t, printTable(&out, []*row{more, less, {name: "never"}}))
	require.Equal(t, strings.TrimLeft(`
what    Tocsin    beside it     result (lowest–highest)     at least       aim
more    1,200/s   2,000/s raw   0.60 (0.60–0.60)            0.50 met       0.80 not met
less    6.00 ms                 6.00 ms (5.00 ms–7.00 ms)   12.00 ms met   6.00 ms met
never   not measured
`, "\n"), out.String())
	require.Equal(t, "1,234,567/s", perSecond(1234567))
}
