package post

import (
	"strings"

	"tocsin/shared/validation"
)

// Header holds lines above a body, in their order.
type Header []Field

// Field is one line, its name spelt as it is written. HTTP/2 knows lower case only.
type Field struct{ Name, Value string }

// Fit says whether a field can be sent: a name that is a token and none of those
// that we set ourselves or that say where a request ends, and a value of printable
// ASCII and spaces.
func (f Field) Fit() bool { return f.fit(false) }

// fit is Fit, but for those that a request of its own may set.
func (f Field) fit(own bool) bool {
	if !IsToken(f.Name) || !validation.IsHeaderValue(f.Value) {
		return false
	}
	set := ours[:]
	if own {
		set = ours[2:]
	}
	for _, name := range set {
		if len(name) == len(f.Name) && strings.EqualFold(name, f.Name) {
			return false
		}
	}
	return true
}

// ours are the headers that nobody else sets, but the first two of them by Request.Own.
var ours = [...]string{
	"User-Agent", "Content-Type",
	"Host", "Content-Length", headerDelivery, "Idempotency-Key",
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Expect",
}

// IsToken says whether s may be the name of a header (RFC 9110, 5.6.2).
func IsToken(s string) bool {
	for i := range len(s) {
		if !tokens[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokens = func() (is [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		is[c] = true
	}
	return is
}()

// isVisible says whether s is printable ASCII without spaces.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
