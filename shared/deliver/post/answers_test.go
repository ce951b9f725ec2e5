package post_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

func status(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.WriteHeader(code)
	})
	s := w.local(t, post.Config{})
	for result, codes := range map[deliver.Result][]int{
		deliver.Delivered: {200, 201, 202, 204, 206, 299},
		deliver.Dead:      {300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 407, 410, 413, 418, 425, 499},
		deliver.Again:     {408, 429, 500, 501, 502, 503, 504, 511, 599, 700, 999},
	} {
		for _, code := range codes {
			o := s.Post(t.Context(), request(url+"/"+strconv.Itoa(code)))
			require.Equal(t, result, o.Result, code)
			require.Equal(t, code, o.Status)
			require.Zero(t, o.After)
			if result != deliver.Delivered {
				require.Equal(t, "HTTP "+strconv.Itoa(code), o.Reason)
			}
		}
	}
}

func redirectsAreNotFollowed(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("it was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	o := w.local(t, post.Config{}).Post(t.Context(), request(url))
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 307, Reason: "HTTP 307"}, o)
}

func retryAfter(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		w.WriteHeader(503)
	})
	s := w.local(t, post.Config{})
	wait := func(after string) time.Duration {
		o := s.Post(t.Context(), request(url+"?after="+strings.ReplaceAll(after, " ", "+")))
		require.Equal(t, deliver.Again, o.Result)
		return o.After
	}
	require.Equal(t, 7*time.Second, wait("7"))
	require.Equal(t, 24*time.Hour, wait("86401"))
	require.Equal(t, 24*time.Hour, wait("99999999999999999999999"))
	for _, nonsense := range []string{"0", "-5", "soon", "1.5", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)} {
		require.Zero(t, wait(nonsense), nonsense)
	}
	date := wait(time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat))
	require.InDelta(t, 600, date.Seconds(), 30)
}

func noAnswer(t *testing.T, w way) {
	endless := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, text); err != nil {
					return
				}
			}
		}
	}
	for name, c := range map[string]struct{ endpoint, reason string }{
		"refused":            {"http://" + nobody, "connection refused"},
		"closed":             {speak(t, say("")), "connection closed without an answer"},
		"half a header":      {speak(t, say("HTTP/1.1 200 OK\r\nServer: a\r\n")), "connection closed without an answer"},
		"half a header line": {speak(t, say("HTTP/1.1 200 OK\r\nContent-")), "no readable answer"},
		"not HTTP":           {speak(t, say("220 mail.example ESMTP secret\r\n\r\n")), "no readable answer"},
		"not a status":       {speak(t, say("HTTP/1.1 20 OK\r\n\r\n")), "no readable answer"},
		"a negative status":  {speak(t, say("HTTP/1.1 -20 OK\r\n\r\n")), "no readable answer"},
		"two lengths":        {speak(t, say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa")), "no readable answer"},
		"a negative length":  {speak(t, say("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")), "no readable answer"},
		"unknown encoding":   {speak(t, say("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")), "no readable answer"},
		"garbage":            {speak(t, say(strings.Repeat("\x00\xff\r\n", 1000))), "no readable answer"},
		"endless garbage":    {speak(t, endless(strings.Repeat("\x00\xff", 1000))), "no readable answer"},
		"endless header":     {speak(t, say("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 1<<20)+"\r\n\r\n")), "no readable answer"},
		"endless headers":    {speak(t, endless("HTTP/1.1 200 OK\r\nA: a\r\n"+strings.Repeat("A: a\r\n", 1000))), "no readable answer"},
		"endless 1xx":        {speak(t, endless("HTTP/1.1 100 Continue\r\n\r\n")), "no readable answer"},
		"1xx only":           {speak(t, say("HTTP/1.1 100 Continue\r\n\r\n")), "connection closed without an answer"},
		"reset": {speak(t, func(c net.Conn) {
			_ = c.(*net.TCPConn).SetLinger(0)
		}), "connection reset"},
		"no TLS": {strings.Replace(speak(t, say("")), "http:", "https:", 1), ""},
		"no TLS at all": {strings.Replace(func() string {
			url, _ := listen(t, func(_ int64, c net.Conn) { say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")(c) })
			return url
		}(), "http:", "https:", 1), "the endpoint does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.local(t, post.Config{}).Post(t.Context(), request(c.endpoint+"/secret?secret=secret"))
			require.Equal(t, deliver.Again, o.Result)
			require.Zero(t, o.Status)
			require.NotContains(t, o.Reason, "secret")
			require.NotEmpty(t, o.Reason)
			if c.reason != "" {
				require.Equal(t, c.reason, o.Reason)
			}
		})
	}
}

func oddAnswers(t *testing.T, w way) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		talk   func(net.Conn)
		result deliver.Result
		status int
	}{
		"1xx first":           {say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"), deliver.Delivered, 200},
		"1xx with a length":   {say("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"), deliver.Delivered, 200},
		"other protocol":      {say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), deliver.Dead, 101},
		"no length":           {say(ok + "\r\nhello"), deliver.Delivered, 200},
		"chunked":             {say(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), deliver.Delivered, 200},
		"chunked and trailer": {say(ok + "Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"), deliver.Delivered, 200},
		"broken chunks":       {say(ok + "Transfer-Encoding: chunked\r\n\r\nxyz"), deliver.Delivered, 200},
		"chunks and length":   {say(ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), deliver.Delivered, 200},
		"early close":         {say(ok + "Content-Length: 100\r\n\r\nhello"), deliver.Delivered, 200},
		"early close, 500":    {say("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhello"), deliver.Again, 500},
		"HTTP/1.0":            {say("HTTP/1.0 204 No Content\r\n\r\n"), deliver.Delivered, 204},
		"204 with a body":     {say("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"), deliver.Delivered, 204},
		"304":                 {say("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), deliver.Dead, 304},
		"304 with a body":     {say("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"), deliver.Dead, 304},
		"more than a body":    {say(ok + "Content-Length: 1\r\n\r\nhello" + ok), deliver.Delivered, 200},
		"two answers":         {say(ok + "Content-Length: 0\r\n\r\nHTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), deliver.Delivered, 200},
		"a status below 1xx":  {say("HTTP/1.1 042 What\r\nContent-Length: 0\r\n\r\n"), deliver.Dead, 42},
		"10 MiB":              {say(ok + "Content-Length: 10485760\r\n\r\n" + strings.Repeat("a", 10<<20)), deliver.Delivered, 200},
		"10 MiB in chunks":    {say(ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3\r\nabc\r\n", 1<<20)), deliver.Delivered, 200},
		"an endless line":     {say(ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 1<<20)), deliver.Delivered, 200},
		"a huge length":       {say(ok + "Content-Length: 9223372036854775807\r\n\r\n"), deliver.Delivered, 200},
		"only line feeds":     {say("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), deliver.Delivered, 200},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.local(t, post.Config{}).Post(t.Context(), request(speak(t, c.talk)))
			require.Equal(t, c.result, o.Result, o.Reason)
			require.Equal(t, c.status, o.Status)
		})
	}
}

func otherProtocolIsNotWaitedFor(t *testing.T, w way) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	url := speak(t, func(c net.Conn) {
		say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")(c)
		<-release
	})
	began := time.Now()
	o := w.local(t, post.Config{Timeout: time.Minute}).Post(t.Context(), request(url))
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 101, Reason: "HTTP 101"}, o)
	require.Less(t, time.Since(began), 30*time.Second)
}

func hugeAnswerIsNotRead(t *testing.T, w way) {
	for name, head := range map[string]string{
		"length":    "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
		"no length": "HTTP/1.1 200 OK\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			url := speak(t, func(c net.Conn) {
				n, _ := io.WriteString(c, head)
				chunk := make([]byte, 64<<10)
				for {
					m, err := c.Write(chunk)
					n += m
					if err != nil {
						sent <- n
						return
					}
				}
			})
			o := w.local(t, post.Config{}).Post(t.Context(), request(url))
			require.Equal(t, deliver.Delivered, o.Result)
			require.Less(t, <-sent, 64<<20, "no more than the buffers of the network hold")
		})
	}
}

// A peer may answer before it has read everything, and never read the rest.
func answeredUnread(t *testing.T, w way) {
	release := make(chan struct{})
	defer close(release)
	url, _ := listen(t, func(_ int64, c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReaderSize(c, 16)); err == nil {
			say("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")(c)
		}
		<-release
	})
	for _, size := range []int{1, 1 << 10, 16 << 20} {
		p, r := w.local(t, post.Config{Timeout: time.Second}), request(url)
		r.Body = make([]byte, size)
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 413, Reason: "HTTP 413"}, p.Post(t.Context(), r), size)
	}
}

func slowEndpoint(t *testing.T, w way) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	t.Cleanup(func() { close(release) })
	s := w.local(t, post.Config{Timeout: 50 * time.Millisecond})
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 50ms"},
		s.Post(t.Context(), request(url)))
	patient := w.local(t, post.Config{Timeout: time.Second}) // the status must come within it; for the body some wait as long
	require.Equal(t, deliver.Delivered, patient.Post(t.Context(), request(url+"/body")).Result,
		"the status says it all, even if the body never ends")
	o, _ := s.Ask(t.Context(), request(url+"/body"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 50ms"}, o)
}

// The bound of time is one for the whole attempt, not one for each byte.
func byteByByte(t *testing.T, w way) {
	slowly := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for i := range len(text) {
				<-tick.C
				if _, err := c.Write([]byte{text[i]}); err != nil {
					return
				}
			}
		}
	}
	p := w.local(t, post.Config{Timeout: 100 * time.Millisecond})
	o := p.Post(t.Context(), request(speak(t, slowly("HTTP/1.1 200 OK\r\nServer: "+strings.Repeat("a", 1000)))))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 100ms"}, o)

	url, _ := listen(t, func(_ int64, c net.Conn) { // reads no faster
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return
			}
		}
	})
	r := request(url)
	r.Body = make([]byte, 16<<20)
	require.Equal(t, o, p.Post(t.Context(), r))
}

func slowHandshake(t *testing.T, w way) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // never accepts, never speaks
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	s := w.local(t, post.Config{Timeout: 50 * time.Millisecond})
	o := s.Post(t.Context(), request("https://"+listener.Addr().String()))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 50ms"}, o)
}

func brokenOff(t *testing.T, w way) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	arrived := make(chan struct{}, 1)
	url, connections := script(t, func(n int64) []string {
		if n == 1 { // kept for the second attempt, and then silent
			return []string{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}
		}
		return nil
	})
	silent := speak(t, func(net.Conn) {
		arrived <- struct{}{}
		<-release
	})
	mute, _ := listen(t, func(int64, net.Conn) { // does not even greet
		arrived <- struct{}{}
		<-release
	})
	p := w.local(t, post.Config{Timeout: time.Minute})
	off := deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}
	for _, endpoint := range []string{silent, strings.Replace(mute, "http:", "https:", 1)} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		require.Equal(t, off, p.Post(ctx, request(endpoint)))
	}

	ctx, cancel := context.WithCancel(t.Context())
	require.Equal(t, deliver.Delivered, p.Post(ctx, request(url)).Result)
	cancel()
	require.Equal(t, off, p.Post(ctx, request(url)))
	require.EqualValues(t, 1, connections.Load())

	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	go func() { <-arrived }()
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 1m0s"}, p.Post(short, request(silent)))
}

func unknownHost(t *testing.T, w way) {
	o := w.local(t, post.Config{}).Post(t.Context(), request("http://no-such-host.invalid/?token=secret"))
	require.Equal(t, deliver.Again, o.Result)
	require.NotContains(t, o.Reason, "secret")
	require.Contains(t, o.Reason, "host name")
}

func ask(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.WriteHeader(503)
		}
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		_, _ = io.WriteString(w, strings.Repeat("a", size))
	})
	p := w.local(t, post.Config{})
	for _, size := range []int{0, 1, post.MaxAnswer - 1, post.MaxAnswer, post.MaxAnswer + 1, 64 << 10, 1 << 20} {
		o, body := p.Ask(t.Context(), request(fmt.Sprint(url, "?size=", size)))
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
		require.Len(t, body, min(size, post.MaxAnswer))
	}
	o, _ := p.Ask(t.Context(), request(url+"/busy?size=1"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"}, o)

	o, _ = p.Ask(t.Context(), request(speak(t, say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"))))
	require.Equal(t, deliver.Again, o.Result, "half an answer says nothing")
	o, body := p.Ask(t.Context(), request(speak(t, say("HTTP/1.1 200 OK\r\n\r\nhello"))))
	require.Equal(t, deliver.Delivered, o.Result)
	require.Equal(t, "hello", string(body))
	o, _ = p.Ask(t.Context(), request(speak(t, say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"))))
	require.Equal(t, deliver.Dead, o.Result)
}
