package validation

import (
	"net/mail"
	"regexp"
	"slices"
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
	"user_id":            smn.IsID,
	"user_name":          isUserName,
	"subject":            isSubject,
	"message":            isMessage,
	"locale":             isLocale,
	"template_name":      smn.IsTemplateName,
	"template_protocol":  isTemplateProtocol,
	"template_content":   isTemplateContent,
	"template_id":        smn.IsID,
	"topic_marker":       isTopicMarker,
	"attribute":          func(s string) bool { return slices.Contains(smn.AttributeNames, smn.AttributeName(s)) },

	"phone":             isPhone,
	"sms_text":          isSMSText,
	"sign_id":           isSignID,
	"sms_event":         isSMSEvent,
	"id":                smn.IsID,
	"application_name":  smn.IsApplicationName,
	"platform":          smn.IsPlatform,
	"application_urn":   func(s string) bool { _, err := smn.ParseApplicationURN(s); return err == nil },
	"push_endpoint_urn": func(s string) bool { _, err := smn.ParsePushEndpointURN(s); return err == nil },
	"device_token":      isDeviceToken,
	"user_data":         isUserData,
	"foreign_id":        foreignIDPattern.MatchString,
	"resource_type":     isResourceType,
	"resource_id":       isResourceID,
	"tag_key":           isTagKey,
}

// isDisplayName: at most smn.MaxDisplayName bytes on one line. It becomes the
// sender name of mails, so control characters would let a topic forge headers.
func isDisplayName(s string) bool {
	return len(s) <= smn.MaxDisplayName && isLine(s)
}

// isTopicFilter: what a name could begin with or be; one that no name matches is
// no error, it finds nothing.
func isTopicFilter(s string) bool { return len(s) <= smn.MaxTopicName && isLine(s) }

// isTopicMarker: what names a topic in the list of topics.
func isTopicMarker(s string) bool {
	_, err := smn.ParseTopicURN(s)
	return err == nil || smn.IsID(s)
}

var enterpriseProjectPattern = regexp.MustCompile(`^[0-9A-Za-z-]{0,36}$`)

// isEnterpriseProject: "0" or a UUID in the services that know them.
func isEnterpriseProject(s string) bool { return enterpriseProjectPattern.MatchString(s) }

// isRemark: at most smn.MaxRemark bytes of text.
func isRemark(s string) bool { return len(s) <= smn.MaxRemark && utf8.ValidString(s) }

// isUserName: 1 to smn.MaxSubscriptionUserName bytes on one line.
func isUserName(s string) bool {
	return s != "" && len(s) <= smn.MaxSubscriptionUserName && isLine(s)
}

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
		return phonePattern.MatchString(endpoint)
	case smn.FunctionStage, smn.FunctionGraph:
		return isFunctionURN(endpoint)
	}
	return p.IsChat() && (isURL(endpoint, "https") || isURL(endpoint, "http"))
}

// functionPattern: cff is the name of the service in SMN's documents, fss that in
// URNs of FunctionGraph itself. The version may be an alias, which begins with !.
var functionPattern = regexp.MustCompile(`^urn:(?:cff|fss):([^:]+):([^:]+):function:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9._!-]{1,64})?$`)

// isFunctionURN: the name of a function, with or without a version.
func isFunctionURN(s string) bool {
	parts := functionPattern.FindStringSubmatch(s)
	return parts != nil && smn.IsRegion(parts[1]) && smn.IsID(parts[2])
}

// ProjectOfFunction is the id of the project in the URN of a function; empty when
// it is none.
func ProjectOfFunction(urn string) string {
	if parts := functionPattern.FindStringSubmatch(urn); parts != nil {
		return parts[2]
	}
	return ""
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
