package iam

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest writes the six lines that signer and verifier hash: method,
// path, query, signed headers, their names, hash of the body.
//
// It starts from what a request means, not from how it was spelt on the way: the
// decoded path and query are encoded anew, so "%3A" and ":" are the same.
func canonicalRequest(r *http.Request, query url.Values, signed []string, bodyHash string) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, strings.ToUpper(r.Method)...)
	b = append(b, '\n')
	b = appendPath(b, r.URL.Path)
	b = append(b, '\n')
	b = appendQuery(b, query)
	b = append(b, '\n')
	for _, name := range signed {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, strings.Join(signed, ";")...)
	b = append(b, '\n')
	return append(b, bodyHash...)
}

// appendPath encodes everything but the slashes, and ends in a slash.
func appendPath(b []byte, path string) []byte {
	for i := range len(path) {
		if path[i] == '/' {
			b = append(b, '/')
		} else {
			b = appendEncoded(b, path[i:i+1])
		}
	}
	if !strings.HasSuffix(path, "/") {
		b = append(b, '/')
	}
	return b
}

// appendQuery orders by key, then by value, before they are encoded.
func appendQuery(b []byte, query url.Values) []byte {
	first := true
	for _, key := range slices.Sorted(maps.Keys(query)) {
		for _, value := range slices.Sorted(slices.Values(query[key])) {
			if !first {
				b = append(b, '&')
			}
			first = false
			b = appendEncoded(b, key)
			b = append(b, '=')
			b = appendEncoded(b, value)
		}
	}
	return b
}

// appendHeader joins the values of a header by commas. The host is not among
// the headers of a Go request; a client's request may have it in the URL alone.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	if name == "host" {
		if r.Host == "" {
			return append(b, r.URL.Host...)
		}
		return append(b, r.Host...)
	}
	for i, value := range r.Header.Values(name) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, strings.TrimSpace(value)...)
	}
	return b
}

// appendEncoded percent-encodes each byte but the unreserved ones of RFC 3986.
func appendEncoded(b []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}
