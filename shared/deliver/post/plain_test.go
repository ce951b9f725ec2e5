package post

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// head is the head of an answer of these lines.
func head(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

func TestPlainAnswers(t *testing.T) {
	for text, want := range map[string]plainHead{
		head("HTTP/1.1 200 OK", "Content-Length: 0"):                               {status: 200},
		head("HTTP/1.1 200 ", "content-length:12"):                                 {status: 200, length: 12},
		head("HTTP/1.1 201 Created", "Date: today", "Content-Length: \t 7 "):       {status: 201, length: 7},
		head("HTTP/1.1 204 No Content", "Connection: Keep-Alive"):                  {status: 204},
		head("HTTP/1.1 503 Busy", "Server: n", "Content-Length: 65536", "X-A: ü;"): {status: 503, length: 65536},
	} {
		want.size = len(text)
		for _, more := range []string{"", "more", "\n"} {
			got, ok := parsePlain([]byte(text + more))
			require.True(t, ok, text)
			require.Equal(t, want, got, text)
		}
		for i := range text {
			_, ok := parsePlain([]byte(text[:i]))
			require.False(t, ok, text[:i])
		}
	}
}

func TestAnswersThatAreNotPlain(t *testing.T) {
	const line, length = "HTTP/1.1 200 OK", "Content-Length: 0"
	for name, text := range map[string]string{
		"old":                 head("HTTP/1.0 200 OK", length),
		"no length":           head(line),
		"two lengths":         head(line, length, length),
		"negative":            head(line, "Content-Length: -1"),
		"signed":              head(line, "Content-Length: +1"),
		"long":                head(line, "Content-Length: 65537"),
		"longer":              head(line, "Content-Length: 1000000"),
		"empty":               head(line, "Content-Length:"),
		"a list":              head(line, "Content-Length: 0, 0"),
		"chunks":              head(line, length, "Transfer-Encoding: chunked"),
		"chunks, in capitals": head(line, length, "TRANSFER-ENCODING: CHUNKED"),
		"ends":                head(line, length, "Connection: close"),
		"ends, in a list":     head(line, length, "Connection: keep-alive, close"),
		"later":               head("HTTP/1.1 503 Busy", length, "Retry-After: 5"),
		"trailer":             head(line, length, "Trailer: X"),
		"upgrade":             head(line, length, "Upgrade: h2c"),
		"not yet":             head("HTTP/1.1 100 Continue", length),
		"switching":           head("HTTP/1.1 101 Switching Protocols", length),
		"not modified":        head("HTTP/1.1 304 Not Modified", length),
		"a body that is none": head("HTTP/1.1 204 No Content", "Content-Length: 3"),
		"folded":              head(line, "X: a", " b", length),
		"folded length":       head(line, "Content-Length: 1", " 2"),
		"no name":             head(line, ": a", length),
		"no colon":            head(line, "nonsense", length),
		"a space before it":   head(line, "Transfer-Encoding : chunked", length),
		"bare line feeds":     line + "\n" + length + "\n\n",
		"a bare line feed":    line + "\r\n" + length + "\r\n\n",
		"a bare return":       head(line, "X: a\rb", length),
		"a control":           head(line, "X: a\x00b", length),
		"no reason, no space": head("HTTP/1.1 200", length),
		"a wide status":       head("HTTP/1.1 2000 OK", length),
		"not HTTP":            head("ICY 200 OK", length),
		"nothing":             "",
	} {
		_, ok := parsePlain([]byte(text))
		require.False(t, ok, name)
	}
}

// FuzzPlain: what is taken for a plain answer, Go's own client would read alike.
func FuzzPlain(f *testing.F) {
	f.Add(head("HTTP/1.1 200 OK", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Connection: keep-alive", "Content-Length: 2") + "ok")
	f.Add(head("HTTP/1.1 204 No Content", "0:\r", "1:\x1f"))
	f.Add(head("HTTP/1.1 200 OK", "Content-Length: 1", "Transfer-Encoding: chunked", "Trailer: X", "Upgrade: h2c", "Retry-After: 5", " folded"))
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parsePlain([]byte(text))
		if !ok {
			return
		}
		reader := bufio.NewReaderSize(strings.NewReader(text), 2*len(text)+16)
		want, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		defer want.Body.Close()
		require.Equal(t, want.StatusCode, got.status)
		require.Equal(t, want.ContentLength, int64(got.length))
		require.Equal(t, len(text)-reader.Buffered(), got.size)
		require.Equal(t, 1, want.ProtoMajor)
		require.False(t, want.Close)
		require.Empty(t, want.TransferEncoding)
		require.Empty(t, want.Header.Get("Retry-After"))
		require.Greater(t, got.status, 199)
		require.True(t, bytes.HasSuffix([]byte(text[:got.size]), []byte("\r\n\r\n")))
	})
}

// Reading a plain answer asks for no memory.
func TestPlainAnswersAreCheap(t *testing.T) {
	text := []byte(head("HTTP/1.1 200 OK", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Connection: keep-alive", "Content-Length: 0"))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = parsePlain(text) }))
}

// canned is a peer that has answered already.
type canned struct {
	answer  string
	at      int
	refuses error
}

func (c *canned) Write(request []byte) (int, error) { return len(request), c.refuses }

func (c *canned) Read(p []byte) (int, error) {
	if c.at == len(c.answer) {
		return 0, io.EOF
	}
	n := copy(p, c.answer[c.at:])
	c.at += n
	return n, nil
}

// Exchanges are as cheap as reading a plain head, and end as those do whose answers are
// read by the library.
func TestExchangesWithPlainAnswers(t *testing.T) {
	a := &attempt{target: &target{}}
	peer := &canned{answer: head("HTTP/1.1 200 OK", "Content-Length: 2") + "ok"}
	c := newConn(nil, peer)
	exchange := func() (status int, keep bool) {
		peer.at = 0
		got, keep, err := c.exchange(a)
		require.NoError(t, err)
		return got.status, keep
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, keep := exchange(); !keep {
			t.Error("it can be used again")
		}
	}))
	for name, want := range map[string]struct {
		answer  string
		refuses error
		keep    bool
	}{
		"as much as is read":    {answer: head("HTTP/1.1 200 OK", "Content-Length: 65536") + strings.Repeat("x", maxRest), keep: true},
		"a body that ends":      {answer: head("HTTP/1.1 200 OK", "Content-Length: 9") + "short"},
		"more than the answer":  {answer: head("HTTP/1.1 200 OK", "Content-Length: 0") + "more"},
		"to a request cut off":  {answer: head("HTTP/1.1 200 OK", "Content-Length: 0"), refuses: syscall.EPIPE},
		"odd, to one cut off":   {answer: head("HTTP/1.1 200 OK", "Content-Length: 0", "Retry-After: 1"), refuses: syscall.EPIPE},
		"odd, and whole":        {answer: head("HTTP/1.1 200 OK", "Content-Length: 0", "Retry-After: 1"), keep: true},
		"odd, more than itself": {answer: head("HTTP/1.1 200 OK", "Content-Length: 0", "Retry-After: 1") + "more"},
	} {
		peer = &canned{answer: want.answer, refuses: want.refuses}
		c = newConn(nil, peer)
		status, keep := exchange()
		require.Equal(t, 200, status, name)
		require.Equal(t, want.keep, keep, name)
	}
}

// BenchmarkPlainAnswer reads the head of a usual answer in both ways.
func BenchmarkPlainAnswer(b *testing.B) {
	text := head("HTTP/1.1 200 OK", "Server: nginx", "Date: Sun, 01 Nov 2026 00:00:00 GMT", "Content-Type: text/plain", "Content-Length: 0", "Connection: keep-alive")
	b.Run("plain", func(b *testing.B) {
		text := []byte(text)
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := parsePlain(text); !ok {
				b.Fatal("it is plain")
			}
		}
	})
	b.Run("http", func(b *testing.B) {
		b.ReportAllocs()
		from := strings.NewReader(text)
		reader := bufio.NewReader(from)
		for b.Loop() {
			from.Reset(text)
			reader.Reset(from)
			if _, err := http.ReadResponse(reader, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
