package post_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

func userInfoBecomesBasicAuth(t *testing.T, w way) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "me" || password != "p:w@d" || r.URL.User != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := w.local(t, post.Config{})
	endpoint := strings.Replace(url, "http://", "http://me:p%3Aw%40d@", 1)
	require.Equal(t, deliver.Delivered, s.Post(t.Context(), request(endpoint)).Result)
	require.Equal(t, deliver.Dead, s.Post(t.Context(), request(url)).Result)
}

func unusableURL(t *testing.T, w way) {
	s := w.local(t, post.Config{})
	for _, endpoint := range []string{
		"", "host", "/path", "ftp://host/", "http:", "http://", "http:host", "http:///path", "http://:80/", "http://h h/",
		"http://host:0/", "http://host:65536/", "http://host:port/", "http://host/\r\nX: y", "http://[::1", "mailto:a@b",
		"http://host/%zz?token=secret", "http://höst/", "http://h%C3%B6st/", "http://h<st/", "http://h\"st/", "http://host\x7f/",
	} {
		o := s.Post(t.Context(), request(endpoint))
		require.Equal(t, deliver.Dead, o.Result, "%q", endpoint)
		require.NotEmpty(t, o.Reason)
		require.NotContains(t, o.Reason, "secret")
	}
}

func requestTarget(t *testing.T, w way) {
	var target, host string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { target, host = r.RequestURI, r.Host })
	p := w.local(t, post.Config{})
	for endpoint, want := range map[string]string{
		"":                   "/",
		"/":                  "/",
		"?a=b":               "/?a=b",
		"/?":                 "/?",
		"/a/../b//c/./":      "/a/../b//c/./",
		"/a%2Fb%20c%41":      "/a%2Fb%20c%41",
		"/hooks/über":        "/hooks/%C3%BCber",
		"/a b":               "/a%20b",
		"/a?q=%2F+%20":       "/a?q=%2F+%20",
		"/a?q=ü b":           "/a?q=%C3%BC%20b",
		"/a?b?c&d=e;f#g":     "/a?b?c&d=e;f",
		"//double":           "//double",
		"/a;b=c,d:e@f$g!'()": "/a;b=c,d:e@f$g!'()",
	} {
		require.Equal(t, deliver.Delivered, p.Post(t.Context(), request(url+endpoint)).Result, endpoint)
		require.Equal(t, want, target)
		require.Equal(t, strings.TrimPrefix(url, "http://"), host)
		told, problem := p.Target(url + endpoint)
		require.Empty(t, problem)
		require.Equal(t, want, told)
	}
	told, problem := p.Target("http://host:0/")
	require.Empty(t, told)
	require.NotEmpty(t, problem)
}

func query(t *testing.T, w way) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	p := w.local(t, post.Config{})
	for endpoint, want := range map[string]string{
		"/a": "/a?sign=b%3D", "/a?": "/a?sign=b%3D", "/a?token=c": "/a?token=c&sign=b%3D", "": "/?sign=b%3D",
	} {
		r := request(url + endpoint)
		r.Query = "sign=b%3D"
		require.Equal(t, deliver.Delivered, p.Post(t.Context(), r).Result)
		require.Equal(t, want, got)
	}
}

func queriesThatWouldBreakARequest(t *testing.T, w way) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	for _, q := range []string{"a b", "a\r\nX: y", "a\n", "ü", "a\x00", "a HTTP/1.1\r\n\r\n"} {
		r := request(url)
		r.Query = q
		require.Equal(t, deliver.Dead, w.local(t, post.Config{}).Post(t.Context(), r).Result, "%q", q)
	}
}

func headersOfOursStay(t *testing.T, w way) {
	var got http.Header
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	p := w.local(t, post.Config{})
	r := request(url)
	r.Header = post.Header{{Name: "X-Team", Value: "ops"}, {Name: "X-Empty", Value: ""}, {Name: "X-Team", Value: "again"}}
	require.Equal(t, deliver.Delivered, p.Post(t.Context(), r).Result)
	require.Equal(t, http.Header{
		"Content-Type":      {"application/json; charset=utf-8"},
		"Content-Length":    {strconv.Itoa(len(r.Body))},
		"User-Agent":        {"Tocsin"},
		"X-Tocsin-Delivery": {"1"},
		"X-Team":            {"ops", "again"},
		"X-Empty":           {""},
	}, got)

	got = nil
	for _, f := range []post.Field{
		{Name: "User-Agent", Value: "forged"},
		{Name: "content-TYPE", Value: "text/html"},
		{Name: "HOST", Value: "elsewhere"},
		{Name: "content-length", Value: "1"},
		{Name: "Transfer-Encoding", Value: "chunked"},
		{Name: "connection", Value: "close"},
		{Name: "te", Value: "trailers"},
		{Name: "X-TOCSIN-DELIVERY", Value: "0"},
		{Name: "", Value: "a"},
		{Name: "X A", Value: "a"},
		{Name: "X-A:", Value: "a"},
		{Name: "X-A\r\nB", Value: "a"},
		{Name: "X-Ä", Value: "a"},
		{Name: "X-A", Value: "a\r\nX-B: b"},
		{Name: "X-A", Value: "a\x00"},
		{Name: "X-A", Value: "é"},
	} {
		r.Header = post.Header{{Name: "X-Team", Value: "ops"}, f}
		o := p.Post(t.Context(), r)
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "a header is not fit to be sent"}, o, "%q", f)
	}
	require.Nil(t, got, "nothing arrived")
	r.Header = post.Header{{Name: "authorization", Value: "Bearer a"}}
	require.Equal(t, deliver.Delivered, p.Post(t.Context(), r).Result)
	require.Equal(t, "Bearer a", got.Get("Authorization"))
	r.Endpoint = strings.Replace(url, "http://", "http://me@", 1)
	require.Equal(t, deliver.Dead, p.Post(t.Context(), r).Result, "two of them")
}

// showHeads starts a peer that gives away the lines above bodies.
func showHeads(t *testing.T) (url string, heads chan []string) {
	heads = make(chan []string, 1)
	url, _ = listen(t, func(_ int64, c net.Conn) {
		reader := textproto.NewReader(bufio.NewReader(c))
		var lines []string
		for {
			line, err := reader.ReadLine()
			if err != nil || line == "" {
				break
			}
			lines = append(lines, line)
		}
		heads <- lines
		say("HTTP/1.1 204 No Content\r\n\r\n")(c)
	})
	return url, heads
}

func headersKeepSpelling(t *testing.T, w way) {
	url, heads := showHeads(t)
	r := request(strings.Replace(url, "http://", "http://me@", 1) + "/hook")
	r.Header = post.Header{{Name: "X-SMN-MESSAGE-ID", Value: "1"}, {Name: "x-tEAM", Value: "a  b"}}
	o := w.local(t, post.Config{}).Post(t.Context(), r)
	require.Equal(t, deliver.Delivered, o.Result, o.Reason)
	head := <-heads
	require.Equal(t, "POST /hook HTTP/1.1", head[0])
	require.ElementsMatch(t, []string{
		"Host: " + strings.TrimPrefix(url, "http://"),
		"User-Agent: Tocsin",
		"Content-Type: application/json; charset=utf-8",
		"Content-Length: " + strconv.Itoa(len(r.Body)),
		"Authorization: Basic bWU6",
		"X-Tocsin-Delivery: 1",
		"X-SMN-MESSAGE-ID: 1",
		"x-tEAM: a  b",
	}, head[1:])
}

// headersOfItsOwn: a request may bring along all that its protocol has words for, in
// its own letters.
func headersOfItsOwn(t *testing.T, w way) {
	url, heads := showHeads(t)
	p := w.local(t, post.Config{})
	r := request(strings.Replace(url, "http://", "http://me:secret@", 1) + "/a?b")
	r.Own = true
	r.Header = post.Header{{Name: "authorization", Value: "a signature"}, {Name: "content-type", Value: "text/xml"}, {Name: "User-Agent", Value: "Somebody Else"}}
	o := p.Post(t.Context(), r)
	require.Equal(t, deliver.Delivered, o.Result, o.Reason)
	head := <-heads
	require.Equal(t, "POST /a?b HTTP/1.1", head[0])
	require.ElementsMatch(t, []string{
		"Host: " + strings.TrimPrefix(url, "http://"),
		"User-Agent: Somebody Else",
		"content-type: text/xml",
		"Content-Length: " + strconv.Itoa(len(r.Body)),
		"authorization: a signature",
		"X-Tocsin-Delivery: 1",
	}, head[1:])

	for _, name := range []string{"host", "Content-Length", "transfer-encoding", "x-tocsin-delivery", "Connection", "Idempotency-Key"} {
		r.Header = post.Header{{Name: name, Value: "1"}}
		require.Equal(t, deliver.Dead, p.Post(t.Context(), r).Result, name)
	}
}

func bodyInTwoParts(t *testing.T, w way) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		got = string(text)
		if err != nil || r.ContentLength != int64(len(text)) || len(r.TransferEncoding) > 0 {
			t.Error("the length is wrong")
		}
	})
	p := w.local(t, post.Config{})
	for _, c := range [][2]string{{"", ""}, {"a", ""}, {"", "b"}, {`{"a":1,`, `"b":2}`}, {strings.Repeat("a", 1<<20), "b"}} {
		r := request(url)
		r.Body, r.Tail = []byte(c[0]), []byte(c[1])
		require.Equal(t, deliver.Delivered, p.Post(t.Context(), r).Result)
		require.Equal(t, c[0]+c[1], got)
	}
}

func ipv6(t *testing.T, w way) {
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	var host string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	defer server.Close()
	o := w.local(t, post.Config{}).Post(t.Context(), request(server.URL))
	require.Equal(t, deliver.Delivered, o.Result, o.Reason)
	require.Equal(t, listener.Addr().String(), host)
}

// otherMethodsAndBodies: gateways of an operator may want something else than a POST
// of JSON.
func otherMethodsAndBodies(t *testing.T, w way) {
	if w.isBare {
		t.Skip("they go by the transport")
	}
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = strings.Join([]string{r.Method, r.RequestURI, strings.Join(r.Header["Content-Type"], ","), string(body)}, " | ")
	})
	s := w.local(t, post.Config{})
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
