package post

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tocsin/shared/wire"
)

const (
	contentType    = "application/json; charset=utf-8"
	userAgent      = "Tocsin"
	headerDelivery = wire.HeaderDelivery
)

// target is an endpoint that has been read: all that its attempts have in common.
type target struct {
	url       *url.URL // without user and password
	secure    bool
	address   string // host and port to dial
	name      string // of the host, as its certificate has it
	host      string // as the header Host has it
	basic     string // value of Authorization; empty for none
	joint     string // what stands between the path and a further query
	path      string // with the query
	opening   string // of a request: method, path and query
	following string // the rest of the line, and lines as far as the length of the body
	bare      string // the same, without what Request.Own leaves to others
}

// parse reads an endpoint. The problem is empty if it can be called.
func parse(endpoint string) (to *target, problem string) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil, "the endpoint is not a URL" // the parser's error would repeat it
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "the endpoint is not an http or https URL"
	case u.Hostname() == "":
		return nil, "the endpoint has no host"
	case u.Opaque != "":
		return nil, "the endpoint is not a URL"
	}
	to = &target{secure: u.Scheme == "https", name: u.Hostname(), joint: "?"}
	zoneless, _, _ := strings.Cut(to.name, "%")
	to.host = zoneless
	if strings.Contains(zoneless, ":") {
		to.host = "[" + zoneless + "]"
	}
	port := u.Port()
	switch {
	case port == "" && to.secure:
		port = "443"
	case port == "":
		port = "80"
	default:
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, "the endpoint's port is not within 1 and 65535"
		}
		to.host += ":" + port
	}
	if !isHost(zoneless) {
		return nil, "the endpoint's host has characters that are not allowed"
	}
	to.address = net.JoinHostPort(to.name, port)
	to.name = zoneless
	if u.User != nil {
		password, _ := u.User.Password()
		to.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	u.RawQuery = escape(u.RawQuery)
	switch {
	case u.RawQuery != "":
		to.joint = "&"
	case u.ForceQuery:
		to.joint = ""
	}
	path := u.RequestURI()
	if !isVisible(path) {
		return nil, "the endpoint is not a URL"
	}
	to.url, to.path = u, path
	to.opening = "POST " + path
	to.bare = " HTTP/1.1\r\nHost: " + to.host + "\r\n" + headerDelivery + ": 1"
	to.following = to.bare +
		"\r\nUser-Agent: " + userAgent +
		"\r\nContent-Type: " + contentType
	if to.basic != "" {
		to.following += "\r\nAuthorization: " + to.basic
	}
	to.following += lengthFollows
	to.bare += lengthFollows
	return to, ""
}

const lengthFollows = "\r\nContent-Length: "

// isHost says whether a host is a name or an address in ASCII. An international
// name is written as xn--….
func isHost(s string) bool {
	return isVisible(s) && !strings.ContainsAny(s, `"<>\^`+"`{|}%/?#@")
}

// escape writes what a query may not hold as it is.
func escape(query string) string {
	if isVisible(query) {
		return query
	}
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// usualHead is about how long all but the body is.
const usualHead = 1 << 10

// appendTo writes the whole of a request behind b.
func (a *attempt) appendTo(b []byte) []byte {
	b = slices.Grow(b, usualHead+len(a.Body)+len(a.Tail))
	b = append(b, a.opening...)
	if a.Query != "" {
		b = append(b, a.joint...)
		b = append(b, a.Query...)
	}
	if a.Own {
		b = append(b, a.bare...)
	} else {
		b = append(b, a.following...)
	}
	b = strconv.AppendInt(b, int64(len(a.Body)+len(a.Tail)), 10)
	b = append(b, '\r', '\n')
	for _, f := range a.Header {
		b = append(b, f.Name...)
		b = append(b, ':', ' ')
		b = append(b, f.Value...)
		b = append(b, '\r', '\n')
	}
	b = append(b, '\r', '\n')
	b = append(b, a.Body...)
	return append(b, a.Tail...)
}
