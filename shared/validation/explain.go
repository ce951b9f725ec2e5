package validation

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// explain says which rule was broken and how to keep it, without repeating a
// value that may be secret.
func explain(b validator.FieldError) string {
	switch b.Tag() {
	case "topic_name":
		return fmt.Sprintf("name must have 1 to %d letters, digits, hyphens and underscores and begin with a letter or digit", smn.MaxTopicName)
	case "topic_filter":
		return fmt.Sprintf("name, fuzzy_name, topic_id and enterprise_project_id must be one line of at most %d characters", smn.MaxTopicName)
	case "topic_marker":
		return "marker must be the URN or the id of a topic"
	case "attribute":
		return "the attributes of a topic are access_policy, introduction and sms_sign_id"
	case "attribute_value":
		if smn.AttributeName(b.Param()) == smn.Introduction {
			return "introduction must be one line"
		}
		return "sms_sign_id must hold letters, digits, hyphens and underscores"
	case "display_name":
		return fmt.Sprintf("display_name must be one line of at most %d bytes", smn.MaxDisplayName)
	case "enterprise_project":
		return "enterprise_project_id must have at most 36 letters, digits and hyphens"
	case "topic_urn":
		return "a topic URN has the form urn:smn:{region}:{project_id}:{topic_name}"
	case "subscription_urn":
		return "a subscription URN has the form {topic_urn}:{subscription_id}"
	case "protocol":
		return "protocol must be one of http, https, email, sms, callnotify, functionstage, functiongraph, " +
			"dingding, feishu, wechat, welink, slack, teams; dingTalkBot, dms and application are not supported"
	case "endpoint":
		return fmt.Sprintf("endpoint must be one line of 1 to %d characters", smn.MaxEndpoint)
	case "fits":
		return explainEndpoint(smn.Protocol(b.Param()))
	case "remark":
		return fmt.Sprintf("remark must be a text of at most %d bytes", smn.MaxRemark)
	case "user_id":
		return "the id of a subscription user has 32 hexadecimal digits"
	case "user_name":
		return fmt.Sprintf("name must be one line of 1 to %d bytes", smn.MaxSubscriptionUserName)
	case "filter_policies":
		return checkFilterPolicies(b.Value().([]smn.FilterPolicy)).Error()
	case "extension_header":
		return checkExtensionHeader(b.Value().(map[string]string)).Error()
	case "extension":
		return checkExtension(smn.Protocol(b.Param()), b.Value().(smn.Extension)).Error()
	case "subject":
		return fmt.Sprintf("subject must be one line of at most %d bytes", smn.MaxSubject)
	case "message":
		return fmt.Sprintf("message must be a text of 1 to %d bytes", smn.MaxMessage)
	case "locale":
		return "locale must be a language such as en-us or zh-cn"
	case "template_name":
		return templateNameRule
	case "template_protocol":
		return "protocol must be default, or one for which a text can be written, such as email"
	case "template_content":
		return fmt.Sprintf("content must be a text of 1 to %d bytes", smn.MaxMessage)
	case "template_id":
		return "the id of a template has 32 lower-case hexadecimal characters"
	case "foreign_id":
		return fmt.Sprintf("an id of another service has 1 to %d letters, digits, hyphens and underscores", smn.MaxForeignID)
	case "resource_type":
		return "resource_type must be smn_topic or smn_application"
	case "resource_id":
		return fmt.Sprintf("resource_id must be one line of 1 to %d characters", maxResourceID)
	case "tag_key":
		return errTagKey.Error()
	case "time_to_live":
		return fmt.Sprintf("time_to_live must be a number of seconds from 1 to %d", smn.MaxTimeToLive/time.Second)
	case "phone":
		return explainEndpoint(smn.SMS)
	case "sms_text":
		return fmt.Sprintf("message must be a text of 1 to %d characters", smn.MaxSMS)
	case "sign_id":
		return fmt.Sprintf("sign_id must have at most %d letters, digits, hyphens and underscores", smn.MaxSignID)
	case "sms_event":
		return "event_type must be one of sms_success_event, sms_fail_event, sms_reply_event"
	case "id":
		return "an id has 32 lower-case hex characters"
	case "statistics_end":
		return fmt.Sprintf("end_time must be at most %d days after start_time", smn.MaxStatistics/(24*time.Hour))
	case "gtfield":
		return "end_time must be later than start_time"
	case "application_name":
		return fmt.Sprintf("name must have 1 to %d letters, digits and underscores", smn.MaxApplicationName)
	case "platform":
		return "platform must be one of HMS, APNS, APNS_SANDBOX"
	case "principal":
		return "platform_principal must be an app id of 1 to 20 letters and digits for HMS, else a certificate in Base64 of at most 8192 bytes"
	case "credential":
		return "platform_credential must be an app secret of 32 to 64 letters and digits for HMS, else a key in Base64 of at most 8192 bytes"
	case "application_urn":
		return "an application URN has the form urn:smn:{region}:{project_id}:app-{platform}-{name}"
	case "push_endpoint_urn":
		return "an endpoint URN has the form urn:smn:{region}:{project_id}:endpoint-{platform}-{name}-{id}"
	case "device_token":
		return fmt.Sprintf("token must be one line of 1 to %d bytes", smn.MaxDeviceToken)
	case "user_data":
		return fmt.Sprintf("user_data must be a text of at most %d bytes", smn.MaxUserData)
	case "push_message":
		return fmt.Sprintf("message must be a text of 1 to %d bytes", smn.Platform(b.Param()).MaxMessage())
	case "push_time_to_live":
		return fmt.Sprintf("time_to_live must be a number of seconds from 1 to %d", smn.MaxPushTimeToLive/time.Second)
	}
	if rule, ok := listRules[b.Tag()]; ok {
		return rule(b.Value()).Error()
	}
	return explainNumber(b)
}

// explainEndpoint says what the endpoints of a protocol look like.
func explainEndpoint(p smn.Protocol) string {
	start := "the endpoint of protocol " + string(p) + " must be "
	switch p {
	case smn.HTTP, smn.HTTPS:
		return start + "a URL that begins with " + string(p) + ":// and holds no spaces and no fragment"
	case smn.Email:
		return start + "a mail address such as ops@example.com"
	case smn.SMS, smn.Call:
		return start + "a phone number of 3 to 15 digits, such as +4915112345678"
	case smn.FunctionStage, smn.FunctionGraph:
		return start + "a URN of the form urn:cff:{region}:{project_id}:function:{group}:{name}:{version}, whose last part may be left out"
	}
	return start + "the URL of a bot's webhook, which begins with https:// and holds no spaces and no fragment"
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
