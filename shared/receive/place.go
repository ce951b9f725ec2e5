package receive

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"tocsin/shared/signing"
)

// plainPath is a path that has one spelling.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$`)

// place is where certificates may come from.
type place struct {
	origin string // scheme://host:port
	path   string // without a slash at its end; empty for all
}

func parsePlace(text string) (place, error) {
	u, ok := parsePlain(strings.TrimRight(text, "/"))
	if !ok {
		return place{}, fmt.Errorf("%q is not of the form scheme://host[:port][/path]", text)
	}
	return place{origin(u), u.Path}, nil
}

// holds says whether a URL lies there.
func (p place) holds(u *url.URL) bool {
	isThere := strings.HasPrefix(u.Path, p.path+"/") || p.path != "" && u.Path == p.path
	return isThere && origin(u) == p.origin
}

// parsePlain reads an http or https URL of nothing but scheme, host and path: whatever
// two programs could read in two ways is none.
func parsePlain(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return nil, false
	}
	isPlain := u.RawPath == "" && plainPath.MatchString(u.Path) && (u.Path == "" || path.Clean(u.Path) == u.Path)
	return u, isPlain
}

// origin is scheme, host and port in one spelling.
func origin(u *url.URL) string {
	return u.Scheme + "://" + signing.HostPort(u)
}
