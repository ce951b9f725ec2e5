package main

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestServer: each part of a connection has its end, a request that is too large is
// refused, and the handler sees all others.
func TestServer(t *testing.T) {
	var complaints bytes.Buffer
	s := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			panic("broken")
		}
		w.WriteHeader(http.StatusTeapot)
	}), slog.NewTextHandler(&complaints, nil))
	require.Positive(t, s.ReadHeaderTimeout)
	require.Positive(t, s.ReadTimeout)
	require.Positive(t, s.WriteTimeout)
	require.Positive(t, s.IdleTimeout)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	ask := func(request string) (*http.Response, error) {
		conn, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
		return http.ReadResponse(bufio.NewReader(conn), nil)
	}
	for request, status := range map[string]int{
		"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n":                                               http.StatusTeapot,
		"POST / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 60<<10) + "\r\n\r\n":        http.StatusTeapot,
		"POST / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", (64<<10)+4096) + "\r\n\r\n": http.StatusRequestHeaderFieldsTooLarge,
	} {
		response, err := ask(request)
		require.NoError(t, err)
		require.Equal(t, status, response.StatusCode, "%.20s, %d bytes", request, len(request))
		require.NoError(t, response.Body.Close())
	}
	_, err = ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Error(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
	require.ErrorIs(t, <-ended, http.ErrServerClosed)
	require.Contains(t, complaints.String(), "broken")
}
