package post

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// maxRest is how much of a body is read to use its connection again, in bytes.
	// Beyond it a new connection is cheaper.
	maxRest = 64 << 10

	// maxKeptBuffer is the largest buffer that is kept for further requests.
	maxKeptBuffer = 512 << 10

	// afterthought is how long an answer is looked for when the peer has not read
	// the request in time: it has come already or not at all.
	afterthought = 20 * time.Millisecond

	// slack is how much sooner than asked an attempt may be given up: setting a
	// deadline takes as long as a twentieth of an attempt.
	slack = 10 * time.Millisecond
)

// errTooLong: the answer does not come to its point.
var errTooLong = errors.New("the head of the answer is too long")

// conn is a connection to an endpoint. One attempt uses it at a time.
type conn struct {
	stream io.ReadWriter // TLS, or the socket itself
	socket *socket
	reader *bufio.Reader // of this conn's Read
	left   int           // bytes that may still be read
	heard  bool          // of the answer at least a byte has come
	broken error         // why nothing more of it will, but for its end
	one    [1]byte

	waiting // in the pool
}

func newConn(socket *socket, stream io.ReadWriter) *conn {
	c := &conn{socket: socket, stream: stream}
	c.reader = bufio.NewReaderSize(c, 2<<10)
	return c
}

// close ends the connection without a word: a farewell by TLS could wait for the
// peer.
func (c *conn) close() { _ = c.socket.Close() }

// Read reads for the reader, as much as is left to be read.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.stream.Read(p[:min(len(p), c.left)])
	c.left -= n
	c.heard = c.heard || n > 0
	if err != nil && !errors.Is(err, io.EOF) {
		c.broken = err
	}
	return n, err
}

// isQuiet says whether the peer has neither spoken nor closed since its answer.
// What it says unasked must not be taken for the next answer.
func (c *conn) isQuiet() bool {
	c.socket.now, c.socket.empty = true, false
	n, _ := c.stream.Read(c.one[:]) // through TLS, which may hold back words of its own
	c.socket.now = false
	return n == 0 && c.socket.empty // no error says as much: it may be that nobody looked
}

// exchange sends a request and reads the answer. The connection may be used again
// only if keep says so.
func (c *conn) exchange(a *attempt) (got answer, keep bool, err error) {
	c.left, c.heard, c.broken = maxHeaderBytes, false, nil
	unread := c.send(a)
	if errors.Is(unread, os.ErrDeadlineExceeded) {
		_ = c.socket.SetReadDeadline(time.Now().Add(afterthought))
	}
	if !a.wanted {
		if status, quiet, ok := c.plain(); ok {
			return answer{status: status}, unread == nil && quiet, nil
		}
	}
	response, err := c.head() //nolint:bodyclose // closing would read on; the connection ends or is kept below
	switch {
	case err != nil && unread != nil:
		return answer{}, false, unread
	case err != nil:
		return answer{}, false, err
	}
	got = answer{status: response.StatusCode, after: response.Header.Get("Retry-After")}
	keep = unread == nil && !response.Close && response.ProtoMajor == 1
	if got.status == http.StatusSwitchingProtocols {
		return got, false, nil // the rest is the connection itself
	}
	c.left = 2 * maxRest
	if a.wanted {
		got.body, got.cut = readAnswer(response.Body)
		keep = keep && got.cut == nil
	}
	keep = keep && c.skip(response, a.wanted) && c.reader.Buffered() == 0
	return got, keep, nil
}

// buffers hold requests while they are written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// send writes a request in one go.
func (c *conn) send(a *attempt) error {
	buffer := buffers.Get().(*[]byte)
	*buffer = a.appendTo((*buffer)[:0])
	_, err := c.stream.Write(*buffer)
	if cap(*buffer) <= maxKeptBuffer {
		buffers.Put(buffer)
	}
	return err
}

// plain reads an answer to its end whose head is plain and has come in one piece, and
// says whether that is all that has come. It reads nothing of any other, which is not ok.
func (c *conn) plain() (status int, quiet, ok bool) {
	_, _ = c.reader.Peek(1) // waits; if it fails, so will head
	text, _ := c.reader.Peek(c.reader.Buffered())
	head, ok := parsePlain(text)
	if !ok {
		return 0, false, false
	}
	c.left = 2 * maxRest
	_, err := c.reader.Discard(head.size + head.length)
	return head.status, err == nil && c.reader.Buffered() == 0, true
}

// head reads the head of the answer, and before it those that only say that there
// will be one.
func (c *conn) head() (*http.Response, error) {
	for {
		response, err := http.ReadResponse(c.reader, nil)
		switch {
		case err != nil && c.broken != nil:
			return nil, c.broken // the parser would say that half a line is not fit to be read
		case err != nil:
			return nil, err
		}
		if response.StatusCode/100 != 1 || response.StatusCode == http.StatusSwitchingProtocols {
			return response, nil
		}
	}
}

// skip reads the rest of a body, as far as it is worth it, and reports whether
// there is none any more.
func (c *conn) skip(response *http.Response, begun bool) bool {
	length := response.ContentLength
	switch {
	case length == 0:
		return true
	case length > maxRest:
		return false
	case length > 0 && !begun:
		_, err := c.reader.Discard(int(length))
		return err == nil
	}
	_, err := io.CopyN(io.Discard, response.Body, maxRest+1)
	return errors.Is(err, io.EOF)
}

// socket is a TCP connection that can be read without waiting.
type socket struct {
	*net.TCPConn
	raw   syscall.RawConn
	probe func(fd uintptr) bool // try
	now   bool                  // Read does not wait
	until time.Time             // the deadline that limit has set

	into  []byte // of try: where to
	n     int    // how much
	empty bool   // there was nothing
	err   error
}

func newSocket(tcp *net.TCPConn) (*socket, error) {
	raw, err := tcp.SyscallConn()
	s := &socket{TCPConn: tcp, raw: raw}
	s.probe = s.try
	return s, err
}

// limit bounds what is done from now on by an attempt's deadline.
func (s *socket) limit(deadline time.Time) error {
	if sooner := deadline.Sub(s.until); sooner >= 0 && sooner <= slack {
		return nil
	}
	s.until = deadline
	return s.SetDeadline(deadline)
}

// Read reads, or says at once that there is nothing.
func (s *socket) Read(p []byte) (int, error) {
	if !s.now {
		return s.TCPConn.Read(p)
	}
	s.into = p
	if err := s.raw.Read(s.probe); err != nil {
		return 0, err
	}
	s.into = nil
	return s.n, s.err
}
