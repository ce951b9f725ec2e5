package validation

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// stringRules are the rules for a text, by the tag that names them.
var stringRules = map[string]func(string) bool{
	"topic_name":         smn.IsTopicName,
	"topic_filter":       isTopicFilter,
	"display_name":       isDisplayName,
	"enterprise_project": isEnterpriseProject,
	"topic_urn":          func(s string) bool { _, err := smn.ParseTopicURN(s); return err == nil },
	"subscription_urn":   func(s string) bool { _, err := smn.ParseSubscriptionURN(s); return err == nil },
	"protocol":           IsProtocol,
	"endpoint":           isEndpoint,
	"remark":             isRemark,
	"subject":            isSubject,
	"message":            isMessage,
	"id":                 smn.IsID,
	"foreign_id":         foreignIDPattern.MatchString,
	"resource_type":      isResourceType,
	"resource_id":        isResourceID,
	"tag_key":            isTagKey,
}

// isDisplayName: at most smn.MaxDisplayName bytes on one line. It becomes the
// sender name of mails, so control characters would let a topic forge headers.
func isDisplayName(s string) bool {
	return len(s) <= smn.MaxDisplayName && isLine(s)
}

// isTopicFilter: what a name could begin with or be; one that no name matches is
// no error, it finds nothing.
func isTopicFilter(s string) bool { return len(s) <= smn.MaxTopicName && isLine(s) }

var enterpriseProjectPattern = regexp.MustCompile(`^[0-9A-Za-z-]{0,36}$`)

// isEnterpriseProject: "0" or a UUID in the services that know them.
func isEnterpriseProject(s string) bool { return enterpriseProjectPattern.MatchString(s) }

// isRemark: at most smn.MaxRemark bytes of text.
func isRemark(s string) bool { return len(s) <= smn.MaxRemark && utf8.ValidString(s) }

// isSubject: at most smn.MaxSubject bytes on one line. It becomes a mail header.
func isSubject(s string) bool { return len(s) <= smn.MaxSubject && isLine(s) }

// isMessage: 1 to smn.MaxMessage bytes of text.
func isMessage(s string) bool {
	return s != "" && len(s) <= smn.MaxMessage && utf8.ValidString(s)
}

// isLine: text without control characters, line and paragraph separators included.
func isLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// IsProtocol says whether endpoints can be subscribed by this protocol.
func IsProtocol(s string) bool {
	switch smn.Protocol(s) {
	case smn.HTTP, smn.HTTPS, smn.Email, smn.SMS:
		return true
	}
	return false
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
	case smn.SMS:
		return phonePattern.MatchString(endpoint)
	}
	return false
}

// phonePattern: E.164 allows 15 digits, the national form may lack the plus.
var phonePattern = regexp.MustCompile(`^\+?[0-9]{3,15}$`)

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
