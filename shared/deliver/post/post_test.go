package post_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

func request(endpoint string) post.Request {
	return post.Request{Endpoint: endpoint, Body: []byte(`{"text":"90 % full"}`)}
}

func local(t testing.TB, c post.Config) *post.Poster {
	c.AllowPrivate = true
	s := post.New(c)
	t.Cleanup(s.Close)
	return s
}

// serve starts a receiver and returns its URL.
func serve(t testing.TB, h http.HandlerFunc) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// speak starts a peer that says whatever it likes to each connection, after it
// has read the request.
func speak(t *testing.T, talk func(net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, request.Body)
				talk(conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func say(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

func TestUserInfoBecomesBasicAuth(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "me" || password != "p:w@d" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := local(t, post.Config{})
	endpoint := strings.Replace(url, "http://", "http://me:p%3Aw%40d@", 1)
	require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(endpoint)).Result)
	require.Equal(t, deliver.Dead, s.Post(t.Context(), request(url)).Result)
}

func TestStatus(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if code/100 == 3 {
			w.Header().Set("Location", "/200")
		}
		w.WriteHeader(code)
	})
	s := local(t, post.Config{})
	for result, codes := range map[deliver.Result][]int{
		deliver.Delivered: {200, 201, 202, 204, 206, 299},
		deliver.Dead:      {300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 410, 413, 418, 425, 499},
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

func TestRetryAfter(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		w.WriteHeader(503)
	})
	s := local(t, post.Config{})
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

func TestUnusableURL(t *testing.T) {
	s := local(t, post.Config{})
	for _, endpoint := range []string{
		"", "host", "/path", "ftp://host/", "http:", "http://", "http:host", "http:///path", "http://:80/", "http://h h/",
		"http://host:0/", "http://host:65536/", "http://host:port/", "http://host/\r\nX: y", "http://[::1", "mailto:a@b",
		"http://host/%zz?token=secret",
	} {
		o := s.Post(t.Context(), request(endpoint))
		require.Equal(t, deliver.Dead, o.Result, "%q", endpoint)
		require.NotEmpty(t, o.Reason)
		require.NotContains(t, o.Reason, "secret")
	}
}

func TestNoAnswer(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for name, c := range map[string]struct{ endpoint, reason string }{
		"refused":            {"http://" + closed.Addr().String(), "connection refused"},
		"closed":             {speak(t, say("")), "connection closed without an answer"},
		"half a header":      {speak(t, say("HTTP/1.1 200 OK\r\nServer: a\r\n")), "connection closed without an answer"},
		"half a header line": {speak(t, say("HTTP/1.1 200 OK\r\nContent-")), "no readable answer"},
		"not HTTP":           {speak(t, say("220 mail.example ESMTP secret\r\n\r\n")), "no readable answer"},
		"endless header":     {speak(t, say("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 1<<20)+"\r\n\r\n")), "no readable answer"},
		"reset": {speak(t, func(c net.Conn) {
			_ = c.(*net.TCPConn).SetLinger(0)
		}), "connection reset"},
		"no TLS": {strings.Replace(speak(t, say("")), "http:", "https:", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := local(t, post.Config{}).Post(t.Context(), request(c.endpoint+"/secret?secret=secret"))
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

func TestOddAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		talk   func(net.Conn)
		result deliver.Result
		status int
	}{
		"1xx first":          {say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"), deliver.Delivered, 200},
		"other protocol":     {say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), deliver.Dead, 101},
		"no length":          {say(ok + "\r\nhello"), deliver.Delivered, 200},
		"chunked":            {say(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), deliver.Delivered, 200},
		"broken chunks":      {say(ok + "Transfer-Encoding: chunked\r\n\r\nxyz"), deliver.Delivered, 200},
		"early close":        {say(ok + "Content-Length: 100\r\n\r\nhello"), deliver.Delivered, 200},
		"early close, 500":   {say("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhello"), deliver.Again, 500},
		"HTTP/1.0":           {say("HTTP/1.0 204 No Content\r\n\r\n"), deliver.Delivered, 204},
		"more than a body":   {say(ok + "Content-Length: 1\r\n\r\nhello" + ok), deliver.Delivered, 200},
		"a status below 1xx": {say("HTTP/1.1 042 What\r\nContent-Length: 0\r\n\r\n"), deliver.Dead, 42},
	} {
		t.Run(name, func(t *testing.T) {
			o := local(t, post.Config{}).Post(t.Context(), request(speak(t, c.talk)))
			require.Equal(t, c.result, o.Result, o.Reason)
			require.Equal(t, c.status, o.Status)
		})
	}
}

func TestOtherProtocolIsNotWaitedFor(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	url := speak(t, func(c net.Conn) {
		say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")(c)
		<-release
	})
	began := time.Now()
	o := local(t, post.Config{Timeout: time.Minute}).Post(t.Context(), request(url))
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 101, Reason: "HTTP 101"}, o)
	require.Less(t, time.Since(began), 30*time.Second)
}

func TestHugeAnswerIsNotRead(t *testing.T) {
	sent := make(chan int, 1)
	url := speak(t, func(c net.Conn) {
		n, _ := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 1<<30)
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
	o := local(t, post.Config{}).Post(t.Context(), request(url))
	require.Equal(t, deliver.Delivered, o.Result)
	require.Less(t, <-sent, 64<<20, "no more than the buffers of the network hold")
}

func TestSlowEndpoint(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	t.Cleanup(func() { close(release) })
	s := local(t, post.Config{Timeout: 50 * time.Millisecond})
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 50ms"},
		s.Post(t.Context(), request(url)))
	require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(url+"/body")).Result,
		"the status says it all, even if the body never ends")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, deliver.Again, s.Post(ctx, request(url)).Result)
}

func TestSlowHandshake(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // never accepts, never speaks
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	s := local(t, post.Config{Timeout: 50 * time.Millisecond})
	o := s.Post(t.Context(), request("https://"+listener.Addr().String()))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer within 50ms"}, o)
}

func TestUnknownHost(t *testing.T) {
	o := local(t, post.Config{}).Post(t.Context(), request("http://no-such-host.invalid/?token=secret"))
	require.Equal(t, deliver.Again, o.Result)
	require.NotContains(t, o.Reason, "secret")
	require.Contains(t, o.Reason, "host name")
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request arrived")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	o := local(t, post.Config{}).Post(t.Context(), request(server.URL))
	require.Equal(t, deliver.Again, o.Result)
	require.Contains(t, o.Reason, "certificate's issuer is not trusted")
}

func TestPrivateAddressIsRefused(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	port := url[strings.LastIndexByte(url, ':'):]
	s := post.New(post.Config{})
	defer s.Close()
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1.2.3", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
		"[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]",
	} {
		o := s.Post(t.Context(), request("http://"+host+port))
		require.Equal(t, deliver.Dead, o.Result, host)
		require.Equal(t, "the endpoint's address is not public", o.Reason, host)
	}
}

func TestNoProxyFromTheEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	o := local(t, post.Config{}).Post(t.Context(), request("http://no-such-host.invalid/"))
	require.Equal(t, deliver.Again, o.Result)
}

func TestConnectionsAreKept(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("a", 4<<10))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	s := local(t, post.Config{})
	for range 10 {
		require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(server.URL)).Result)
	}
	require.EqualValues(t, 1, opened.Load())
}

// A peer that closes a kept connection at the moment of the next message must not
// cost an attempt.
func TestKeptConnectionThatWasClosed(t *testing.T) {
	var connections atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			first := connections.Add(1) == 1
			go func() {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for n := 0; ; n++ {
					request, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					if first && n == 1 {
						return
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}()
		}
	}()
	s := local(t, post.Config{})
	for range 3 {
		o := s.Post(t.Context(), request("http://"+listener.Addr().String()))
		require.Equal(t, deliver.Delivered, o.Result, o.Reason)
	}
	require.EqualValues(t, 2, connections.Load())
}

func TestAsk(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.WriteHeader(503)
		}
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		_, _ = io.WriteString(w, strings.Repeat("a", size))
	})
	p := local(t, post.Config{})
	for _, size := range []int{0, 1, post.MaxAnswer - 1, post.MaxAnswer, post.MaxAnswer + 1, 1 << 20} {
		o, body := p.Ask(t.Context(), request(fmt.Sprint(url, "?size=", size)))
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
		require.Len(t, body, min(size, post.MaxAnswer))
	}
	o, _ := p.Ask(t.Context(), request(url+"/busy?size=1"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"}, o)

	o, _ = p.Ask(t.Context(), request(speak(t, say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"))))
	require.Equal(t, deliver.Again, o.Result, "half an answer says nothing")
	o, _ = p.Ask(t.Context(), request(speak(t, say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"))))
	require.Equal(t, deliver.Dead, o.Result)
}

func TestQuery(t *testing.T) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	p := local(t, post.Config{})
	for endpoint, want := range map[string]string{"/a": "/a?sign=b%3D", "/a?token=c": "/a?token=c&sign=b%3D"} {
		r := request(url + endpoint)
		r.Query = "sign=b%3D"
		require.Equal(t, deliver.Delivered, p.Post(t.Context(), r).Result)
		require.Equal(t, want, got)
	}
}

func TestHeadersOfOursStay(t *testing.T) {
	var got http.Header
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	r := request(url)
	r.Header = http.Header{"User-Agent": {"forged"}, "Content-Type": {"text/html"}, "X-Team": {"ops"}}
	require.Equal(t, deliver.Delivered, local(t, post.Config{}).Post(t.Context(), r).Result)
	require.Equal(t, http.Header{
		"Content-Type":   {"application/json; charset=utf-8"},
		"Content-Length": {strconv.Itoa(len(r.Body))},
		"User-Agent":     {"Tocsin"},
		"X-Team":         {"ops"},
	}, got)
	require.Equal(t, http.Header{"User-Agent": {"forged"}, "Content-Type": {"text/html"}, "X-Team": {"ops"}}, r.Header, "the caller's stays as it was")
}

// TestOtherMethodsAndBodies: gateways of an operator may want something else than a
// POST of JSON.
func TestOtherMethodsAndBodies(t *testing.T) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = strings.Join([]string{r.Method, r.RequestURI, strings.Join(r.Header["Content-Type"], ","), string(body)}, " | ")
	})
	s := local(t, post.Config{})
	for _, c := range []struct {
		r    post.Request
		want string
	}{
		{post.Request{Body: []byte(`{}`)}, "POST | /x | application/json; charset=utf-8 | {}"},
		{post.Request{Method: "PUT", Body: []byte(`a=b`), ContentType: "application/x-www-form-urlencoded"}, "PUT | /x | application/x-www-form-urlencoded | a=b"},
		{post.Request{Method: "GET", Query: "a=b"}, "GET | /x?a=b |  | "},
	} {
		c.r.Endpoint = url + "/x"
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, s.Post(t.Context(), c.r))
		require.Equal(t, c.want, got)
	}
}
