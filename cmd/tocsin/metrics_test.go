package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// openQuiet opens a house with these flags, which is closed with the test.
func openQuiet(t *testing.T, log io.Writer, args ...string) *house {
	t.Helper()
	s := parsed(t, append([]string{"-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)...).settings
	h, err := openHouse(t.Context(), s, slog.New(slog.NewJSONHandler(log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.close()) })
	return h
}

// serveQuiet serves a house until the test ends.
func serveQuiet(t *testing.T, args ...string) *house {
	t.Helper()
	var log bytes.Buffer
	s := parsed(t, append([]string{"-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)...).settings
	h, err := openHouse(t.Context(), s, slog.New(slog.NewJSONHandler(&log, nil)))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
		require.NotContains(t, log.String(), `"level":"ERROR"`)
	})
	return h
}

func TestMetricsOfAServer(t *testing.T) {
	h := serveQuiet(t, "-metrics-addr", "127.0.0.1:0")
	open := "http://" + h.sides[1].listener.Addr().String()
	status, _ := get(t, h.settings.PublicURL+"/v2/nowhere", nil)
	require.Equal(t, http.StatusNotFound, status)
	for url, change := range map[string]func(*http.Request){
		h.settings.PublicURL: nil,
		open:                 func(r *http.Request) { r.Host = "tocsin.example.com" },
	} {
		status, text := get(t, url+"/metrics", change)
		require.Equal(t, http.StatusOK, status)
		for _, line := range []string{
			`tocsin_request_duration_seconds_count{operation="none",status="4xx"} 1`,
			"tocsin_backlog_tasks 0", "tocsin_oldest_task_seconds 0", "tocsin_dead_deliveries 0", "tocsin_messages_accepted_total 0",
		} {
			require.Contains(t, text, line+"\n")
		}
		require.Regexp(t, `\ntocsin_database_bytes [1-9]`, text)
		require.Regexp(t, `\ngo_goroutines [1-9]`, text)
	}
	for _, page := range []string{"/healthz", "/_local/outbox", "/"} {
		status, _ = get(t, open+page, nil)
		require.Equal(t, http.StatusNotFound, status, "nothing else is shown there")
	}
}

// sample is everything that the observers can be told.
func sample(m *metrics) {
	m.Answered("publish", http.StatusOK, time.Millisecond)
	m.Answered("publish", http.StatusServiceUnavailable, time.Millisecond)
	m.Answered("publish-alerts", http.StatusOK, time.Millisecond)
	m.Answered("publish-alerts", http.StatusNotFound, time.Millisecond)
	m.Answered("mns-publish", http.StatusCreated, time.Millisecond)
	for result := deliver.Delivered; result <= deliver.Dead; result++ {
		m.Attempted(deliver.Attempt{Type: wire.TypeNotification, Protocol: smn.HTTPS, Number: 1, Result: result, Took: time.Second, SinceAccepted: time.Minute})
	}
	m.Attempted(deliver.Attempt{Type: wire.TypeConfirmation, Protocol: smn.Email, Number: 2, Result: deliver.Delivered, Took: time.Second, SinceAccepted: time.Minute})
	m.GivenUp()
	m.FannedOut(200)
}

func newSampleMetrics(count func(context.Context) (*numbers, error)) *metrics {
	return newMetrics(operationNames(), []smn.Protocol{smn.HTTPS, smn.Email}, count)
}

func TestMetrics(t *testing.T) {
	m := newSampleMetrics(func(context.Context) (*numbers, error) { return nil, errors.New("disk full") })
	for range 3 {
		sample(m)
	}
	m.Answered("unheard-of", 999, time.Second)
	m.Attempted(deliver.Attempt{Protocol: "unheard-of"})
	text := scrape(t, m)
	for _, line := range []string{
		`tocsin_request_duration_seconds_count{operation="publish",status="2xx"} 3`,
		`tocsin_request_duration_seconds_count{operation="publish",status="5xx"} 3`,
		`tocsin_request_duration_seconds_count{operation="mns-publish",status="2xx"} 3`,
		`tocsin_messages_accepted_total 9`,
		`tocsin_attempt_duration_seconds_count{protocol="https",result="delivered"} 3`,
		`tocsin_attempt_duration_seconds_count{protocol="https",result="again"} 3`,
		`tocsin_attempt_duration_seconds_count{protocol="https",result="dead"} 3`,
		`tocsin_attempt_duration_seconds_bucket{protocol="email",result="delivered",le="1"} 3`,
		`tocsin_retries_total 3`,
		`tocsin_given_up_total 3`,
		`tocsin_delivery_duration_seconds_count 3`, // confirmations are none
		`tocsin_delivery_duration_seconds_sum 180`,
		`tocsin_chunk_subscriptions_bucket{le="128"} 0`,
		`tocsin_chunk_subscriptions_bucket{le="256"} 3`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, "unheard-of")
	require.NotContains(t, text, "tocsin_backlog_tasks ", "the rest is shown while the store does not answer")
	require.NotContains(t, text, "disk full")
}

func scrape(t *testing.T, m *metrics) string {
	t.Helper()
	w := &page{header: http.Header{}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	require.NoError(t, err)
	m.handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return w.String()
}

// page is an answer's body.
type page struct {
	strings.Builder
	header http.Header
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}

func TestObservingAllocatesNothing(t *testing.T) {
	m := newSampleMetrics(nil)
	var api httpapi.Observer = m
	var worker deliver.Observer = m
	require.Zero(t, testing.AllocsPerRun(100, func() {
		sample(m)
		api.Answered("publish", http.StatusOK, time.Millisecond)
		worker.Attempted(deliver.Attempt{Protocol: smn.HTTPS, Number: 2})
		worker.FannedOut(1)
		worker.GivenUp()
	}))
}
