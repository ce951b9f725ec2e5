package validation

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"code.dny.dev/ssrf"
)

// isURL: an absolute URL of the scheme, with a host and a port that exist, in
// ASCII without spaces, and without a fragment, which would never be sent.
func isURL(s, scheme string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	u, err := url.Parse(s)
	if err != nil || !strings.EqualFold(u.Scheme, scheme) || u.Hostname() == "" || u.Fragment != "" || strings.HasSuffix(s, "#") {
		return false
	}
	if port := u.Port(); port != "" {
		n, err := strconv.Atoi(port)
		return err == nil && n >= 1 && n <= 65535
	}
	return !strings.HasSuffix(u.Host, ":")
}

// IsInternal says whether an http or https endpoint names, without any look-up,
// an address inside a network: a literal address that is not public, or
// localhost. What a name resolves to is judged when it is dialled.
func IsInternal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Zone() != "" || public.SafeAddr(addr.Unmap()) != nil
	}
	return looksNumeric(host)
}

// public knows the addresses that a message may be sent to. The sender dials by
// the same rules.
var public = ssrf.New(ssrf.WithAnyPort())

// looksNumeric: hosts such as 2130706433, 0x7f.1 or 127.1, which old resolvers
// read as addresses.
func looksNumeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return true
	}
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil
}
