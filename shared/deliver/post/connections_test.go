package post_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// always answers each request of each connection with the same text.
func always(text string) func(int64) []string {
	return func(int64) []string { return []string{text, text, text, text, text, text, text, text, text, text} }
}

func connectionsAreKept(t *testing.T, w way) {
	for name, text := range map[string]string{
		"empty":               empty,
		"a body":              "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + strings.Repeat("a", 4096),
		"chunks":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"trailer":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"204":                 "HTTP/1.1 204 No Content\r\n\r\n",
		"304":                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		"500":                 "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nOh",
		"1xx":                 "HTTP/1.1 103 Early Hints\r\n\r\n" + empty,
		"HTTP/1.0 keep-alive": "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := script(t, always(text))
			s := w.local(t, post.Config{})
			for range 5 {
				require.NotZero(t, s.Post(t.Context(), request(url)).Status)
				o, _ := s.Ask(t.Context(), request(url))
				require.NotZero(t, o.Status)
			}
			require.EqualValues(t, 1, connections.Load())
		})
	}
}

func connectionsThatAreNotKept(t *testing.T, w way) {
	for name, text := range map[string]string{
		"close":           "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.0":        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"100 KiB":         "HTTP/1.1 200 OK\r\nContent-Length: 102400\r\n\r\n" + strings.Repeat("a", 100<<10),
		"chunked 100 KiB": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("a", 1<<10)+"\r\n", 100) + "0\r\n\r\n",
		"broken chunks":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!!",
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := script(t, always(text))
			s := w.local(t, post.Config{})
			for range 3 {
				require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(url)).Result)
			}
			require.EqualValues(t, 3, connections.Load())
		})
	}
}

// A peer that closes a kept connection, at any time and even at the moment of the
// next message, must not cost an attempt.
func keptConnectionThatWasClosed(t *testing.T, w way) {
	for name, first := range map[string][]string{
		"in between":     {empty},
		"at the request": {empty, ""},
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := script(t, func(n int64) []string {
				if n == 1 {
					return first
				}
				return []string{empty, empty}
			})
			s := w.local(t, post.Config{})
			for range 3 {
				o := s.Post(t.Context(), request(url))
				require.Equal(t, deliver.Delivered, o.Result, o.Reason)
			}
			require.EqualValues(t, 2, connections.Load())
		})
	}
}

// Once an answer has begun the message has arrived, whatever became of it.
func keptConnectionThatFailsMidway(t *testing.T, w way) {
	url, connections := script(t, func(int64) []string { return []string{empty, "HTTP/1.1 200 OK\r\nServer"} })
	s := w.local(t, post.Config{})
	require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(url)).Result)
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no readable answer"}, s.Post(t.Context(), request(url)))
	require.EqualValues(t, 1, connections.Load())
}

// Attempts over one connection end each in their own time, later or sooner than the
// one before would have.
func keptConnectionAndDeadlines(t *testing.T, w way) {
	first, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	later, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
	defer cancel()
	release := make(chan struct{})
	defer close(release)
	url, connections := listen(t, func(_ int64, c net.Conn) {
		reader := bufio.NewReader(c)
		for _, until := range []<-chan struct{}{nil, later.Done(), release} {
			swallow(reader)
			if until != nil {
				<-until
			}
			say(empty)(c)
		}
	})
	p := w.local(t, post.Config{})
	require.Equal(t, deliver.Delivered, p.Post(first, request(url)).Result)
	require.Equal(t, deliver.Delivered, p.Post(t.Context(), request(url)).Result)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Equal(t, deliver.Again, p.Post(short, request(url)).Result)
	require.Less(t, time.Since(began), post.DefaultTimeout/2)
	require.EqualValues(t, 1, connections.Load())
}

func freshConnectionThatWasClosed(t *testing.T, w way) {
	url, connections := script(t, func(int64) []string { return []string{""} })
	o := w.local(t, post.Config{}).Post(t.Context(), request(url))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "connection closed without an answer"}, o)
	require.EqualValues(t, 1, connections.Load())
}

// What a peer says beyond its answer must not become the answer to the next
// message. Go's transport finds out a moment later, so this is asked of our writer.
func wordsThatNobodyAskedFor(t *testing.T, w way) {
	if !w.writer {
		t.Skip("the transport looks at what it has kept in its own time")
	}
	const other = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
	for name, text := range map[string]string{
		"second answer": empty + other,
		"204":           "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
		"304":           "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
		"longer":        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhello",
		"chunks":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + other,
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := script(t, always(text))
			s := w.local(t, post.Config{})
			for range 3 {
				require.Less(t, s.Post(t.Context(), request(url)).Status, 400)
			}
			require.EqualValues(t, 3, connections.Load())
		})
	}
	t.Run("late", func(t *testing.T) {
		next, said := make(chan struct{}), make(chan struct{})
		url, connections := listen(t, func(n int64, c net.Conn) {
			reader := bufio.NewReader(c)
			swallow(reader)
			say(empty)(c)
			if n == 1 {
				<-next
				say(other)(c)
				close(said)
			}
			swallow(reader)
		})
		s := w.local(t, post.Config{})
		require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(url)).Result)
		close(next)
		<-said
		require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(url)).Result)
		require.EqualValues(t, 2, connections.Load())
	})
}

func closeLetsAttemptsInHandFinish(t *testing.T, w way) {
	arrived, release := make(chan struct{}), make(chan struct{})
	gone := make(chan struct{})
	url, _ := listen(t, func(_ int64, c net.Conn) {
		reader := bufio.NewReader(c)
		swallow(reader)
		close(arrived)
		<-release
		say(empty)(c)
		_, _ = reader.ReadByte() // until the connection is closed
		close(gone)
	})
	p := w.new(post.Config{AllowPrivate: true})
	done := make(chan deliver.Outcome)
	go func() { done <- p.Post(t.Context(), request(url)) }()
	<-arrived
	p.Close()
	close(release)
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, <-done)
	p.Close()
	<-gone
	p.Close()
}

// Attempts at the same time never share a connection.
func oneAttemptAtATimeAndConnection(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})
	p := w.local(t, post.Config{MaxIdlePerHost: 4})
	var wg sync.WaitGroup
	var wrong atomic.Int64
	for n := range 16 {
		wg.Go(func() {
			r := request(url)
			r.Body = []byte(strings.Repeat(string(rune('a'+n)), 100+n))
			for range 50 {
				if o, body := p.Ask(t.Context(), r); o.Result != deliver.Delivered || string(body) != string(r.Body) {
					wrong.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, wrong.Load())
}

// nothingIsLeft: after many attempts at endpoints of all kinds, and Close, there
// are as many goroutines and open files as before.
func nothingIsLeft(t *testing.T, w way) {
	good := serve(t, func(http.ResponseWriter, *http.Request) {})
	odd := speak(t, say("220 mail.example ESMTP\r\n\r\n"))
	closing, _ := script(t, func(int64) []string { return []string{empty, empty, ""} })
	hanging, _ := listen(t, func(_ int64, c net.Conn) {
		_, _ = io.Copy(io.Discard, c) // until the attempt gives up
	})
	endpoints := []string{good, odd, closing, hanging, strings.Replace(hanging, "http:", "https:", 1), strings.Replace(odd, "http:", "https:", 1)}
	goroutines, files := runtime.NumGoroutine(), openFiles()
	p := w.new(post.Config{AllowPrivate: true, Timeout: 50 * time.Millisecond, MaxIdlePerHost: 8})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for _, endpoint := range endpoints {
				p.Post(t.Context(), request(endpoint))
			}
		})
	}
	wg.Wait()
	p.Close()
	require.Eventually(t, func() bool {
		return runtime.NumGoroutine() <= goroutines+1 && openFiles() <= files // one asks
	}, 10*time.Second, 10*time.Millisecond, "goroutines: %d before; files: %d before", goroutines, files)
}

// openFiles is how many files and sockets the process has open; 0 where nobody
// tells.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}
