package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
)

// reach is what a stranger gets who aims an operation at what the owner has. The
// zero value is 403 SMN.0001. A path without a project is tried as it is, all
// others with the stranger's project in it and with the owner's.
type reach struct {
	body   string
	path   map[string]string // parameters that are not those of params
	query  string
	header http.Header
	status int  // instead of 403; 404 where something is named by an id, which the stranger's own project does not have
	own    bool // 2xx: it is about the stranger's own project, and must hold nothing of the owner's
	items  bool // 200: each item of the call is refused with SMN.0001
}

// ofApplication aims at the tags of the owner's application.
var ofApplication = map[string]string{"resource_id": "{application_id}"}

// foreign has a line for every operation. One that has none fails the test.
var foreign = map[string]reach{
	"create-topic":                {body: `{"name":"topic"}`, own: true},
	"list-topics":                 {own: true},
	"list-topics-with-resources":  {own: true},
	"get-topic":                   {},
	"update-topic":                {body: `{"display_name":"taken"}`},
	"delete-topic":                {},
	"get-topic-statistics":        {query: "?start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z"},
	"list-topic-attributes":       {},
	"update-topic-attribute":      {body: `{"value":"taken"}`},
	"delete-topic-attribute":      {},
	"delete-topic-attributes":     {},
	"publish":                     {body: `{"message":"m"}`},
	"publish-alerts":              {body: `{"version":"4","groupKey":"g","status":"firing","alerts":[{"status":"firing","startsAt":"2026-11-22T03:00:00Z"}]}`},
	"list-messages":               {},
	"get-message-report":          {},
	"list-dead-deliveries":        {},
	"redeliver":                   {body: `{}`},
	"list-subscriptions":          {own: true},
	"list-subscriptions-by-topic": {},

	"subscribe":                     {body: `{"protocol":"email","endpoint":"me@example.com"}`},
	"get-subscription":              {},
	"update-subscription":           {body: `{"remark":"taken"}`},
	"send-confirmation":             {},
	"cancel-subscription":           {},
	"cancel-subscription-by-topic":  {},
	"cancel-subscriptions":          {body: `{"subscription_urns":[{"subscription_urn":"{subscription_urn}"}]}`, items: true},
	"cancel-subscriptions-by-topic": {body: `{"subscription_urns":[{"subscription_urn":"{subscription_urn}"}]}`},
	"create-filter-policies":        {body: `{"polices":[{"subscription_urn":"{subscription_urn}","filter_polices":[{"name":"a","string_equals":["b"]}]}]}`, items: true},
	"update-filter-policies":        {body: `{"polices":[{"subscription_urn":"{subscription_urn}","filter_polices":[{"name":"a","string_equals":["b"]}]}]}`, items: true},
	"delete-filter-policies":        {body: `{"subscription_urns":["{subscription_urn}"]}`, items: true},
	"subscribe-users":               {body: `{"ids":["{user_id}"]}`},
	"create-subscription-user":      {body: `{"name":"n","protocol":"email","endpoint":"me@example.com"}`, own: true},
	"list-subscription-users":       {own: true},
	"get-subscription-user":         {status: 404},
	"update-subscription-user":      {body: `{"name":"n","protocol":"email","endpoint":"me@example.com"}`, status: 404},
	"delete-subscription-user":      {status: 404},

	"create-template": {body: `{"message_template_name":"template","content":"c"}`, own: true},
	"list-templates":  {own: true},
	"get-template":    {status: 404},
	"update-template": {body: `{"content":"taken"}`, status: 404},
	"delete-template": {status: 404},

	"set-topic-tag":           {body: `{"tag":{"key":"key","value":"taken"}}`, status: 404},
	"change-topic-tags":       {body: `{"action":"delete","tags":[{"key":"key"}]}`, status: 404},
	"delete-topic-tag":        {status: 404},
	"list-topic-tags":         {status: 404},
	"list-project-topic-tags": {own: true},
	"find-topic-resources":    {body: `{"action":"filter"}`, own: true},

	"set-application-tag":           {body: `{"tag":{"key":"key","value":"taken"}}`, path: ofApplication, status: 404},
	"change-application-tags":       {body: `{"action":"delete","tags":[{"key":"key"}]}`, path: ofApplication, status: 404},
	"delete-application-tag":        {path: ofApplication, status: 404},
	"list-application-tags":         {path: ofApplication, status: 404},
	"list-project-application-tags": {own: true},
	"find-application-resources":    {body: `{"action":"filter"}`, own: true},

	// Nobody has tags of SMS.
	"set-sms-tag":           {body: `{"tag":{"key":"key","value":"taken"}}`, status: 400},
	"change-sms-tags":       {body: `{"action":"delete","tags":[{"key":"key"}]}`, status: 400},
	"delete-sms-tag":        {status: 400},
	"list-sms-tags":         {status: 400},
	"list-project-sms-tags": {status: 400},
	"find-sms-resources":    {body: `{"action":"filter"}`, status: 400},

	"detect":               {body: `{"protocol":"http","endpoint":"http://192.0.2.1/"}`},
	"get-detection":        {},
	"create-logtank":       {body: `{"log_group_id":"taken","log_stream_id":"taken"}`},
	"list-logtanks":        {},
	"update-logtank":       {body: `{"log_group_id":"taken","log_stream_id":"taken"}`},
	"delete-logtank":       {},
	"create-notify-policy": {body: `{"protocol":"callnotify","polling":[{"order":1,"subscription_urns":["{subscription_urn}"]}]}`},
	"get-notify-policy":    {},
	"update-notify-policy": {body: `{"protocol":"callnotify","polling":[{"order":1,"subscription_urns":["{subscription_urn}"]}]}`},
	"delete-notify-policy": {},
	"create-kms-key":       {body: `{"key_id":"taken"}`},
	"get-kms-key":          {},
	"update-kms-key":       {body: `{"key_id":"taken"}`},
	"delete-kms-key":       {},

	"send-sms":             {body: `{"endpoint":"+4915112345678","message":"m"}`, own: true},
	"send-sms-batch":       {body: `{"sms_message":[{"endpoint":"+4915112345678","message":"m"}]}`, own: true},
	"get-sms":              {status: 404},
	"list-sms":             {own: true},
	"list-sms-callbacks":   {own: true},
	"update-sms-callbacks": {body: `{"callback":[{"event_type":"sms_success_event","topic_urn":"{topic_urn}"}]}`},

	"create-application":   {body: `{"name":"theirs","platform":"HMS","platform_principal":"1","platform_credential":"0123456789abcdef0123456789abcdef"}`, own: true},
	"list-applications":    {own: true},
	"get-application":      {},
	"update-application":   {body: `{"platform_principal":"2","platform_credential":"0123456789abcdef0123456789abcdef"}`},
	"delete-application":   {},
	"create-push-endpoint": {body: `{"token":"taken"}`},
	"list-push-endpoints":  {},
	"get-push-endpoint":    {},
	"update-push-endpoint": {body: `{"user_data":"taken"}`},
	"delete-push-endpoint": {},
	"push":                 {body: `{"message":"m"}`},

	"list-protocols":      {own: true},
	"list-cloud-service":  {own: true},
	"list-cloud-services": {own: true},

	// Links are for whoever holds them. A token that the service did not make is no
	// link, and there is nothing to unsubscribe that nobody has confirmed.
	"confirm-subscription":    {query: linked, status: 403},
	"confirm-subscription-v2": {query: linked, status: 403},
	"confirm-page":            {query: linked, status: 200}, // it only asks
	"confirm-button":          {query: linked, status: 403},
	"unsubscribe":             {query: "?subscription_urn={subscription_urn}", status: 200},
	"unsubscribe-v2":          {query: "?subscription_urn={subscription_urn}", status: 200},
	"unsubscribe-page":        {query: "?subscription_urn={subscription_urn}", status: 200},
	"unsubscribe-button":      {query: "?subscription_urn={subscription_urn}", status: 200},

	"get-certificate":    {status: 404},
	"get-certificate-v2": {status: 404},
	"list-versions":      {own: true},
	"get-version":        {own: true},
	"get-openapi":        {own: true},

	"issue-token":          {body: `{"auth":{"identity":{"methods":["token"],"token":{"id":"{token}"}},"scope":{"project":{"id":"{owner}"}}}}`, status: 401},
	"inspect-token":        {header: http.Header{"X-Subject-Token": {"{token}"}}, own: true},
	"get-identity-version": {own: true},
	"list-projects":        {query: "?domain_id={owner_domain}", own: true},
	"list-auth-projects":   {own: true},
	"list-auth-domains":    {own: true},
	"get-auth-catalog":     {own: true},
}

// linked is a link to confirm the owner's subscription, with a token that is forged.
const linked = "?topic_urn={topic_urn}&endpoint=%2B4915112345678&token=00"

// TestForeign sees that without an access policy a stranger can neither read nor
// change anything of another project, by any operation: not under his own project
// in the path and not under the owner's.
func TestForeign(t *testing.T) {
	in, owner := visit(t)
	token, err := in.api.Identity.IssueToken(t.Context(), login(smntest.Stranger))
	require.NoError(t, err)
	stranger := visitor{url: owner.url, token: token.Value}

	params := belongings(t, owner)
	params["owner"], params["owner_domain"], params["token"] = smntest.Owner.Project, smntest.Owner.Domain, stranger.token
	params["certificate_id"] = marked
	before := stateOf(t, owner)
	require.Contains(t, before, marked)

	tried := map[string]bool{}
	for _, op := range httpapi.All() {
		method, pattern, _ := strings.Cut(strings.TrimSuffix(op.Route, "{$}"), " ")
		want, ok := foreign[op.Name]
		if !ok {
			t.Errorf("operation %s has no line in the table of foreign", op.Name)
			continue
		}
		tried[op.Name] = true
		t.Run(op.Name, func(t *testing.T) {
			under := func(project string) answer {
				path := fillPath(pattern, project, want.path, params)
				header := http.Header{}
				for name := range want.header {
					header.Set(name, fill(want.header.Get(name), params))
				}
				return stranger.sendWith(t, method, path+fill(want.query, params), fill(want.body, params), header)
			}
			if strings.Contains(pattern, "{project_id}") {
				a := under(smntest.Owner.Project)
				require.Equal(t, http.StatusForbidden, a.status, "%s", a.body)
				require.Contains(t, a.body, "SMN.0001")
			}
			a := under(smntest.Stranger.Project)
			switch {
			case want.own:
				require.Less(t, a.status, 300, "%s", a.body)
				require.NotContains(t, a.body, smntest.Owner.Project)
			case want.items:
				require.Equal(t, http.StatusOK, a.status, "%s", a.body)
				require.Contains(t, a.body, `"code":"SMN.0001"`)
			case want.status != 0:
				require.Equal(t, want.status, a.status, "%s", a.body)
			default:
				require.Equal(t, http.StatusForbidden, a.status, "%s", a.body)
				require.Contains(t, a.body, "SMN.0001")
			}
			require.NotContains(t, a.body, marked)
			require.Equal(t, before, stateOf(t, owner), "nothing of the owner's has changed")
		})
	}
	require.Len(t, foreign, len(tried), "a line names an operation that is not there")
}

// fillPath puts values into a route's pattern: those of the line first.
func fillPath(pattern, project string, own, params map[string]string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		name, isParam := strings.CutPrefix(segment, "{")
		if !isParam {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		value, ok := own[name]
		if !ok {
			value = params[name]
		}
		value = fill(value, params)
		if name == "project_id" {
			value = project
		}
		segments[i] = value
	}
	return strings.Join(segments, "/")
}

// fill puts values into a text: {name} stands for that of params.
func fill(text string, params map[string]string) string {
	for name, value := range params {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// marked is in all that the owner has.
const marked = "only-the-owner-knows"

// belongings makes one of everything for the owner, and gives what routes name it
// by.
func belongings(t *testing.T, owner visitor) map[string]string {
	t.Helper()
	made := func(method, path, body, field string) string {
		a := owner.send(t, method, path, body)
		require.Less(t, a.status, 300, "%s %s: %s", method, path, a.body)
		if field == "" {
			return ""
		}
		value, ok := a.json(t)[field].(string)
		require.True(t, ok, a.body)
		return value
	}
	topic := mine + "/topics/" + urn
	made("POST", mine+"/topics", `{"name":"topic","display_name":"`+marked+`"}`, "topic_urn")
	made("PUT", topic+"/attributes/introduction", `{"value":"`+marked+`"}`, "")
	params := map[string]string{
		"topic_urn":           urn,
		"name":                string(smn.Introduction),
		"key":                 "key",
		"resource_id":         made("GET", topic, "", "topic_id"),
		"subscription_urn":    made("POST", topic+"/subscriptions", `{"protocol":"callnotify","endpoint":"+4915112345678","remark":"`+marked+`"}`, "subscription_urn"),
		"user_id":             made("POST", mine+"/subscription-users", `{"name":"`+marked+`","protocol":"email","endpoint":"a@example.com"}`, "id"),
		"message_template_id": made("POST", mine+"/message_template", `{"message_template_name":"`+marked+`","content":"`+marked+`"}`, "message_template_id"),
		"task_id":             made("POST", topic+"/detection", `{"protocol":"http","endpoint":"http://127.0.0.1:1/"}`, "task_id"),
		"logtank_id":          made("POST", topic+"/logtanks", `{"log_group_id":"`+marked+`","log_stream_id":"s"}`, "id"),
		"id":                  made("POST", topic+"/kms", `{"key_id":"`+marked+`"}`, "id"),
		"message_id":          made("POST", mine+"/sms", `{"endpoint":"+4915112345678","message":"`+marked+`"}`, "message_id"),
		"application_urn":     made("POST", mine+"/applications", `{"name":"application","platform":"HMS","platform_principal":"1","platform_credential":"0123456789abcdef0123456789abcdef"}`, "application_urn"),
	}
	params["notify_policy_id"] = made("POST", topic+"/notify-policy", fill(`{"protocol":"callnotify","polling":[{"order":1,"subscription_urns":["{subscription_urn}"]}]}`, params), "id")
	params["endpoint_urn"] = made("POST", mine+"/applications/"+params["application_urn"]+"/endpoints", `{"token":"token","user_data":"`+marked+`"}`, "endpoint_urn")
	params["application_id"] = made("GET", mine+"/applications/"+params["application_urn"], "", "application_id")
	for _, resource := range []string{"smn_topic/" + params["resource_id"], "smn_application/" + params["application_id"]} {
		made("POST", strings.TrimSuffix(mine, "/notifications")+"/"+resource+"/tags", `{"tag":{"key":"key","value":"`+marked+`"}}`, "")
	}
	return params
}

// stateOf is all that the owner has, as the lists tell it.
func stateOf(t *testing.T, owner visitor) string {
	t.Helper()
	var all strings.Builder
	topic := mine + "/topics/" + urn
	project := strings.TrimSuffix(mine, "/notifications")
	for _, path := range []string{
		mine + "/topics-with-associated-resources", topic + "/attributes", mine + "/subscriptions", mine + "/subscription-users", mine + "/message_template",
		topic + "/logtanks", topic + "/notify-policy", topic + "/kms", mine + "/sms/callback", mine + "/applications",
		project + "/smn_topic/tags", project + "/smn_application/tags",
	} {
		a := owner.send(t, "GET", path, "")
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
		all.WriteString(strings.ReplaceAll(a.body, a.header.Get("X-Request-Id"), "") + "\n")
	}
	return all.String()
}
