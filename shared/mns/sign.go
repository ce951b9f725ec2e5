package mns

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // MNS signs with nothing else
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// Headers of MNS, as they are written in notifications. Names in requests may have
// any case.
const (
	HeaderContentMD5  = "content-md5"
	HeaderContentType = "content-type"
	HeaderDate        = "date"
	HeaderMNSDate     = "x-mns-date" // stands in for a date that a program cannot set
	headerPrefix      = "x-mns-"     // of all others that are signed
)

// Field is one header: its name in any case, and its value as it is on the wire
// without the space around it.
type Field struct{ Name, Value string }

// Fields makes a list of headers.
func Fields(header http.Header) []Field {
	fields := make([]Field, 0, len(header))
	for name, values := range header {
		for _, value := range values {
			fields = append(fields, Field{name, value})
		}
	}
	return fields
}

// IsSigned says whether signatures cover the header of this name, in any case.
func IsSigned(headerName string) bool {
	switch name := strings.ToLower(headerName); name {
	case HeaderContentMD5, HeaderContentType, HeaderDate:
		return true
	default:
		return strings.HasPrefix(name, headerPrefix)
	}
}

// Target is what signatures cover of a request URI: path and query as they were sent,
// without the scheme and host that a proxy may have put before them.
func Target(requestURI string) string {
	_, rest, isAbsolute := strings.Cut(requestURI, "://")
	if slash := strings.IndexByte(rest, '/'); isAbsolute && slash >= 0 && requestURI[0] != '/' {
		return rest[slash:]
	}
	return requestURI
}

// StringToSign is what signatures cover, of requests as of notifications: method (in
// upper case), Content-MD5, Content-Type, date, all x-mns- headers in the order of
// their names, and the target. Values stand in it as they are on the wire; so does the
// target, which is the path and the raw query: Target(r.RequestURI), never r.URL.Path. Other
// headers may be given and do not matter; nor does the order of what is given, but for
// values of the same header.
func StringToSign(method string, header []Field, target string) []byte {
	var md5, contentType, date, standIn *string
	own := make([]Field, 0, len(header))
	size := len(method) + len(target) + 4
	for i := range header {
		name, value := strings.ToLower(header[i].Name), &header[i].Value
		if !IsSigned(name) {
			continue
		}
		switch name {
		case HeaderContentMD5:
			md5 = cmp.Or(md5, value)
		case HeaderContentType:
			contentType = cmp.Or(contentType, value)
		case HeaderDate:
			date = cmp.Or(date, value)
		case HeaderMNSDate:
			standIn = cmp.Or(standIn, value)
			fallthrough
		default:
			own = append(own, Field{name, *value})
		}
		size += len(name) + len(*value) + 2
	}
	if date == nil {
		date = standIn
	}
	slices.SortStableFunc(own, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })

	text := make([]byte, 0, size)
	text = append(append(text, method...), '\n')
	for _, value := range []*string{md5, contentType, date} {
		if value != nil {
			text = append(text, *value...)
		}
		text = append(text, '\n')
	}
	for _, f := range own {
		text = append(append(append(append(text, f.Name...), ':'), f.Value...), '\n')
	}
	return append(text, target...)
}

// Sign is the signature of a request: base64 of HMAC-SHA1 with the secret of the
// access key. Compare it with hmac.Equal.
func Sign(secret string, text []byte) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
