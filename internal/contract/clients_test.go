package contract

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// What follows are the habits of real clients, request by request: huaweicloud-sdk-go-v3,
// gophertelekomcloud and golangsdk below the terraform providers, openstacksdk with
// otcextensions, and the SDKs of old.

// lists are all lists of a project, with the name of their one array.
var lists = map[string]string{
	mine + "/topics": "topics",
	mine + "/topics-with-associated-resources":                  "topics",
	mine + "/subscriptions":                                     "subscriptions",
	mine + "/topics/" + urn + "/subscriptions":                  "subscriptions",
	mine + "/topics/" + urn + "/messages":                       "messages",
	mine + "/topics/" + urn + "/dead-deliveries":                "dead_deliveries",
	mine + "/message_template":                                  "message_templates",
	mine + "/topics/" + urn + "/logtanks":                       "logtanks",
	mine + "/applications":                                      "applications",
	"/v2/11111111111111111111111111111111/smn_topic/tags":       "tags",
	"/v2/11111111111111111111111111111111/smn_topic/topic/tags": "tags",
	mine + "/applications/" + application + "/endpoints":        "endpoints",
	mine + "/sms/report":                                        "data",
	mine + "/sms/callback":                                      "callback",
	mine + "/subscription-users":                                "subscription_users",
	"/v2/notifications/protocols":                               "protocols",
	"/v2/notifications/cloud_service":                           "cloud_services",
	"/v2/notifications/cloud-services":                          "cloud_services",
}

// application is the URN of the application that the tests make.
const (
	application     = "urn:smn:" + region + ":11111111111111111111111111111111:app-HMS-app"
	makeApplication = `{"name":"app","platform":"HMS","platform_principal":"1","platform_credential":"0123456789abcdef0123456789abcdef"}`
)

// byName is how terraform names the topic of a tag.
var byName = http.Header{"X-Smn-Resourceid-Type": {"name"}}

// TestListsHaveOneArray: pagers of terraform take "the" array of an answer, and
// always ask for one page past the end.
func TestListsHaveOneArray(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/applications", makeApplication).status)
	for path, name := range lists {
		for _, query := range []string{"", "?offset=0&limit=100", "?offset=1000&limit=1", "?unknown=parameter"} {
			a := v.sendWith(t, "GET", path+query, "", byName)
			require.Equal(t, http.StatusOK, a.status, "%s%s: %s", path, query, a.body)
			arrays := slices.DeleteFunc(slices.Sorted(maps.Keys(a.json(t))), func(key string) bool {
				_, isArray := a.json(t)[key].([]any)
				return !isArray
			})
			require.Equal(t, []string{name}, arrays, "%s%s: %s", path, query, a.body)
			require.NotContains(t, a.body, "null")
		}
	}
}

// TestPagerOfTerraform goes on by as many items as it got, until it gets none.
func TestPagerOfTerraform(t *testing.T) {
	_, v := visit(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"`+name+`"}`).status)
	}
	seen, query := 0, ""
	for range 10 {
		a := v.send(t, "GET", mine+"/topics"+query, "")
		require.Equal(t, http.StatusOK, a.status)
		items := a.json(t)["topics"].([]any)
		require.EqualValues(t, 5, a.json(t)["topic_count"], "the count is of the whole list, also past the end")
		if len(items) == 0 {
			break
		}
		seen += len(items)
		query = "?offset=" + jsonText(t, seen) + "&limit=" + jsonText(t, len(items))
	}
	require.Equal(t, 5, seen)
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// TestStatuses are those on which clients insist.
func TestStatuses(t *testing.T) {
	_, v := visit(t)
	const template = mine + "/message_template"
	tags := "/v2/11111111111111111111111111111111/smn_topic/topic/tags"
	const resources = "/v2/11111111111111111111111111111111/smn_topic/resource_instances/action"
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", mine + "/topics", `{"name":"topic","display_name":"","enterprise_project_id":"0","unknown":{"a":[1]}}`, 201},
		{"POST", mine + "/topics", `{"name":"topic"}`, 200},
		{"PUT", mine + "/topics/" + urn, `{}`, 200}, // terraform of OTC, when only tags change
		{"PUT", mine + "/topics/" + urn, `{"display_name":"d","topic_urn":"` + urn + `","name":"topic"}`, 200},
		{"GET", mine + "/topics/topic", "", 400}, // openstack looks for a name like this, and wants 400 or 404
		{"POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"email","endpoint":"a@example.com"}`, 201},
		{"POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"email","endpoint":"a@example.com"}`, 200},
		{"POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"","endpoint":"","subscriptions":[{"protocol":"email","endpoint":"b@example.com"}]}`, 201},
		{"POST", mine + "/topics/" + urn + "/publish", `{"subject":"","message":"m","time_to_live":"3600","message_structure":"","message_template_name":"","tags":null}`, 200},
		{"POST", mine + "/topics/" + urn + "/publish", `{"message_structure":{"default":"d"},"time_to_live":3600}`, 200},
		{"POST", mine + "/topics/" + urn + "/publish", `{"message_structure":"{\"default\":\"d\"}"}`, 200},
		{"GET", mine + "/topics/" + urn + "/attributes", "", 200},
		{"GET", mine + "/topics/" + urn + "/attributes?name=access_policy", "", 200},
		{"PUT", mine + "/topics/" + urn + "/attributes/introduction", `{"value":"hello"}`, 200},
		{"PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":""}`, 200},
		{"DELETE", mine + "/topics/" + urn + "/attributes/access_policy", "", 200},
		{"DELETE", mine + "/topics/" + urn + "/attributes", "", 200},
		{"POST", template, `{"message_template_name":"t","content":"c"}`, 201},
		{"POST", template, `{"message_template_name":"t","content":"c"}`, 400},
		{"POST", mine + "/applications", makeApplication, 201},
		{"POST", mine + "/applications", makeApplication, 200},
		{"POST", mine + "/applications/" + application + "/endpoints", `{"token":"t","user_data":"d"}`, 201},
		{"POST", mine + "/applications/" + application + "/endpoints", `{"token":"t","user_data":"d"}`, 200},
		{"PUT", mine + "/applications/" + application, `{"platform_principal":"1","platform_credential":"0123456789abcdef0123456789abcdef"}`, 200},
		{"DELETE", mine + "/applications/" + application, "", 200},
		{"POST", tags, `{"tag":{"key":"k","value":"v"}}`, 204},
		{"POST", tags + "/action", `{"action":"create","tags":[{"key":"a","value":"b"}]}`, 204},
		{"POST", tags + "/action", `{"action":"delete","tags":[{"key":"a"},{"key":"none","value":""}]}`, 204},
		{"GET", tags, "", 200},
		{"POST", resources, `{"action":"filter","limit":"10","offset":"0","tags":[{"key":"k","values":[]}]}`, 200},
		{"POST", resources, `{"action":"count","matches":[{"key":"resource_name","value":"topic"}]}`, 200},
		{"DELETE", tags + "/k", "", 204},
		{"DELETE", tags + "/k", "", 404},
		{"DELETE", mine + "/topics/" + strings.ReplaceAll(urn, ":", "%3A"), "", 200},
		{"DELETE", mine + "/topics/" + urn, "", 404},
		{"GET", mine + "/topics/" + urn, "", 404}, // terraform waits for this
	} {
		a := v.sendWith(t, c.method, c.path, c.body, byName)
		require.Equal(t, c.status, a.status, "%s %s %s: %s", c.method, c.path, c.body, a.body)
		require.True(t, smn.IsID(a.header.Get("X-Request-Id")), "%s %s", c.method, c.path)
		if a.status == http.StatusNoContent {
			require.Empty(t, a.body)
			continue
		}
		require.Equal(t, "application/json", a.header.Get("Content-Type"), "an answer without JSON stops the old SDKs: %s %s", c.method, c.path)
		if id, ok := a.json(t)["request_id"]; ok {
			require.Equal(t, a.header.Get("X-Request-Id"), id)
		} else {
			require.True(t, strings.HasSuffix(c.path, "/tags") || c.path == resources, "only tags lack it: %s %s", c.method, c.path)
		}
	}
}

// TestStatusesOfOne: what clients make, change and remove by the URN or id that
// they got answers exactly 200 with a body, and 404 once it is gone.
func TestStatusesOfOne(t *testing.T) {
	_, v := visit(t)
	topic := mine + "/topics/" + urn
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	made := func(path, body, field string) string {
		a := v.send(t, "POST", path, body)
		require.Equal(t, http.StatusCreated, a.status, "%s: %s", path, a.body)
		return a.json(t)[field].(string)
	}
	subscription := made(topic+"/subscriptions", `{"protocol":"email","endpoint":"a@example.com"}`, "subscription_urn")
	ofTopic := made(topic+"/subscriptions", `{"protocol":"email","endpoint":"b@example.com"}`, "subscription_urn")
	template := made(mine+"/message_template", `{"message_template_name":"t","content":"c"}`, "message_template_id")
	for _, c := range []struct{ change, body, remove string }{
		{topic + "/subscriptions/" + ofTopic, `{"remark":"r"}`, topic + "/subscriptions/" + ofTopic},
		{topic + "/subscriptions/" + subscription, `{"remark":"r","unknown":1}`, mine + "/subscriptions/" + subscription},
		{mine + "/message_template/" + template, `{"content":"d"}`, mine + "/message_template/" + template},
	} {
		for _, step := range []struct {
			method, path, body string
			status             int
		}{
			{"PUT", c.change, c.body, 200},
			{"DELETE", c.remove, "", 200},
			{"DELETE", c.remove, "", 404},
			{"PUT", c.change, c.body, 404},
		} {
			a := v.send(t, step.method, step.path, step.body)
			require.Equal(t, step.status, a.status, "%s %s: %s", step.method, step.path, a.body)
			require.Equal(t, a.header.Get("X-Request-Id"), a.json(t)["request_id"])
		}
	}
}

// TestLinksOfTerraform: its resources put URNs and tokens into queries as they are.
func TestLinksOfTerraform(t *testing.T) {
	in, v := visit(t)
	topic := mine + "/topics/" + urn
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	subscription := v.send(t, "POST", topic+"/subscriptions", `{"protocol":"email","endpoint":"a@example.com"}`).json(t)["subscription_urn"].(string)
	link, err := url.Parse(in.mails(t, 1)[0].SubscribeURL)
	require.NoError(t, err)
	token := link.Query().Get("token")
	status := func() any {
		return v.send(t, "GET", mine+"/subscriptions", "").json(t)["subscriptions"].([]any)[0].(map[string]any)["status"]
	}
	anyone := visitor{url: v.url}
	for _, escape := range []func(string) string{func(s string) string { return s }, url.QueryEscape} {
		a := anyone.send(t, "GET", "/v2/notifications/subscriptions/subscribe?token="+token+"&topic_urn="+escape(urn)+"&endpoint="+escape("a@example.com"), "")
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, subscription, a.json(t)["subscription_urn"])
		require.EqualValues(t, 1, status())
	}
	a := anyone.send(t, "GET", "/v2/notifications/subscriptions/unsubscribe?subscription_urn="+subscription, "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.NotEmpty(t, a.json(t)["message"])
	require.EqualValues(t, 3, status())
	a = anyone.send(t, "GET", "/rest/v2/notifications/subscription/unsubscribe?subscription_urn="+url.QueryEscape(subscription), "")
	require.Equal(t, http.StatusOK, a.status, a.body)
}

// TestTypesOfValues: SDKs decode into fixed types and fail on any other.
func TestTypesOfValues(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics/"+urn+"/subscriptions", `{"protocol":"email","endpoint":"a@example.com"}`).status)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/message_template", `{"message_template_name":"t","content":"{a} {b}"}`).status)

	topic := v.send(t, "GET", mine+"/topics/"+urn, "").json(t)
	require.Equal(t, []string{"create_time", "display_name", "enterprise_project_id", "name", "push_policy", "request_id", "topic_id", "topic_urn", "update_time"},
		slices.Sorted(maps.Keys(topic)), "all eight and the id, flat")
	require.IsType(t, float64(0), topic["push_policy"])
	require.True(t, smn.IsID(topic["topic_id"].(string)))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, topic["create_time"])

	subscription := v.send(t, "GET", mine+"/subscriptions", "").json(t)["subscriptions"].([]any)[0].(map[string]any)
	require.IsType(t, float64(0), subscription["status"])
	require.Equal(t, "11111111111111111111111111111111", subscription["owner"], "the project")
	require.Empty(t, subscription["remark"], "there all the same")
	require.Contains(t, subscription, "remark")

	templates := v.send(t, "GET", mine+"/message_template", "").json(t)
	require.EqualValues(t, 1, templates["message_template_count"], "a number")
	template := templates["message_templates"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"a", "b"}, template["tag_names"])
	require.Equal(t, "default", template["protocol"])
	require.True(t, smn.IsID(template["message_template_id"].(string)))
	require.NotContains(t, template, "content", "in the detail only")

	require.EqualValues(t, 1, v.send(t, "GET", mine+"/topics", "").json(t)["topic_count"])
	require.EqualValues(t, 1, v.send(t, "GET", mine+"/subscriptions", "").json(t)["subscription_count"])
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/applications", makeApplication).status)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/applications/"+application+"/endpoints", `{"token":"t"}`).status)
	applications := v.send(t, "GET", mine+"/applications", "").json(t)
	require.EqualValues(t, 1, applications["application_count"])
	require.Equal(t, "true", applications["applications"].([]any)[0].(map[string]any)["enabled"], "a text")
	endpoint := v.send(t, "GET", mine+"/applications/"+application+"/endpoints", "").json(t)["endpoints"].([]any)[0].(map[string]any)
	require.Equal(t, "true", endpoint["enabled"])
	for _, enabled := range []string{`"false"`, `"true"`} {
		path := mine + "/endpoints/" + endpoint["endpoint_urn"].(string)
		require.Equal(t, http.StatusOK, v.send(t, "PUT", path, `{"enabled":`+enabled+`}`).status)
		require.Contains(t, v.send(t, "GET", path, "").body, `"enabled":`+enabled)
	}
	detection := v.send(t, "POST", mine+"/topics/"+urn+"/detection", `{"protocol":"http","endpoint":"http://127.0.0.1:1/"}`).json(t)["task_id"].(string)
	require.True(t, smn.IsID(detection))
	require.IsType(t, float64(0), v.send(t, "GET", mine+"/topics/"+urn+"/detection/"+detection, "").json(t)["status"])
	published := v.send(t, "POST", mine+"/topics/"+urn+"/publish", `{"message":"m","time_to_live":"3600"}`).json(t)
	require.True(t, smn.IsID(published["message_id"].(string)))

	attributes := v.send(t, "GET", mine+"/topics/"+urn+"/attributes?name=access_policy", "").json(t)["attributes"]
	require.Equal(t, map[string]any{"access_policy": ""}, attributes, "not set is an empty text")
	policy := "\n  {\"Version\":\"2016-09-07\",\"Id\":\"x\",\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"OBS\"]},\"Action\":[\"SMN:Publish\"],\"Resource\":\"" + urn + "\"}]}\n"
	require.Equal(t, http.StatusOK, v.send(t, "PUT", mine+"/topics/"+urn+"/attributes/access_policy", `{"value":`+jsonText(t, policy)+`}`).status)
	for name, value := range v.send(t, "GET", mine+"/topics/"+urn+"/attributes", "").json(t)["attributes"].(map[string]any) {
		require.IsType(t, "", value, "%s: only texts", name)
		if name == "access_policy" {
			require.Equal(t, policy, value, "byte by byte")
		}
	}
}
