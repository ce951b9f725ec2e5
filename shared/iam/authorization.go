package iam

import "strings"

// maxAuthorization is the longest Authorization header that is read, in bytes.
const maxAuthorization = 8 * 1024

// authorization is an Authorization header that has been taken apart:
// "{algorithm} {name}={value}, {name}={value}, …".
type authorization struct {
	algorithm string
	fields    map[string]string
}

// parseAuthorization reads any form of signature; which fields a form needs is
// its own affair. A field that is there twice is an error.
func parseAuthorization(s string) (authorization, bool) {
	algorithm, rest, ok := strings.Cut(s, " ")
	if !ok || len(s) > maxAuthorization {
		return authorization{}, false
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if _, twice := fields[name]; !ok || twice {
			return authorization{}, false
		}
		fields[name] = value
	}
	return authorization{algorithm, fields}, true
}
