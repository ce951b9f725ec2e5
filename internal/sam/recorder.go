package sam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Recorder is the transport of clients of AWS. It notes which permissions their
// requests need, whatever the answer is, and hands them on. They are noted with the
// account and the region of a Stack, so that both can be compared by Differences.
type Recorder struct {
	Next http.RoundTripper // nil means http.DefaultTransport

	names *names // nil for none
	mu    sync.Mutex
	deeds []Permission
	odd   []string
}

// RoundTrip meets http.RoundTripper.
func (r *Recorder) RoundTrip(request *http.Request) (*http.Response, error) { return r.Do(request) }

// Do meets aws.HTTPClient.
func (r *Recorder) Do(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	deeds := r.read(request, body)
	r.mu.Lock()
	if len(deeds) == 0 {
		r.odd = append(r.odd, fmt.Sprintf("%s %s %s", request.Method, request.URL.Path, request.Header.Get("X-Amz-Target")))
	}
	r.deeds = append(r.deeds, deeds...)
	r.mu.Unlock()
	next := r.Next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(request)
}

// Deeds are the permissions that were needed so far, each once. A request that is
// not understood fails the test.
func (r *Recorder) Deeds(t testing.TB) []Permission {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(t, r.odd, "what permission do these need?")
	deeds := slices.Clone(r.deeds)
	slices.SortFunc(deeds, func(a, b Permission) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(deeds)
}

// call is what requests of services that speak JSON hold.
type call struct {
	TableName     string
	RequestItems  map[string]json.RawMessage
	TransactItems []map[string]struct{ TableName string }

	QueueURL string `json:"QueueUrl"`

	SecretID string `json:"SecretId"`
	Name     string

	FromEmailAddress     string
	ConfigurationSetName string
}

// read gives the permissions that a request needs.
func (r *Recorder) read(request *http.Request, body []byte) []Permission {
	service, action, hasTarget := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	if !hasTarget && strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return form(string(body))
	}
	var c call
	if json.Unmarshal(body, &c) != nil {
		return nil
	}
	switch {
	case strings.HasPrefix(service, "DynamoDB_"):
		return r.dynamoDB(action, c)
	case service == "AmazonSQS":
		return []Permission{{Action: "sqs:" + strings.TrimSuffix(action, "Batch"), Resource: arn("sqs", r.logical(path.Base(c.QueueURL)))}}
	case service == "secretsmanager":
		id := c.SecretID + c.Name
		if !strings.HasPrefix(id, "arn:") {
			id = arn("secretsmanager", "secret:"+id)
		}
		return []Permission{{Action: "secretsmanager:" + action, Resource: id}}
	case request.URL.Path == "/v2/email/outbound-emails":
		from, err := mail.ParseAddress(c.FromEmailAddress) // SES takes the name before it for another thing
		if err != nil {
			return nil
		}
		_, domain, _ := strings.Cut(from.Address, "@")
		deeds := []Permission{{Action: "ses:SendEmail", Resource: arn("ses", "identity/"+domain), From: from.Address}}
		if c.ConfigurationSetName != "" {
			deeds = append(deeds, Permission{Action: "ses:SendEmail", Resource: arn("ses", "configuration-set/"+c.ConfigurationSetName), From: from.Address})
		}
		return deeds
	}
	return nil
}

// members are what a transaction is made of, by the action that each needs: there is
// no permission for a transaction itself.
var members = map[string]string{
	"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem", "Get": "GetItem",
}

func (r *Recorder) dynamoDB(action string, c call) (deeds []Permission) {
	need := func(action, table string) {
		deeds = append(deeds, Permission{Action: "dynamodb:" + action, Resource: arn("dynamodb", "table/"+r.logical(table))})
	}
	for table := range c.RequestItems {
		need(action, table)
	}
	for _, item := range c.TransactItems {
		for kind, what := range item {
			need(members[kind], what.TableName)
		}
	}
	if c.TableName != "" {
		need(action, c.TableName)
	}
	return deeds
}

// form reads a request to SNS.
func form(body string) []Permission {
	values, err := url.ParseQuery(body)
	if err != nil || values.Get("Action") == "" {
		return nil
	}
	resource := values.Get("TopicArn") + values.Get("TargetArn")
	if resource == "" {
		resource = "a phone"
	}
	return []Permission{{Action: "sns:" + values.Get("Action"), Resource: resource}}
}

func (r *Recorder) logical(name string) string {
	if r.names == nil {
		return name
	}
	return r.names.get(name)
}

// names are the logical ids of tables and queues, by the names that they have.
type names struct {
	mu  sync.Mutex
	ids map[string]string
}

func (n *names) set(name, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids[name] = id
}

// get is the name itself where nobody has said otherwise.
func (n *names) get(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok := n.ids[name]; ok {
		return id
	}
	return name
}

func arn(service, resource string) string {
	return fmt.Sprintf("arn:%v:%s:%v:%v:%s", pseudo["AWS::Partition"], service, pseudo["AWS::Region"], pseudo["AWS::AccountId"], resource)
}

// byLambda are the actions that Lambda takes with the role of a function, and not
// the function itself.
var byLambda = []string{
	"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
	"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
}

// OwnPermissions are those that the code of a function needs: all but what Lambda
// does in its name, such as handing on events that failed.
func (s *Stack) OwnPermissions(t testing.TB, function string) []Permission {
	t.Helper()
	return slices.DeleteFunc(s.Permissions(t, function), func(p Permission) bool {
		return slices.Contains(byLambda, p.Action) || p.Resource == s.attribute("NotifyFailures", "Arn")
	})
}
