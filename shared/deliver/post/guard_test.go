package post_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

func privateAddressIsRefused(t *testing.T, w way) {
	receiver := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	port := receiver[strings.LastIndexByte(receiver, ':'):]
	s := w.any(t, post.Config{})
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1.2.3", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
		"[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]", "[fe80::1%25lo]",
	} {
		for _, scheme := range []string{"http://", "https://"} {
			o := s.Post(t.Context(), request(scheme+host+port))
			require.Equal(t, deliver.Dead, o.Result, host)
			require.Equal(t, "the endpoint's address is not public", o.Reason, host)
		}
	}
}

func noProxyFromTheEnvironment(t *testing.T, w way) {
	t.Setenv("HTTP_PROXY", serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	o := w.local(t, post.Config{}).Post(t.Context(), request("http://no-such-host.invalid/"))
	require.Equal(t, deliver.Again, o.Result)
}

// forward starts a proxy that leads every host to one receiver, and wants a
// password. It returns what it was asked for.
func forward(t *testing.T, to string) (proxy *url.URL, asked *atomic.Value) {
	asked = new(atomic.Value)
	address := strings.TrimPrefix(strings.TrimPrefix(to, "https://"), "http://")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic bWU6cHc=" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		r.Header.Del("Proxy-Authorization")
		asked.Store(r.Method + " " + r.RequestURI)
		there, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = there.Close() }()
		if r.Method != http.MethodConnect {
			_ = r.Write(there)
			answer, err := http.ReadResponse(bufio.NewReader(there), r)
			if err == nil {
				w.WriteHeader(answer.StatusCode)
				_ = answer.Body.Close()
			}
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = here.Close() }()
		say("HTTP/1.1 200 OK\r\n\r\n")(here)
		go func() { _, _ = io.Copy(there, here) }()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(server.Close)
	proxy, err := url.Parse(strings.Replace(server.URL, "http://", "http://me:pw@", 1))
	require.NoError(t, err)
	return proxy, asked
}

func proxy(t *testing.T, w way) {
	if w.isBare {
		t.Skip("the transport speaks to proxies")
	}
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "endpoint.example" || r.Header.Get("Proxy-Authorization") != "" {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	proxy, asked := forward(t, plain)
	p := w.any(t, post.Config{Proxy: proxy})
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, p.Post(t.Context(), request("http://endpoint.example/a?b=c")))
	require.Equal(t, "POST http://endpoint.example/a?b=c", asked.Load())

	ca := newAuthority(t)
	secure := ca.serve(t, ca.issue(t, certificate{names: []string{"endpoint.example"}}), false, nil)
	proxy, asked = forward(t, secure)
	p = w.any(t, post.Config{Proxy: proxy, RootCAs: ca.pool})
	for range 2 {
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, p.Post(t.Context(), request("https://endpoint.example/a")))
	}
	require.Equal(t, "CONNECT endpoint.example:443", asked.Load())

	// The proxy looks up names, so only an address that is spelt out can be judged.
	for _, endpoint := range []string{
		"http://127.0.0.1/", "https://localhost/", "http://169.254.169.254/", "http://[::1]:8080/", "http://2130706433/", "https://10.0.0.1/",
	} {
		o := p.Post(t.Context(), request(endpoint))
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the endpoint's address is not public"}, o, endpoint)
	}
	require.Equal(t, "CONNECT endpoint.example:443", asked.Load())
	p = w.local(t, post.Config{Proxy: proxy, RootCAs: ca.pool})
	require.NotZero(t, p.Post(t.Context(), request("http://10.0.0.1/")).Status)
	require.Equal(t, "POST http://10.0.0.1/", asked.Load())
}

// What goes wrong between us and the proxy is not the endpoint's fault, so nothing
// is dead for it.
func proxyThatFails(t *testing.T, w way) {
	if w.isBare {
		t.Skip("the transport speaks to proxies")
	}
	demanding, _ := forward(t, "http://"+nobody)
	demanding.User = nil
	for reason, proxy := range map[string]*url.URL{
		"the proxy could not be reached": {Scheme: "http", Host: nobody},
		"the proxy refused to connect":   demanding,
	} {
		p := w.any(t, post.Config{Proxy: proxy})
		for _, endpoint := range []string{"http://endpoint.example/", "https://endpoint.example/"} {
			require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: reason}, p.Post(t.Context(), request(endpoint)))
		}
	}
}
