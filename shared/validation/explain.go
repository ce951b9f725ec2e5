package validation

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// explain says which rule was broken and how to keep it, without repeating a
// value that may be secret.
func explain(b validator.FieldError) string {
	if sentence, ok := sentences()[b.Tag()]; ok {
		return sentence
	}
	if rule, ok := listRules[b.Tag()]; ok {
		return rule(b.Value()).Error()
	}
	switch b.Tag() {
	case "attribute_value":
		if smn.AttributeName(b.Param()) == smn.Introduction {
			return "introduction must be one line"
		}
		return "sms_sign_id must hold letters, digits, hyphens and underscores"
	case "fits":
		return explainEndpoint(smn.Protocol(b.Param()))
	case "extension_header":
		return checkExtensionHeader(b.Value().(map[string]string)).Error()
	case "extension":
		return checkExtension(smn.Protocol(b.Param()), b.Value().(smn.Extension)).Error()
	case "push_message":
		return fmt.Sprintf("message must be a text of 1 to %d bytes", smn.Platform(b.Param()).MaxMessage())
	}
	return explainNumber(b)
}

// sentences say how to keep a rule, by its tag. They are made for the first input that
// breaks one.
var sentences = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"id":         "an id has 32 lower-case hexadecimal digits",
		"foreign_id": fmt.Sprintf("an id of another service has 1 to %d letters, digits, hyphens and underscores", smn.MaxForeignID),

		"topic_name":         fmt.Sprintf("name must have 1 to %d letters, digits, hyphens and underscores and begin with a letter or digit", smn.MaxTopicName),
		"topic_urn":          "a topic URN has the form urn:smn:{region}:{project_id}:{topic_name}",
		"topic_filter":       fmt.Sprintf("name, fuzzy_name, topic_id and enterprise_project_id must be one line of at most %d characters", smn.MaxTopicName),
		"topic_marker":       "marker must be the URN or the id of a topic",
		"display_name":       fmt.Sprintf("display_name must be one line of at most %d bytes", smn.MaxDisplayName),
		"enterprise_project": "enterprise_project_id must have at most 36 letters, digits and hyphens",
		"attribute":          "the attributes of a topic are access_policy, introduction and sms_sign_id",
		"tag_key":            errTagKey.Error(),
		"resource_type":      "resource_type must be smn_topic or smn_application",
		"resource_id":        fmt.Sprintf("resource_id must be one line of 1 to %d characters", maxResourceID),

		"statistics_end": fmt.Sprintf("end_time must be at most %d days after start_time", smn.MaxStatistics/(24*time.Hour)),
		"gtfield":        "end_time must be later than start_time",

		"subscription_urn": "a subscription URN has the form {topic_urn}:{subscription_id}",
		"protocol": "protocol must be one of http, https, email, sms, callnotify, functionstage, functiongraph, " +
			"dingding, feishu, wechat, welink, slack, teams; dingTalkBot, dms and application are not supported",
		"endpoint":    fmt.Sprintf("endpoint must be one line of 1 to %d characters", smn.MaxEndpoint),
		"remark":      fmt.Sprintf("remark must be a text of at most %d bytes", smn.MaxRemark),
		"style_word":  fmt.Sprintf("form and strategy must have at most %d printable characters without spaces", smn.MaxStyleWord),
		"message_tag": fmt.Sprintf("a tag of a message must be one line of at most %d characters", smn.MaxMessageTag),
		"user_name":   fmt.Sprintf("name must be one line of 1 to %d bytes", smn.MaxSubscriptionUserName),

		"subject":           fmt.Sprintf("subject must be one line of at most %d bytes", smn.MaxSubject),
		"message":           fmt.Sprintf("message must be a text of 1 to %d bytes", smn.MaxMessage),
		"locale":            "locale must be a language such as en-us or zh-cn",
		"idempotency_key":   idempotencyKeyRule,
		"dead_marker":       "the marker of a dead delivery has the form {message_id}:{subscription_urn}",
		"time_to_live":      fmt.Sprintf("time_to_live must be a number of seconds from 1 to %d", smn.MaxTimeToLive/time.Second),
		"template_name":     templateNameRule,
		"template_protocol": "protocol must be default, or one for which a text can be written, such as email",
		"template_content":  fmt.Sprintf("content must be a text of 1 to %d bytes", smn.MaxMessage),

		"phone":     explainEndpoint(smn.SMS),
		"sms_text":  fmt.Sprintf("message must be a text of 1 to %d characters", smn.MaxSMS),
		"sign_id":   fmt.Sprintf("sign_id must have at most %d letters, digits, hyphens and underscores", smn.MaxSignID),
		"sms_event": "event_type must be one of sms_success_event, sms_fail_event, sms_reply_event",

		"application_name":  fmt.Sprintf("name must have 1 to %d letters, digits and underscores", smn.MaxApplicationName),
		"application_urn":   "an application URN has the form urn:smn:{region}:{project_id}:app-{platform}-{name}",
		"platform":          "platform must be one of HMS, APNS, APNS_SANDBOX",
		"principal":         "platform_principal must be an app id of 1 to 20 letters and digits for HMS, else a certificate in Base64 of at most 8192 bytes",
		"credential":        "platform_credential must be an app secret of 32 to 64 letters and digits for HMS, else a key in Base64 of at most 8192 bytes",
		"push_endpoint_urn": "an endpoint URN has the form urn:smn:{region}:{project_id}:endpoint-{platform}-{name}-{id}",
		"device_token":      fmt.Sprintf("token must be one line of 1 to %d bytes", smn.MaxDeviceToken),
		"user_data":         fmt.Sprintf("user_data must be a text of at most %d bytes", smn.MaxUserData),
		"push_time_to_live": fmt.Sprintf("time_to_live must be a number of seconds from 1 to %d", smn.MaxPushTimeToLive/time.Second),
	}
})

// explainEndpoint says what the endpoints of a protocol look like.
func explainEndpoint(p smn.Protocol) string {
	start := "the endpoint of protocol " + string(p) + " must be "
	switch p {
	case smn.HTTP, smn.HTTPS:
		return start + "a URL that begins with " + string(p) + ":// and holds plain ASCII without spaces and without a fragment"
	case smn.Email:
		return start + "a mail address such as ops@example.com"
	case smn.SMS, smn.Call:
		return start + "a phone number of 3 to 15 digits, such as +4915112345678"
	case smn.FunctionStage, smn.FunctionGraph:
		return start + "a URN of the form urn:cff:{region}:{project_id}:function:{group}:{name}:{version}, whose last part may be left out"
	}
	return start + "the URL of a bot's webhook, which begins with https:// and holds plain ASCII without spaces and without a fragment"
}

// explainNumber says the same for validator's own rules.
func explainNumber(b validator.FieldError) string {
	switch b.StructField() {
	case "Offset":
		return "offset must be 0 or more"
	case "Limit":
		if b.Param() == strconv.Itoa(smn.MaxResources) {
			return fmt.Sprintf("limit must be from 1 to %d", smn.MaxResources)
		}
		return fmt.Sprintf("limit must be from 1 to %d", smn.DefaultLimit)
	case "Subscriptions":
		return fmt.Sprintf("a batch holds 1 to %d subscriptions", smn.MaxBatch)
	case "SubscriptionURNs", "Items":
		return fmt.Sprintf("a batch holds 1 to %d subscriptions", smn.MaxCancelBatch) // and MaxFilterBatch
	case "UserIDs":
		return fmt.Sprintf("a batch holds 1 to %d users", smn.MaxBatch)
	case "Status":
		return "status must be from 0 to 4, for SMS from 0 to 2"
	case "Protocol":
		return "protocol must be " + b.Param()
	case "Token":
		return "token is missing"
	case "Messages":
		return fmt.Sprintf("a call holds 1 to %d SMS", smn.MaxSMSBatch)
	case "Callbacks":
		return fmt.Sprintf("callback must have 1 to %d items", len(smn.SMSEvents))
	case "From":
		return "start_time is missing"
	case "To":
		return "end_time is missing"
	}
	return b.StructField() + " is invalid"
}
