package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// TestMain lets the test binary be started in the roles of the real one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && (os.Args[1] == roleRaw || os.Args[1] == roleSink) {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// briefly is a span without a time to get warm.
func briefly() span {
	now := time.Now()
	return span{from: now, to: now.Add(50 * time.Millisecond)}
}

func TestLoadCountsWhatTheServerGot(t *testing.T) {
	for name, keepAlive := range map[string]bool{"kept connections": true, "closed connections": false} {
		t.Run(name, func(t *testing.T) {
			const concurrency = 4
			var got, bad atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got.Add(1)
				body, err := io.ReadAll(r.Body)
				if err != nil || r.Method != http.MethodPost || r.URL.Path != "/a:b" || string(body) != "hello" || r.Header.Get("X-Auth-Token") != "t" {
					bad.Add(1)
				}
				if !keepAlive {
					w.Header().Set("Connection", "close")
				}
				// Large enough to be sent in chunks.
				_, _ = io.WriteString(w, strings.Repeat("x", 4<<10))
			}))
			defer server.Close()
			to, err := newTarget(server.URL+"/a:b", http.Header{"X-Auth-Token": {"t"}}, []byte("hello"))
			require.NoError(t, err)

			s := briefly()
			rate, err := to.load(t.Context(), concurrency, s)
			require.NoError(t, err)
			require.Zero(t, bad.Load())
			counted := rate * s.to.Sub(s.from).Seconds()
			// What each connection had under way when the span ended does not count.
			require.InDelta(t, float64(got.Load()), counted, concurrency+0.5)
			require.Positive(t, counted)
		})
	}
}

func TestLoadFailsOnARefusal(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	to, err := newTarget(server.URL, nil, nil)
	require.NoError(t, err)
	_, err = to.load(t.Context(), 2, briefly())
	require.ErrorContains(t, err, "404")
}

func TestLoadEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(rawServer())
	defer server.Close()
	to, err := newTarget(server.URL, nil, []byte(`{"message":"m"}`))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = to.load(ctx, 2, span{from: time.Now(), to: time.Now().Add(time.Minute)})
	require.ErrorIs(t, err, context.Canceled)
}

func TestRawServerAnswersLikeTheService(t *testing.T) {
	raw, err := startRole(t.Context(), roleRaw) // a process of its own
	require.NoError(t, err)
	defer raw.stop()
	answer, err := http.Post(raw.url+"/any", "application/json", strings.NewReader(`{"message":"m"}`))
	require.NoError(t, err)
	defer answer.Body.Close()
	var out wire.PublishResponse
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&out))
	require.Len(t, out.MessageID, 32)

	refused, err := http.Post(raw.url+"/any", "application/json", strings.NewReader(`{"message":""}`))
	require.NoError(t, err)
	defer refused.Body.Close()
	require.Equal(t, http.StatusBadRequest, refused.StatusCode)
}

func TestSinkCountsRepeatsOnce(t *testing.T) {
	s := newSink()
	post := func(path, message string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("body"))
		if message != "" {
			r.Header.Set(wire.HeaderMessageID, message)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	first, second := smn.NewID(), smn.NewID()
	for _, p := range []struct{ path, message string }{{"/1", first}, {"/1", second}, {"/2", first}, {"/1", first}, {"/1", ""}} {
		require.Equal(t, http.StatusOK, post(p.path, p.message))
	}
	require.Equal(t, http.StatusBadRequest, post("/x", first))
	require.Equal(t, http.StatusBadRequest, post("/1", "short"))

	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, pathCounts, nil))
	var c counts
	require.NoError(t, json.NewDecoder(w.Body).Decode(&c))
	require.Positive(t, c.AtMicros)
	c.AtMicros = 0
	require.Equal(t, counts{Deliveries: 4, Distinct: 3, Plain: 1, BodyBytes: 4}, c)
}

func TestSinkConfirms(t *testing.T) {
	followed := make(chan string, 1)
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { followed <- r.URL.String() }))
	defer service.Close()
	body, err := json.Marshal(wire.Push{Type: wire.TypeConfirmation, SubscribeURL: service.URL + "/confirm?token=t"})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/1", strings.NewReader(string(body)))
	r.Header.Set(wire.HeaderMessageType, wire.TypeConfirmation)
	s := newSink()
	s.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "/confirm?token=t", <-followed)
	require.Zero(t, s.now().Deliveries)
}

func TestRawLoopCountsWhatTheSinkGot(t *testing.T) {
	s := newSink()
	server := httptest.NewServer(s)
	defer server.Close()
	during := briefly()
	rate, err := rawLoop(t.Context(), server.URL, 10, 100, during)
	require.NoError(t, err)
	require.InDelta(t, float64(s.now().Plain), rate*during.to.Sub(during.from).Seconds(), rawWorkers+0.5)
}

// A service that delivers at once, and some messages twice.
func TestFanOutCountsDistinctDeliveries(t *testing.T) {
	s := newSink()
	receiver := httptest.NewServer(s)
	defer receiver.Close()
	const subscribers = 3
	var published, repeated atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		id := smn.NewID()
		for i := range subscribers {
			_ = s.count(fmt.Sprintf("/%d", i), id, 5)
		}
		if published.Add(1)%10 == 1 {
			_ = s.count("/0", id, 5)
			repeated.Add(1)
		}
	}))
	defer service.Close()
	publishing, err := newTarget(service.URL, nil, nil)
	require.NoError(t, err)
	f := fanOut{sink: sinkClient{url: receiver.URL, client: receiver.Client()}, publishing: publishing, subscribers: subscribers}
	o, err := f.run(t.Context(), 50*time.Millisecond)
	require.NoError(t, err)
	require.Positive(t, o.rate)
	require.Equal(t, repeated.Load(), o.repeats)
	require.Equal(t, published.Load()*subscribers, s.now().Distinct)
}

func TestFanOutFailsWithTheService(t *testing.T) {
	receiver := httptest.NewServer(newSink())
	defer receiver.Close()
	service := httptest.NewServer(http.NotFoundHandler())
	defer service.Close()
	publishing, err := newTarget(service.URL, nil, nil)
	require.NoError(t, err)
	f := fanOut{sink: sinkClient{url: receiver.URL, client: receiver.Client()}, publishing: publishing, subscribers: 1}
	_, err = f.run(t.Context(), time.Minute)
	require.ErrorContains(t, err, "404")
}

func TestAddressIsFoundInTheLog(t *testing.T) {
	require.Equal(t, "127.0.0.1:4711", addressIn([]byte("no JSON\n"+`{"msg":"starting","address":"no"}`+"\n"+`{"msg":"listening","address":"127.0.0.1:4711"}`+"\n")))
	require.Empty(t, addressIn([]byte(`{"msg":"listening","addr`)))
}

func TestOptions(t *testing.T) {
	o, err := parse([]string{"-rounds", "5", "-seconds", "0.5", "-only", "deliver"})
	require.NoError(t, err)
	require.Equal(t, 5, o.rounds)
	require.Equal(t, 500*time.Millisecond, o.length)
	require.Equal(t, partDeliver, o.only)

	o, err = parse([]string{"-url", "http://127.0.0.1:8080"})
	require.NoError(t, err)
	require.Equal(t, partPublish, o.only)

	for _, args := range []string{"x", "-rounds 0", "-rounds 101", "-seconds 0.09", "-seconds 61", "-seconds NaN", "-only both", "-url x", "-url http://h -only deliver"} {
		_, err := parse(strings.Fields(args))
		require.Error(t, err, args)
	}
}

func TestMedian(t *testing.T) {
	require.Zero(t, series(nil).median())
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

func TestTable(t *testing.T) {
	a, b := &comparison{name: "one"}, &comparison{name: "another"}
	for round := range 3 {
		order := ""
		require.NoError(t, a.measure(round,
			func() (float64, error) { order += "ours "; return 1000 * float64(round+1), nil },
			func() (float64, error) { order += "raw "; return 2000, nil }))
		require.Equal(t, []string{"ours raw ", "raw ours ", "ours raw "}[round], order)
	}
	b.add(999, 1234567)
	var out strings.Builder
	require.NoError(t, printTable(&out,
		section{heading: [4]string{"first", "ours/s", "raw/s", "ratio"}, lines: []*comparison{a}},
		section{heading: [4]string{"second", "ours/s", "raw/s", "ratio"}, lines: []*comparison{b}}))
	require.Equal(t, strings.TrimLeft(`
first     ours/s                raw/s                             ratio
one       2,000 (1,000–3,000)   2,000 (2,000–2,000)               1.00 (0.50–1.50)

second    ours/s                raw/s                             ratio
another   999 (999–999)         1,234,567 (1,234,567–1,234,567)   0.00 (0.00–0.00)
`, "\n"), out.String())
}
