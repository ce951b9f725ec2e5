package house

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/httpapi"
)

// All routes that SMN and MNS have, as their references list them: those of httpapi
// today and those to come, and those of the door of MNS. A line may name several
// methods. Below marks what SMN has under /v2/{project_id}.
const (
	smnBelow = `
POST,GET /notifications/topics
GET,PUT,DELETE /notifications/topics/{topic_urn}
GET /notifications/topics-with-associated-resources
GET /notifications/topics/{topic_urn}/statistics
GET,DELETE /notifications/topics/{topic_urn}/attributes
PUT,DELETE /notifications/topics/{topic_urn}/attributes/{name}
POST,GET,DELETE /notifications/topics/{topic_urn}/subscriptions
PUT,DELETE /notifications/topics/{topic_urn}/subscriptions/{subscription_urn}
POST /notifications/topics/{topic_urn}/subscriptions/from-subscription-users
GET,DELETE /notifications/subscriptions
DELETE /notifications/subscriptions/{subscription_urn}
POST,PUT,DELETE /notifications/subscriptions/filter_polices
POST /notifications/topics/{topic_urn}/publish
POST,GET /notifications/message_template
GET,PUT,DELETE /notifications/message_template/{message_template_id}
POST /notifications/topics/{topic_urn}/detection
GET /notifications/topics/{topic_urn}/detection/{task_id}
POST,GET /notifications/topics/{topic_urn}/logtanks
PUT,DELETE /notifications/topics/{topic_urn}/logtanks/{logtank_id}
POST,GET /notifications/topics/{topic_urn}/notify-policy
PUT,DELETE /notifications/topics/{topic_urn}/notify-policy/{notify_policy_id}
POST,GET /notifications/topics/{topic_urn}/kms
PUT,DELETE /notifications/topics/{topic_urn}/kms/{id}
POST /notifications/sms
POST /notifications/batch_sms
POST /notifications/sms/promotion
GET /notifications/sms/report
GET /notifications/sms/message/{message_id}
GET,PUT /notifications/sms/callback
POST,GET /notifications/sms_template
GET,PUT,DELETE /notifications/sms_template/{sms_template_id}
POST,GET /notifications/sms_sign
GET,PUT,DELETE /notifications/sms_sign/{sign_id}
POST,GET /notifications/applications
GET,PUT,DELETE /notifications/applications/{application_urn}
POST,GET /notifications/applications/{application_urn}/endpoints
GET,PUT,DELETE /notifications/endpoints/{endpoint_urn}
POST /notifications/endpoints/{endpoint_urn}/publish
`
	// A {resource_type} instead of the three kinds would clash with the topics and
	// with the certificate link.
	tagsBelow = `
POST,GET /{kind}/{resource_id}/tags
POST /{kind}/{resource_id}/tags/action
DELETE /{kind}/{resource_id}/tags/{key}
GET /{kind}/tags
POST /{kind}/resource_instances/action
`
	absolute = `
GET /{$}
GET /v2
GET /rest/v2/notifications/subscription/confirm
GET /rest/v2/notifications/subscription/unsubscribe
GET /v2/notifications/subscriptions/subscribe
GET /v2/notifications/subscriptions/unsubscribe
GET,POST /smn/subscription/confirm
GET,POST /smn/subscription/unsubscribe
GET /smn/{certificate_id}
GET /v2/notifications/certifications/download/{certificate_id}
GET /v2/notifications/protocols
GET /v2/notifications/cloud_service
GET /v2/notifications/cloud-services
POST,GET /v3/auth/tokens
GET /v3/auth/projects
GET /v3/auth/domains
GET /v3/auth/catalog
GET /v3/projects
GET /v3
GET /openapi.json
`
	// beside is what we have and SMN has not: docs/extensions.md.
	beside = `
GET /notifications/subscriptions/{subscription_urn}
POST /notifications/subscriptions/{subscription_urn}/confirmation
GET /notifications/topics/{topic_urn}/messages
GET /notifications/topics/{topic_urn}/messages/{message_id}
GET /notifications/topics/{topic_urn}/dead-deliveries
POST /notifications/topics/{topic_urn}/dead-deliveries/redeliver
POST /notifications/topics/{topic_urn}/alerts
POST,GET /notifications/subscription-users
GET,PUT,DELETE /notifications/subscription-users/{user_id}
`
	mns = `
GET /topics
PUT,GET,DELETE /topics/{topic}
GET /topics/{topic}/subscriptions
PUT,GET,DELETE /topics/{topic}/subscriptions/{subscription}
POST /topics/{topic}/messages
`
)

// patterns spells the lines out as patterns of http.ServeMux.
func patterns(prefix, lines string) []string {
	var all []string
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		methods, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		for method := range strings.SplitSeq(methods, ",") {
			all = append(all, method+" "+prefix+path)
		}
	}
	return all
}

func TestAllRoutesFitOneMux(t *testing.T) {
	all := append(patterns("/v2/{project_id}", smnBelow+beside[1:]), patterns("", absolute+mns[1:])...)
	for _, kind := range []string{"smn_topic", "smn_sms", "smn_application"} {
		all = append(all, patterns("/v2/{project_id}", strings.ReplaceAll(tagsBelow, "{kind}", kind))...)
	}
	mux := http.NewServeMux()
	for _, pattern := range all {
		require.NotPanics(t, func() { mux.HandleFunc(pattern, http.NotFound) }, pattern)
	}
	mux.HandleFunc("/", http.NotFound)
	for _, op := range httpapi.All() {
		require.Contains(t, all, op.Route, "%s is in no reference", op.Name)
	}
}
