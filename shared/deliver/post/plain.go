package post

import (
	"bytes"
	"net/http"
)

// plainHead is what matters of the head of an answer that has nothing special.
type plainHead struct {
	status int
	size   int // bytes of the head
	length int // bytes of the body
}

const (
	statusLine = "HTTP/1.1 200 " // as long as any that is plain
	statusAt   = len("HTTP/1.1 ")
	maxDigits  = 6 // of a length: maxRest has fewer
)

// parsePlain reads the head of an answer as nearly all endpoints give it: HTTP/1.1, a
// final status, a length, a connection that stays. It answers ok only where
// http.ReadResponse would read the same, and asks for no memory: it takes a fifth of the
// time (BenchmarkPlainAnswer). All else is not plain: a head that is not there as a whole,
// another way to tell where the body ends, what a connection does not survive, and
// whatever is odd.
func parsePlain(text []byte) (head plainHead, ok bool) {
	line, rest, ok := cutLine(text)
	if !ok || len(line) < len(statusLine) || string(line[:statusAt]) != statusLine[:statusAt] || line[len(statusLine)-1] != ' ' {
		return head, false
	}
	status, ok := digits(line[statusAt : len(statusLine)-1])
	if !ok || status < http.StatusOK || status == http.StatusNotModified {
		return head, false
	}
	head = plainHead{status: status, length: -1}
	for {
		if line, rest, ok = cutLine(rest); !ok {
			return head, false
		}
		if len(line) == 0 {
			break
		}
		if !head.read(line) {
			return head, false
		}
	}
	head.size = len(text) - len(rest)
	if status == http.StatusNoContent {
		head.length = max(head.length, 0)
		return head, head.length == 0
	}
	return head, head.length >= 0
}

// cutLine takes the first line, which is whole and has no control characters.
func cutLine(text []byte) (line, rest []byte, ok bool) {
	end := bytes.IndexByte(text, '\n')
	if end < 1 || text[end-1] != '\r' || hasControl(text[:end-1]) {
		return nil, nil, false
	}
	return text[:end-1], text[end+1:], true
}

// read takes one field and says whether it is plain.
func (h *plainHead) read(line []byte) (ok bool) {
	colon := 0
	for colon < len(line) && tokens[line[colon]] {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return false
	}
	name, value := line[:colon], line[colon+1:]
	switch {
	case is(name, "Content-Length"):
		twice := h.length >= 0
		h.length, ok = digits(bytes.Trim(value, " \t"))
		return ok && !twice && h.length <= maxRest
	case is(name, "Connection"):
		return is(bytes.Trim(value, " \t"), "keep-alive")
	case is(name, "Transfer-Encoding"), is(name, "Retry-After"), is(name, "Trailer"), is(name, "Upgrade"):
		return false
	}
	return true
}

func hasControl(line []byte) bool {
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// is compares without regard to case.
func is(text []byte, word string) bool {
	return len(text) == len(word) && bytes.EqualFold(text, []byte(word))
}

// digits reads a number that has no sign and is not long.
func digits(text []byte) (n int, ok bool) {
	if len(text) == 0 || len(text) > maxDigits {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}
