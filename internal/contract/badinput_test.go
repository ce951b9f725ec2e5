package contract

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
)

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

const (
	mine   = "/v2/11111111111111111111111111111111/notifications"
	tagged = "/v2/11111111111111111111111111111111/smn_topic"
	urn    = "urn:smn:test-region:11111111111111111111111111111111:topic"
	secret = "s3cret-word"
)

// refused is a request and how it must be answered.
type refused struct {
	name   string
	method string
	path   string
	body   string
	status int
	code   string
}

var badInput = []refused{
	{"an SMS that is a number", "POST", mine + "/sms", `{"endpoint":5}`, 400, "SMN.0012"},
	{"no SMS", "POST", mine + "/sms", `{"endpoints":[]}`, 400, "SMN.0159"},
	{"no numbers", "POST", mine + "/sms", `{"endpoints":"112"}`, 400, "SMN.0012"},
	{"a status that is none", "GET", mine + "/sms/report?status=x", ``, 400, "SMN.0077"},
	{"a start that is no time", "GET", mine + "/sms/report?start_time=x", ``, 400, "SMN.0103"},
	{"an end that is no time", "GET", mine + "/topics/" + urn + "/statistics?start_time=1&end_time=x", ``, 400, "SMN.0104"},
	{"no callbacks", "PUT", mine + "/sms/callback", `{}`, 400, "SMN.0100"},
	{"enabled that is neither", "PUT", mine + "/endpoints/x", `{"enabled":"yes"}`, 400, "SMN.0136"},
	{"a secret that is a number", "POST", mine + "/applications", `{"platform_credential":5}`, 403, "SMN.0120"},
	{"broken JSON", "POST", mine + "/topics", `{"name":"` + secret, 400, "APIGW.0201"},
	{"no body", "POST", mine + "/topics", ``, 400, "APIGW.0201"},
	{"an array", "POST", mine + "/topics", `["` + secret + `"]`, 400, "APIGW.0201"},
	{"a text", "POST", mine + "/topics", `"` + secret + `"`, 400, "APIGW.0201"},
	{"two values", "POST", mine + "/topics", `{"name":"a"}{}`, 400, "APIGW.0201"},
	{"not UTF-8", "POST", mine + "/topics", "{\"name\":\"a\",\"display_name\":\"\xff\"}", 400, "APIGW.0201"},
	{"deep nesting", "POST", mine + "/topics", strings.Repeat(`{"a":`, 20_000), 400, "APIGW.0201"},
	{"half a character", "POST", mine + "/topics", `{"name":"a","display_name":"\ud800"}`, 400, "APIGW.0201"},
	{"HEAD of a list", "HEAD", mine + "/topics", "", 404, ""},
	{"HEAD of a link", "HEAD", "/rest/v2/notifications/subscription/confirm?token=" + secret, "", 404, ""},
	{"link encoded once too often", "GET", "/rest/v2/notifications/subscription/confirm%3Ftoken=" + secret, "", 404, "APIGW.0101"},
	{"null", "POST", mine + "/topics", `null`, 400, "SMN.0002"},
	{"name of wrong type", "POST", mine + "/topics", `{"name":5}`, 400, "SMN.0002"},
	{"display name of wrong type", "POST", mine + "/topics", `{"name":"a","display_name":{}}`, 400, "SMN.0003"},
	{"name missing", "POST", mine + "/topics", `{}`, 400, "SMN.0002"},
	{"body over 1 MiB", "POST", mine + "/topics", `{"name":"` + strings.Repeat("n", 1<<20) + `"}`, 413, "APIGW.0201"},
	{"unknown route", "GET", "/v2/x/y", "", 404, "APIGW.0101"},
	{"unknown root", "GET", "/admin", "", 404, "APIGW.0101"},
	{"wrong method", "PATCH", mine + "/topics", "", 404, "APIGW.0101"},
	{"wrong method of a link", "DELETE", "/v2", "", 404, "APIGW.0101"},
	{"path with dots", "GET", mine + "/topics/../topics", "", 404, "APIGW.0101"},
	{"path with empty parts", "GET", mine + "//topics", "", 404, "APIGW.0101"},
	{"foreign project", "GET", "/v2/22222222222222222222222222222222/notifications/topics", "", 403, "SMN.0001"},
	{"project that is none", "GET", "/v2/x/notifications/topics", "", 403, "SMN.0001"},
	{"malformed URN", "GET", mine + "/topics/urn:smn:x", "", 400, "SMN.0005"},
	{"URN not UTF-8", "GET", mine + "/topics/urn%FF", "", 400, "SMN.0005"},
	{"URN with a slash", "GET", mine + "/topics/urn%2Fsmn", "", 400, "SMN.0005"},
	{"missing topic", "GET", mine + "/topics/" + urn + "x", "", 404, "SMN.0006"},
	{"topic marker that is none", "GET", mine + "/topics?marker=x", "", 400, "SMN.0015"},
	{"topic marker that is gone", "GET", mine + "/topics?marker=" + urn + "x", "", 400, "SMN.0015"},
	{"template marker that is none", "GET", mine + "/message_template?marker=x", "", 400, "SMN.0015"},
	{"display name filter too long", "GET", mine + "/topics?fuzzy_display_name=" + strings.Repeat("d", 193), "", 400, "SMN.0003"},
	{"topic id filter with a line break", "GET", mine + "/topics?topic_id=a%0Ab", "", 400, "SMN.0072"},
	{"update without a body", "PUT", mine + "/topics/" + urn, "", 400, "APIGW.0201"},
	{"update with a number", "PUT", mine + "/topics/" + urn, `{"display_name":5}`, 400, "SMN.0003"},
	{"update injection", "PUT", mine + "/topics/" + urn, `{"display_name":"a\r\nBcc: ` + secret + `"}`, 400, "SMN.0003"},
	{"message that is none", "GET", mine + "/topics/" + urn + "/messages/x", "", 400, "SMN.0102"},
	{"message that is not there", "GET", mine + "/topics/" + urn + "/messages/00000000000000000000000000000000", "", 404, "SMN.0045"},
	{"marker of messages that is none", "GET", mine + "/topics/" + urn + "/messages?marker=" + urn, "", 400, "SMN.0015"},
	{"limit 0 of messages", "GET", mine + "/topics/" + urn + "/messages?limit=0", "", 400, "SMN.0015"},
	{"marker of dead deliveries that is none", "GET", mine + "/topics/" + urn + "/dead-deliveries?marker=" + secret, "", 400, "SMN.0015"},
	{"redelivery without a body", "POST", mine + "/topics/" + urn + "/dead-deliveries/redeliver", "", 400, "APIGW.0201"},
	{"redelivery of a number", "POST", mine + "/topics/" + urn + "/dead-deliveries/redeliver", `{"message_id":5}`, 400, "SMN.0102"},
	{"redelivery to a list", "POST", mine + "/topics/" + urn + "/dead-deliveries/redeliver", `{"subscription_urn":["` + secret + `"]}`, 400, "SMN.0014"},
	{"redelivery behind a number", "POST", mine + "/topics/" + urn + "/dead-deliveries/redeliver", `{"marker":5}`, 400, "SMN.0015"},
	{"unknown attribute", "PUT", mine + "/topics/" + urn + "/attributes/x", `{"value":"` + secret + `"}`, 400, "SMN.0046"},
	{"unknown attribute asked for", "GET", mine + "/topics/" + urn + "/attributes?name=x", "", 400, "SMN.0046"},
	{"attribute without a value", "PUT", mine + "/topics/" + urn + "/attributes/introduction", `{}`, 400, "SMN.0072"},
	{"attribute of wrong type", "PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":{"Version":"` + secret + `"}}`, 400, "SMN.0072"},
	{"introduction of two lines", "PUT", mine + "/topics/" + urn + "/attributes/introduction", `{"value":"a\n` + secret + `"}`, 400, "SMN.0072"},
	{"introduction too long", "PUT", mine + "/topics/" + urn + "/attributes/introduction", `{"value":"` + strings.Repeat("i", 121) + `"}`, 403, "SMN.0047"},
	{"policy too long", "PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":"` + strings.Repeat("p", 30*1024+1) + `"}`, 403, "SMN.0047"},
	{"policy that is no JSON", "PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":"` + secret + `"}`, 400, "SMN.0048"},
	{"policy of deep nesting", "PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":"` + strings.Repeat("[", 30_000) + `"}`, 400, "SMN.0048"},
	{"policy of another version", "PUT", mine + "/topics/" + urn + "/attributes/access_policy", `{"value":"{\"Version\":\"` + secret + `\"}"}`, 400, "SMN.0049"},
	{"malformed subscription URN", "DELETE", mine + "/subscriptions/" + urn, "", 400, "SMN.0014"},
	{"limit 0", "GET", mine + "/topics?limit=0", "", 400, "SMN.0015"},
	{"limit 101", "GET", mine + "/topics?limit=101", "", 400, "SMN.0015"},
	{"limit empty", "GET", mine + "/subscriptions?limit=", "", 400, "SMN.0015"},
	{"limit no number", "GET", mine + "/subscriptions?limit=ten", "", 400, "SMN.0015"},
	{"limit with a sign", "GET", mine + "/subscriptions?limit=%2B5", "", 400, "SMN.0015"},
	{"limit huge", "GET", mine + "/subscriptions?limit=99999999999999999999", "", 400, "SMN.0015"},
	{"offset -1", "GET", mine + "/topics/" + urn + "/subscriptions?offset=-1", "", 400, "SMN.0015"},
	{"offset huge", "GET", mine + "/topics?offset=99999999999999999999", "", 400, "SMN.0015"},
	{"marker that is none", "GET", mine + "/subscriptions?marker=x", "", 400, "SMN.0015"},
	{"query broken", "GET", mine + "/topics?name=%zz", "", 400, "APIGW.0201"},
	{"query not UTF-8", "GET", mine + "/topics?name=%ff", "", 400, "APIGW.0201"},
	{"protocol of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":1,"endpoint":"a"}`, 400, "SMN.0011"},
	{"endpoint of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"email","endpoint":["` + secret + `"]}`, 400, "SMN.0012"},
	{"remark of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"email","endpoint":"a@example.com","remark":1}`, 400, "SMN.0017"},
	{"remark too long", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"email","endpoint":"a@example.com","remark":"` + strings.Repeat("r", 129) + `"}`, 400, "SMN.0082"},
	{"extension of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"http","endpoint":"http://192.0.2.1/","extension":[]}`, 400, "SMN.0043"},
	{"header of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"http","endpoint":"http://192.0.2.1/","extension":{"header":{"x-a":1}}}`, 400, "SMN.0043"},
	{"header injection", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"http","endpoint":"http://192.0.2.1/","extension":{"header":{"x-a":"` + secret + `\r\nX-Evil: 1"}}}`, 400, "SMN.0043"},
	{"keyword of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"dingding","endpoint":"https://192.0.2.1/","extension":{"keyword":["` + secret + `"]}}`, 400, "SMN.0043"},
	{"secret of wrong form", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"dingding","endpoint":"https://192.0.2.1/","extension":{"sign_secret":"` + secret + `\n"}}`, 400, "SMN.0043"},
	{"secret of another protocol", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"slack","endpoint":"https://192.0.2.1/","extension":{"sign_secret":"` + secret + `"}}`, 400, "SMN.0043"},
	{"secret in the URL of a bot", "POST", mine + "/topics/" + urn + "/subscriptions", `{"protocol":"teams","endpoint":"https:///?sig=` + secret + `"}`, 400, "SMN.0012"},
	{"batch of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"subscriptions":{}}`, 400, "SMN.0043"},
	{"empty batch", "POST", mine + "/topics/" + urn + "/subscriptions", `{"subscriptions":[]}`, 400, "SMN.0043"},
	{"item of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions", `{"subscriptions":[{"protocol":7}]}`, 400, "SMN.0011"},
	{"status no number", "GET", mine + "/subscriptions?status=confirmed", "", 400, "SMN.0077"},
	{"status 5", "GET", mine + "/subscriptions?status=5", "", 400, "SMN.0077"},
	{"status -1", "GET", mine + "/topics/" + urn + "/subscriptions?status=-1", "", 400, "SMN.0077"},
	{"status empty", "GET", mine + "/subscriptions?status=", "", 400, "SMN.0077"},
	{"protocol filter", "GET", mine + "/subscriptions?protocol=" + secret, "", 400, "SMN.0011"},
	{"endpoint filter", "GET", mine + "/subscriptions?endpoint=a%0Ab", "", 400, "SMN.0012"},
	{"fuzzy remark too long", "GET", mine + "/topics/" + urn + "/subscriptions?fuzzy_remark=" + strings.Repeat("r", 129), "", 400, "SMN.0082"},
	{"remark missing", "PUT", mine + "/topics/" + urn + "/subscriptions/" + missing, `{}`, 400, "SMN.0017"},
	{"remark null", "PUT", mine + "/topics/" + urn + "/subscriptions/" + missing, `{"remark":null}`, 400, "SMN.0017"},
	{"new remark of wrong type", "PUT", mine + "/topics/" + urn + "/subscriptions/" + missing, `{"remark":{"x":"` + secret + `"}}`, 400, "SMN.0017"},
	{"remark of nobody", "PUT", mine + "/topics/" + urn + "/subscriptions/" + missing, `{"remark":"` + secret + `"}`, 404, "SMN.0013"},
	{"cancel without a body", "DELETE", mine + "/subscriptions", ``, 400, "APIGW.0201"},
	{"cancel none", "DELETE", mine + "/subscriptions", `{}`, 400, "SMN.0043"},
	{"cancel texts", "DELETE", mine + "/subscriptions", `{"subscription_urns":["` + secret + `"]}`, 400, "SMN.0043"},
	{"cancel a number", "DELETE", mine + "/topics/" + urn + "/subscriptions", `{"subscription_urns":[{"subscription_urn":5}]}`, 400, "SMN.0014"},
	{"cancel of a topic that is missing", "DELETE", mine + "/topics/" + urn + "x/subscriptions", `{"subscription_urns":[{"subscription_urn":"x"}]}`, 404, "SMN.0006"},
	{"filter policies of wrong type", "POST", mine + "/subscriptions/filter_polices", `{"polices":{"x":"` + secret + `"}}`, 400, "SMN.0043"},
	{"filter policies of none", "PUT", mine + "/subscriptions/filter_polices", `{"polices":[]}`, 400, "SMN.0043"},
	{"filter value of wrong type", "PUT", mine + "/subscriptions/filter_polices", `{"polices":[{"subscription_urn":"x","filter_polices":[{"name":"a","string_equals":"` + secret + `"}]}]}`, 400, "SMN.0043"},
	{"filter policies to delete as objects", "DELETE", mine + "/subscriptions/filter_polices", `{"subscription_urns":[{"subscription_urn":"x"}]}`, 400, "SMN.0014"},
	{"users of wrong type", "POST", mine + "/topics/" + urn + "/subscriptions/from-subscription-users", `{"ids":"` + secret + `"}`, 400, "SMN.0148"},
	{"no users", "POST", mine + "/topics/" + urn + "/subscriptions/from-subscription-users", `{"ids":[]}`, 400, "SMN.0148"},
	{"user name of wrong type", "POST", mine + "/subscription-users", `{"name":5,"protocol":"email","endpoint":"a@example.com"}`, 400, "SMN.0072"},
	{"user without a name", "POST", mine + "/subscription-users", `{"protocol":"email","endpoint":"a@example.com"}`, 400, "SMN.0072"},
	{"user with a wrong endpoint", "POST", mine + "/subscription-users", `{"name":"a","protocol":"http","endpoint":"ftp://x"}`, 400, "SMN.0012"},
	{"user that is no id", "GET", mine + "/subscription-users/x", "", 400, "SMN.0148"},
	{"user that is missing", "DELETE", mine + "/subscription-users/00000000000000000000000000000000", "", 404, "SMN.0045"},
	{"subscription that is missing", "GET", mine + "/subscriptions/" + missing, "", 404, "SMN.0013"},
	{"confirmation of a malformed URN", "POST", mine + "/subscriptions/" + urn + "/confirmation", "", 400, "SMN.0014"},
	{"subject of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"subject":1,"message":"` + secret + `"}`, 403, "SMN.0008"},
	{"subject injection", "POST", mine + "/topics/" + urn + "/publish", `{"subject":"a\r\nBcc: ` + secret + `","message":"m"}`, 403, "SMN.0008"},
	{"message missing", "POST", mine + "/topics/" + urn + "/publish", `{"subject":"` + secret + `"}`, 403, "SMN.0009"},
	{"message of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":{"x":"` + secret + `"}}`, 403, "SMN.0009"},
	{"time to live of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"` + secret + `","time_to_live":{}}`, 400, "SMN.0019"},
	{"message structure without a default", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_structure":"{\"email\":\"` + secret + `\"}"}`, 400, "SMN.0021"},
	{"message structure as an object", "POST", mine + "/topics/" + urn + "/publish", `{"message_structure":{"default":"a","default":"` + secret + `"}}`, 400, "SMN.0021"},
	{"message structure that is no JSON", "POST", mine + "/topics/" + urn + "/publish", `{"message_structure":"` + secret + `"}`, 400, "SMN.0021"},
	{"message structure of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_structure":["` + secret + `"]}`, 400, "SMN.0021"},
	{"message structure with half a character", "POST", mine + "/topics/" + urn + "/publish", `{"message_structure":"{\"default\":\"` + secret + `\\ud800\"}"}`, 400, "SMN.0021"},
	{"message template missing", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_template_name":"t","tags":{"a":"` + secret + `"}}`, 404, "SMN.0027"},
	{"message template of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_template_name":5}`, 400, "SMN.0032"},
	{"message template with a bad name", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_template_name":"../x"}`, 400, "SMN.0032"},
	{"tags of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message_template_name":"t","tags":["` + secret + `"]}`, 400, "SMN.0038"},
	{"tag of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message_template_name":"t","tags":{"a":5}}`, 400, "SMN.0038"},
	{"tag too long", "POST", mine + "/topics/" + urn + "/publish", `{"message_template_name":"t","tags":{"a":"` + strings.Repeat(secret, 100) + `"}}`, 400, "SMN.0038"},
	{"attributes of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_attributes":{}}`, 400, "SMN.0019"},
	{"attribute of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_attributes":["` + secret + `"]}`, 400, "SMN.0019"},
	{"attribute with a value of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_attributes":[{"name":"a","type":"STRING","value":["` + secret + `"]}]}`, 400, "SMN.0019"},
	{"attribute with a bad value", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","message_attributes":[{"name":"a","type":"STRING","value":"` + secret + `"}]}`, 400, "SMN.0019"},
	{"locale of wrong type", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","locale":5}`, 400, "SMN.0072"},
	{"template name of wrong type", "POST", mine + "/message_template", `{"message_template_name":[],"content":"c"}`, 400, "SMN.0032"},
	{"template content of wrong type", "POST", mine + "/message_template", `{"message_template_name":"t","content":{"a":"` + secret + `"}}`, 400, "SMN.0024"},
	{"template content missing", "POST", mine + "/message_template", `{"message_template_name":"t"}`, 400, "SMN.0024"},
	{"template protocol of wrong type", "POST", mine + "/message_template", `{"message_template_name":"t","content":"c","protocol":1}`, 400, "SMN.0011"},
	{"template with too many variables", "POST", mine + "/message_template", `{"message_template_name":"t","content":"` + strings.Repeat("{a}", 257) + `"}`, 403, "SMN.0075"},
	{"template id that is none", "GET", mine + "/message_template/x", "", 400, "SMN.0031"},
	{"template missing", "PUT", mine + "/message_template/0123456789abcdef0123456789abcdef", `{"content":"c"}`, 404, "SMN.0027"},
	{"templates with limit 0", "GET", mine + "/message_template?limit=0", "", 400, "SMN.0015"},
	{"templates of a bad name", "GET", mine + "/message_template?message_template_name=a%20b", "", 400, "SMN.0032"},
	{"time to live 0", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","time_to_live":"0"}`, 400, "SMN.0019"},
	{"tag missing", "POST", tagged + "/x/tags", `{}`, 400, "SMN.0038"},
	{"tag of wrong type", "POST", tagged + "/x/tags", `{"tag":"` + secret + `"}`, 400, "SMN.0038"},
	{"tag value of wrong type", "POST", tagged + "/x/tags", `{"tag":{"key":"k","value":1}}`, 400, "SMN.0038"},
	{"tag of no topic", "POST", tagged + "/x/tags", `{"tag":{"key":"k","value":"` + secret + `"}}`, 404, "SMN.0006"},
	{"unknown action on tags", "POST", tagged + "/x/tags/action", `{"action":"Create","tags":[{"key":"k","value":""}]}`, 400, "SMN.0073"},
	{"action of wrong type", "POST", tagged + "/x/tags/action", `{"action":1}`, 400, "SMN.0073"},
	{"keys that repeat", "POST", tagged + "/x/tags/action", `{"action":"create","tags":[{"key":"k","value":"1"},{"key":"k","value":"2"}]}`, 400, "SMN.0038"},
	{"tags missing", "POST", tagged + "/x/tags/action", `{"action":"delete"}`, 400, "SMN.0038"},
	{"tags of a type that has none", "GET", "/v2/11111111111111111111111111111111/smn_sms/x/tags", "", 400, "SMN.0072"},
	{"tags of an unknown type", "GET", "/v2/11111111111111111111111111111111/smn_other/x/tags", "", 404, "APIGW.0101"},
	{"tags of a foreign project", "GET", "/v2/22222222222222222222222222222222/smn_topic/tags", "", 403, "SMN.0001"},
	{"query without an action", "POST", tagged + "/resource_instances/action", `{}`, 400, "SMN.0073"},
	{"query action in capitals", "POST", tagged + "/resource_instances/action", `{"action":"Filter"}`, 400, "SMN.0073"},
	{"query limit 0", "POST", tagged + "/resource_instances/action", `{"action":"filter","limit":"0"}`, 400, "SMN.0015"},
	{"query limit 1001", "POST", tagged + "/resource_instances/action", `{"action":"filter","limit":"1001"}`, 400, "SMN.0015"},
	{"query limit of wrong type", "POST", tagged + "/resource_instances/action", `{"action":"filter","limit":[]}`, 400, "SMN.0015"},
	{"query offset -1", "POST", tagged + "/resource_instances/action", `{"action":"filter","offset":"-1"}`, 400, "SMN.0015"},
	{"query for another match", "POST", tagged + "/resource_instances/action", `{"action":"count","matches":[{"key":"x","value":"` + secret + `"}]}`, 400, "SMN.0072"},
	{"detection by e-mail", "POST", mine + "/topics/" + urn + "/detection", `{"protocol":"email","endpoint":"` + secret + `@example.com"}`, 400, "SMN.0011"},
	{"detection without an endpoint", "POST", mine + "/topics/" + urn + "/detection", `{"protocol":"http"}`, 400, "SMN.0012"},
	{"detection that is none", "GET", mine + "/topics/" + urn + "/detection/x", "", 404, "SMN.0045"},
	{"logtank without a stream", "POST", mine + "/topics/" + urn + "/logtanks", `{"log_group_id":"g"}`, 400, "SMN.0072"},
	{"logtank of wrong type", "POST", mine + "/topics/" + urn + "/logtanks", `{"log_group_id":1}`, 400, "SMN.0072"},
	{"logtank that is none", "DELETE", mine + "/topics/" + urn + "/logtanks/x", "", 404, "SMN.0045"},
	{"policy for mails", "POST", mine + "/topics/" + urn + "/notify-policy", `{"protocol":"email","polling":[]}`, 400, "SMN.0011"},
	{"policy of wrong type", "POST", mine + "/topics/" + urn + "/notify-policy", `{"protocol":"callnotify","polling":{}}`, 400, "SMN.0072"},
	{"no policy", "GET", mine + "/topics/" + urn + "/notify-policy", "", 404, "SMN.0045"},
	{"key of wrong type", "POST", mine + "/topics/" + urn + "/kms", `{"key_id":{}}`, 400, "SMN.0072"},
	{"no key", "GET", mine + "/topics/" + urn + "/kms", "", 404, "SMN.0045"},
	{"limit 101 with resources", "GET", mine + "/topics-with-associated-resources?limit=101", "", 400, "SMN.0015"},
	{"time to live too long", "POST", mine + "/topics/" + urn + "/publish", `{"message":"m","time_to_live":"604801"}`, 400, "SMN.0019"},
}

// TestBadInput sends what no client library would: each request gets its clear
// error, changes nothing and leaves no secret in the log.
func TestBadInput(t *testing.T) {
	in := install(t)
	log := &journal{}
	in.api.Log = slog.New(slog.NewJSONHandler(log, nil))
	server := in.server(t)
	owner := smn.WithCaller(t.Context(), smntest.Owner)
	_, err := in.broker.CreateTopic(owner, smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	token, err := in.api.Identity.IssueToken(t.Context(), login(smntest.Owner))
	require.NoError(t, err)

	for _, c := range badInput {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			r.Header.Set("X-Auth-Token", token.Value)
			resp, err := checked{server.Client().Transport}.RoundTrip(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, resp.StatusCode, "%s", body)
			require.NotEmpty(t, resp.Header.Get("X-Request-Id"))
			if c.method == http.MethodHead {
				return // without a body
			}
			require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			var e map[string]string
			require.NoError(t, json.Unmarshal(body, &e), "%s", body)
			require.Equal(t, resp.Header.Get("X-Request-Id"), e["request_id"])
			require.True(t, smn.IsID(e["request_id"]))
			code, text := "code", "message"
			if strings.HasPrefix(c.code, "APIGW") {
				code, text = "error_code", "error_msg"
			}
			require.Equal(t, c.code, e[code], "%s", body)
			require.NotEmpty(t, e[text])
			require.NotEmpty(t, e["detail"], "the error says what to do")
			require.NotContains(t, string(body), secret)
		})
	}
	topics, err := in.broker.ListTopics(owner, smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Equal(t, 1, topics.Total, "nothing was made")
	subs, err := in.broker.ListSubscriptions(owner, smn.ListSubscriptionsInput{})
	require.NoError(t, err)
	require.Zero(t, subs.Total, "nothing was added")
	require.NotContains(t, log.String(), secret)
	require.NotContains(t, log.String(), token.Value)
	require.Equal(t, len(badInput), strings.Count(log.String(), "\n"), "one line a request")
}

func login(c smn.Caller) iam.TokenRequest {
	u := users[c.Project]
	return iam.TokenRequest{Methods: []string{iam.MethodPassword}, User: iam.Login{Name: u.Name, Domain: u.Domain, Password: u.Password}}
}

// TestNoCredentials sees the gateway's 401, without a word about what exists.
func TestNoCredentials(t *testing.T) {
	in := install(t)
	server := in.server(t)
	for name, header := range map[string]http.Header{
		"none":             {},
		"empty token":      {"X-Auth-Token": {""}},
		"wrong token":      {"X-Auth-Token": {"x"}},
		"wrong signature":  {"Authorization": {"SDK-HMAC-SHA256 Access=AKowner, SignedHeaders=x-sdk-date, Signature=00"}, "X-Sdk-Date": {"20240102T030405Z"}},
		"another scheme":   {"Authorization": {"Basic YWRtaW46YWRtaW4="}},
		"hostile header":   {"Authorization": {"SDK-HMAC-SHA256 " + strings.Repeat("Access=,", 2000)}},
		"token as bearer":  {"Authorization": {"Bearer x"}},
		"signed with host": {"Authorization": {"SDK-HMAC-SHA256 Access=AKnobody, SignedHeaders=host, Signature=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+mine+"/topics", http.NoBody)
			require.NoError(t, err)
			r.Header = header
			resp, err := checked{server.Client().Transport}.RoundTrip(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
			var e map[string]string
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&e))
			require.Equal(t, "APIGW.0301", e["error_code"])
			require.Contains(t, e["error_msg"], "Incorrect IAM authentication information: ", "SDKs show the message alone, so the reason is in it")
			require.Equal(t, resp.Header.Get("X-Request-Id"), e["request_id"])
		})
	}
}

// TestDeclaredTooLarge: a body that says it is too large is refused before it is
// asked for.
func TestDeclaredTooLarge(t *testing.T) {
	in := install(t)
	server := in.server(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST "+mine+"/topics HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
}
