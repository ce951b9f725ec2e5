package validation

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// stringRules are the rules for a text, by the tag that names them.
var stringRules = map[string]func(string) bool{
	"id":         smn.IsID,
	"foreign_id": func(s string) bool { return foreignIDPattern().MatchString(s) },

	"topic_name":         smn.IsTopicName,
	"topic_urn":          func(s string) bool { _, err := smn.ParseTopicURN(s); return err == nil },
	"topic_filter":       isTopicFilter,
	"topic_marker":       isTopicMarker,
	"display_name":       isDisplayName,
	"enterprise_project": isEnterpriseProject,
	"attribute":          func(s string) bool { return slices.Contains(smn.AttributeNames, smn.AttributeName(s)) },
	"tag_key":            isTagKey,
	"resource_type":      isResourceType,
	"resource_id":        isResourceID,

	"subscription_urn": func(s string) bool { _, err := smn.ParseSubscriptionURN(s); return err == nil },
	"protocol":         IsProtocol,
	"endpoint":         isEndpoint,
	"remark":           isRemark,
	"user_name":        isUserName,
	"style_word":       isStyleWord,
	"message_tag":      isMessageTag,

	"subject":           isSubject,
	"message":           isMessage,
	"locale":            isLocale,
	"idempotency_key":   smn.IsIdempotencyKey,
	"dead_marker":       func(s string) bool { _, err := smn.ParseDeadMarker(s); return err == nil },
	"template_name":     smn.IsTemplateName,
	"template_protocol": isTemplateProtocol,
	"template_content":  isTemplateContent,

	"phone":     isPhone,
	"sms_text":  isSMSText,
	"sign_id":   isSignID,
	"sms_event": isSMSEvent,

	"application_name":  smn.IsApplicationName,
	"application_urn":   func(s string) bool { _, err := smn.ParseApplicationURN(s); return err == nil },
	"platform":          smn.IsPlatform,
	"push_endpoint_urn": func(s string) bool { _, err := smn.ParsePushEndpointURN(s); return err == nil },
	"device_token":      isDeviceToken,
	"user_data":         isUserData,
}

// listRules are the rules for lists, by the tag that names them. A rule says what
// is wrong with a list, nil if nothing is.
var listRules = map[string]func(list any) error{
	"tags":             func(list any) error { return checkTags(list.([]smn.Tag)) },
	"tag_keys":         func(list any) error { return checkTagKeys(list.([]string)) },
	"tag_conditions":   func(list any) error { return checkTagConditions(list.([]smn.TagValues)) },
	"resource_matches": func(list any) error { return checkMatches(list.([]smn.ResourceMatch)) },
	"filter_policies":  func(list any) error { return checkFilterPolicies(list.([]smn.FilterPolicy)) },
	"polling":          func(list any) error { return checkPolling(list.([]smn.PollingRound)) },
}

// isLine: text without control characters, line and paragraph separators included.
func isLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// isLineOf: at most so many characters without control characters.
func isLineOf(s string, most int) bool { return utf8.RuneCountInString(s) <= most && isLine(s) }

func all[T any](list []T, rule func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !rule(v) })
}

var foreignIDPattern = smn.Pattern(fmt.Sprintf(`^[A-Za-z0-9_-]{1,%d}$`, smn.MaxForeignID))
