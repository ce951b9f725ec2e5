//go:build unix && !aix && !solaris

package post

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// canProbe says whether a socket can be read without waiting.
const canProbe = true

// try reads what has come already. It is called by the runtime with the socket's
// descriptor, which does not block.
func (s *socket) try(fd uintptr) bool {
	for {
		s.n, s.err = syscall.Read(int(fd), s.into)
		switch {
		case errors.Is(s.err, syscall.EINTR):
			continue
		case errors.Is(s.err, syscall.EAGAIN):
			s.empty, s.err = true, os.ErrDeadlineExceeded
		case s.err == nil && s.n == 0:
			s.err = io.EOF
		}
		s.n = max(s.n, 0)
		return true // never wait
	}
}
