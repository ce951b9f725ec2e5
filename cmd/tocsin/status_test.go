package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/iam"
)

func adminLogin() iam.TokenRequest {
	in := iam.TokenRequest{Methods: []string{iam.MethodPassword}}
	in.User = iam.Login{Name: "admin", Password: defaultPassword, Domain: iam.Domain{Name: "tocsin"}}
	return in
}

func TestStatus(t *testing.T) {
	data := t.TempDir()
	ask := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"status"}, args...), &out)
		return out.String(), err
	}
	_, err := ask("-data", data)
	require.ErrorContains(t, err, "no server answers for data folder "+data)
	require.Equal(t, 1, exitCode(err))

	p := launch(t, data)
	shown, err := ask("-data", data)
	require.NoError(t, err)
	require.Regexp(t, `^Status +ok\nBacklog +[01] tasks\nOldest +[0-9.]+ s late\nDead in 24 h +0 deliveries\nDatabase +[0-9.]+ MB\n(Disk left +[0-9.]+ MB\n)?Uptime +[0-9]+s\nVersion +\S`, shown)
	for _, args := range [][]string{{"-data", data}, {"-url", p.URL() + "/"}} {
		shown, err = ask(append(args, "-json")...)
		require.NoError(t, err)
		var said map[string]any
		require.NoError(t, json.Unmarshal([]byte(shown), &said))
		require.Equal(t, "ok", said["status"])
		for _, name := range []string{"backlog", "oldest_seconds", "dead_24h", "database_bytes", "uptime_seconds", "version"} {
			require.Contains(t, said, name)
		}
	}
	info, err := os.Stat(filepath.Join(data, socketFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	p.Kill()
	_, err = ask("-data", data)
	require.ErrorContains(t, err, "no server answers", "its socket is still there")
	_, err = ask("-url", p.URL())
	require.ErrorContains(t, err, "no server answers for http://")
	launch(t, data)
	_, err = ask("-data", data)
	require.NoError(t, err)
}

func TestStatusOfOthers(t *testing.T) {
	status, body := http.StatusOK, "hello"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	ask := func() (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"status", "-url", server.URL}, &out)
		return out.String(), err
	}
	_, err := ask()
	require.ErrorContains(t, err, "is no Tocsin: status 200")
	status, body = http.StatusNotFound, `{"status":"ok"}`
	_, err = ask()
	require.ErrorContains(t, err, "is no Tocsin: status 404")
	status, body = http.StatusServiceUnavailable, `{"status":"the store does not answer"}`
	shown, err := ask()
	require.EqualError(t, err, statusStore)
	require.Equal(t, "Status  the store does not answer\n", shown)
}

// A store that hangs is asked once, and those who ask are answered all the same.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pings atomic.Int32
		hang := make(chan error)
		p := pulse{ping: func(context.Context) error {
			pings.Add(1)
			return <-hang
		}}
		ctx, cancel := context.WithTimeout(t.Context(), storePatience)
		defer cancel()
		answers := make(chan error)
		for range 3 {
			go func() { answers <- p.check(ctx) }()
		}
		for range 3 {
			require.ErrorIs(t, <-answers, context.DeadlineExceeded)
		}
		require.EqualValues(t, 1, pings.Load())
		full := errors.New("disk full")
		go func() { answers <- p.check(t.Context()) }()
		synctest.Wait()
		hang <- full
		require.Equal(t, full, <-answers)
		require.EqualValues(t, 1, pings.Load())
		go func() { answers <- p.check(t.Context()) }()
		hang <- nil
		require.NoError(t, <-answers)
		require.EqualValues(t, 2, pings.Load())
	})
}

func TestHealthOfAStoreThatDoesNotAnswer(t *testing.T) {
	var log bytes.Buffer
	h := openQuiet(t, &log)
	require.NoError(t, h.db.Close())
	w := httptest.NewRecorder()
	h.health(w, httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.JSONEq(t, `{"status":"the store does not answer"}`, w.Body.String())
	require.Contains(t, log.String(), `"msg":"health"`)
	require.Less(t, time.Since(h.began), time.Minute)
}
