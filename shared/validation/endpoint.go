package validation

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"tocsin/shared/smn"

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

// IsProtocol says whether endpoints can be subscribed by this protocol.
func IsProtocol(s string) bool {
	p := smn.Protocol(s)
	switch p {
	case smn.HTTP, smn.HTTPS, smn.Email, smn.SMS, smn.Call:
		return true
	}
	return p.IsChat() || p.IsFunction()
}

// isEndpoint: something that can be an address at all, whatever the protocol.
func isEndpoint(s string) bool {
	return s != "" && len(s) <= smn.MaxEndpoint && isLine(s)
}

// Fits says whether an endpoint is an address of its protocol.
func Fits(p smn.Protocol, endpoint string) bool {
	switch p {
	case smn.HTTP, smn.HTTPS:
		return isURL(endpoint, string(p))
	case smn.Email:
		return isMailAddress(endpoint)
	case smn.SMS, smn.Call:
		return phonePattern().MatchString(endpoint)
	case smn.FunctionStage, smn.FunctionGraph:
		return isFunctionURN(endpoint)
	}
	return p.IsChat() && (isURL(endpoint, "https") || isURL(endpoint, "http"))
}

// functionPattern: cff is the name of the service in SMN's documents, fss that in
// URNs of FunctionGraph itself. The version may be an alias, which begins with !.
var functionPattern = smn.Pattern(`^urn:(?:cff|fss):([^:]+):([^:]+):function:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9._!-]{1,64})?$`)

// isFunctionURN: the name of a function, with or without a version.
func isFunctionURN(s string) bool {
	parts := functionPattern().FindStringSubmatch(s)
	return parts != nil && smn.IsRegion(parts[1]) && smn.IsID(parts[2])
}

// ProjectOfFunction is the id of the project in the URN of a function; empty when
// it is none.
func ProjectOfFunction(urn string) string {
	if parts := functionPattern().FindStringSubmatch(urn); parts != nil {
		return parts[2]
	}
	return ""
}

// phonePattern: E.164 allows 15 digits, the national form may lack the plus.
var phonePattern = smn.Pattern(`^\+?[0-9]{3,15}$`)

// isMailAddress: a bare address, local@domain, without a display name or comment.
// RFC 5321 allows 254 characters.
func isMailAddress(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, " \t<>(),;:\\\"[]") {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return domain != "" && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".")
}
