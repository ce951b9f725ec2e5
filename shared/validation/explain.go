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
		return fmt.Sprintf("name and fuzzy_name must be one line of at most %d characters", smn.MaxTopicName)
	case "display_name":
		return fmt.Sprintf("display_name must be one line of at most %d bytes", smn.MaxDisplayName)
	case "enterprise_project":
		return "enterprise_project_id must have at most 36 letters, digits and hyphens"
	case "topic_urn":
		return "a topic URN has the form urn:smn:{region}:{project_id}:{topic_name}"
	case "subscription_urn":
		return "a subscription URN has the form {topic_urn}:{subscription_id}"
	case "protocol":
		return "protocol must be one of http, https, email, sms"
	case "endpoint":
		return fmt.Sprintf("endpoint must be one line of 1 to %d characters", smn.MaxEndpoint)
	case "fits":
		return fits[smn.Protocol(b.Param())]
	case "remark":
		return fmt.Sprintf("remark must be a text of at most %d bytes", smn.MaxRemark)
	case "extension_header":
		return checkExtensionHeader(b.Value().(map[string]string)).Error()
	case "header_protocol":
		return "extension.header is for the protocols http and https only"
	case "subject":
		return fmt.Sprintf("subject must be one line of at most %d bytes", smn.MaxSubject)
	case "message":
		return fmt.Sprintf("message must be a text of 1 to %d bytes", smn.MaxMessage)
	case "id":
		return "an id has 32 lower-case hex characters"
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
	}
	if rule, ok := listRules[b.Tag()]; ok {
		return rule(b.Value()).Error()
	}
	return explainNumber(b)
}

// fits says, by protocol, what its endpoints look like.
var fits = map[smn.Protocol]string{
	smn.HTTP:  "the endpoint of protocol http must be a URL that begins with http:// and holds no spaces and no fragment",
	smn.HTTPS: "the endpoint of protocol https must be a URL that begins with https:// and holds no spaces and no fragment",
	smn.Email: "the endpoint of protocol email must be a mail address such as ops@example.com",
	smn.SMS:   "the endpoint of protocol sms must be a phone number of 3 to 15 digits, such as +4915112345678",
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
	case "Protocol":
		return "protocol must be " + b.Param()
	case "Token":
		return "token is missing"
	}
	return b.StructField() + " is invalid"
}
