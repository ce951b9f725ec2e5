package post_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver/post"
)

// way is how attempts are carried.
type way struct {
	new    func(post.Config) *post.Poster
	writer bool // our own writer carries what it can
	isBare bool // and there is nothing else
}

var ways = map[string]way{
	"transport": {new: post.New},
	"writer":    {new: post.Written, writer: true, isBare: true},
	"both":      {new: func(c post.Config) *post.Poster { c.Writer = true; return post.New(c) }, writer: true},
}

// conform is what every way has to do in the same manner.
var conform = map[string]func(*testing.T, way){
	"UserInfoBecomesBasicAuth":       userInfoBecomesBasicAuth,
	"Status":                         status,
	"RetryAfter":                     retryAfter,
	"UnusableURL":                    unusableURL,
	"NoAnswer":                       noAnswer,
	"OddAnswers":                     oddAnswers,
	"OtherProtocolIsNotWaitedFor":    otherProtocolIsNotWaitedFor,
	"HugeAnswerIsNotRead":            hugeAnswerIsNotRead,
	"RedirectsAreNotFollowed":        redirectsAreNotFollowed,
	"AnsweredUnread":                 answeredUnread,
	"SlowEndpoint":                   slowEndpoint,
	"SlowHandshake":                  slowHandshake,
	"ByteByByte":                     byteByByte,
	"BrokenOff":                      brokenOff,
	"UnknownHost":                    unknownHost,
	"Certificates":                   certificates,
	"HTTP2":                          http2,
	"HTTP2ThatHangs":                 http2ThatHangs,
	"PrivateAddressIsRefused":        privateAddressIsRefused,
	"NoProxyFromTheEnvironment":      noProxyFromTheEnvironment,
	"Proxy":                          proxy,
	"ProxyThatFails":                 proxyThatFails,
	"ConnectionsAreKept":             connectionsAreKept,
	"ConnectionsThatAreNotKept":      connectionsThatAreNotKept,
	"KeptConnectionThatWasClosed":    keptConnectionThatWasClosed,
	"KeptConnectionAndDeadlines":     keptConnectionAndDeadlines,
	"FreshConnectionThatWasClosed":   freshConnectionThatWasClosed,
	"WordsThatNobodyAskedFor":        wordsThatNobodyAskedFor,
	"WordsThatNobodyAskedForByTLS":   wordsThatNobodyAskedForByTLS,
	"NothingIsLeft":                  nothingIsLeft,
	"Ask":                            ask,
	"RequestTarget":                  requestTarget,
	"Query":                          query,
	"OtherMethodsAndBodies":          otherMethodsAndBodies,
	"HeadersOfOursStay":              headersOfOursStay,
	"HeadersOfItsOwn":                headersOfItsOwn,
	"HeadersKeepSpellingAndOrder":    headersKeepSpelling,
	"BodyInTwoParts":                 bodyInTwoParts,
	"IPv6":                           ipv6,
	"QueriesThatWouldBreakARequest":  queriesThatWouldBreakARequest,
	"CloseLetsAttemptsInHandFinish":  closeLetsAttemptsInHandFinish,
	"KeptConnectionThatFailsMidway":  keptConnectionThatFailsMidway,
	"OneAttemptAtATimeAndConnection": oneAttemptAtATimeAndConnection,
}

func TestWays(t *testing.T) {
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			for name, test := range conform {
				t.Run(name, func(t *testing.T) { test(t, w) })
			}
		})
	}
}

// local makes a poster that may call this machine.
func (w way) local(t testing.TB, c post.Config) *post.Poster {
	c.AllowPrivate = true
	return w.any(t, c)
}

func (w way) any(t testing.TB, c post.Config) *post.Poster {
	p := w.new(c)
	t.Cleanup(p.Close)
	return p
}

// nobody listens at this address. One that was just given up may be given to others.
const nobody = "127.0.0.1:1"

func request(endpoint string) post.Request {
	return post.Request{Endpoint: endpoint, Body: []byte(`{"text":"90 % full"}`)}
}

// serve starts a receiver and returns its URL.
func serve(t testing.TB, h http.HandlerFunc) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// listen starts a peer that does whatever it likes with its connections, which are
// numbered from 1. It returns how many there have been.
func listen(t testing.TB, talk func(n int64, conn net.Conn)) (url string, connections *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	connections = new(atomic.Int64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := connections.Add(1)
			go func() {
				defer func() { _ = conn.Close() }()
				talk(n, conn)
			}()
		}
	}()
	return "http://" + listener.Addr().String(), connections
}

// speak starts a peer that reads a request from each connection, and then says
// whatever it likes.
func speak(t testing.TB, talk func(net.Conn)) string {
	url, _ := listen(t, func(_ int64, conn net.Conn) {
		if swallow(bufio.NewReader(conn)) {
			talk(conn)
		}
	})
	return url
}

// swallow reads a request, and reports whether there was one.
func swallow(from *bufio.Reader) bool {
	request, err := http.ReadRequest(from)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err == nil
}

func say(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

// script starts a peer that answers the requests of each connection with these
// texts and then closes it. An empty text closes it too.
func script(t testing.TB, answers func(connection int64) []string) (url string, connections *atomic.Int64) {
	return listen(t, func(n int64, conn net.Conn) {
		reader := bufio.NewReader(conn)
		for _, text := range answers(n) {
			if !swallow(reader) || text == "" {
				return
			}
			say(text)(conn)
		}
	})
}
