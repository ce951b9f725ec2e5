package access_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/access"
	"tocsin/shared/smn"
)

var topic = smn.TopicURN{Region: "eu-de", Project: "e23bf08ebb924730b452426c60849564", Name: "topic"}

var moment = time.Date(2017, 11, 7, 15, 34, 59, 0, time.UTC)

func request(domain string, a access.Action) access.Request {
	return access.Request{Domain: domain, Action: a, Topic: topic.String(), Time: moment}
}

func parse(t testing.TB, text string) *access.Policy {
	t.Helper()
	p, err := access.Parse(text, topic)
	require.NoError(t, err, text)
	return p
}

// fromFile reads a policy as the documents of SMN and of its clients show it.
func fromFile(t testing.TB, name string) *access.Policy {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	return parse(t, string(text))
}

func TestDocumentedPolicies(t *testing.T) {
	p := fromFile(t, "console")
	require.Equal(t, access.Allowed, p.Judge(request("123456789", access.Publish)))
	require.Equal(t, access.Allowed, p.Judge(request("987654321", access.QueryTopicDetail)))
	require.Equal(t, access.NoWord, p.Judge(request("123456789", access.Subscribe)))
	for _, nobody := range []string{"12345678", "", "*", "obs", "urn:csp:iam::123456789:root"} {
		require.Equal(t, access.NoWord, p.Judge(request(nobody, access.Publish)), nobody)
	}
	elsewhere := request("123456789", access.Publish)
	elsewhere.Topic += "x"
	require.Equal(t, access.NoWord, p.Judge(elsewhere))

	for _, everybody := range []string{"everybody", "openstack"} {
		p := fromFile(t, everybody)
		require.Equal(t, access.Allowed, p.Judge(request("anybody", access.Publish)))
		require.Equal(t, access.NoWord, p.Judge(request("anybody", access.DeleteTopic)))
	}
	for _, others := range []string{"terraform", "organization"} {
		require.Equal(t, access.NoWord, fromFile(t, others).Judge(request("OBS", access.Publish)), "no caller is a service or an organization")
	}

	p = fromFile(t, "mailers")
	r := request("123456789", access.Subscribe)
	r.Protocol, r.Endpoint = smn.Email, "ann@gmail.com"
	require.Equal(t, access.Allowed, p.Judge(r))
	r.Endpoint = "ann@gmail.com.example"
	require.Equal(t, access.NoWord, p.Judge(r))
	r.Endpoint = "bob@hotmail.com"
	require.Equal(t, access.Allowed, p.Judge(r))
	r.Time = moment.Add(time.Second)
	require.Equal(t, access.NoWord, p.Judge(r), "it has ended")
}

// with is a policy of one statement, in which some elements are replaced, as JSON;
// an empty one is left out.
func with(elements ...string) string {
	object := map[string]json.RawMessage{
		"Sid": json.RawMessage(`"s"`), "Effect": json.RawMessage(`"Allow"`), "Principal": json.RawMessage(`"*"`),
		"Action": json.RawMessage(`"*"`), "Resource": json.RawMessage(`"` + topic.String() + `"`),
	}
	for i := 0; i < len(elements); i += 2 {
		object[elements[i]] = json.RawMessage(elements[i+1])
		if elements[i+1] == "" {
			delete(object, elements[i])
		}
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return policyOf(string(text))
}

func policyOf(statements ...string) string {
	return `{"Version":"2016-09-07","Id":"id","Statement":[` + strings.Join(statements, ",") + `]}`
}

func statement(sid string) string {
	return `{"Sid":"` + sid + `","Effect":"Allow","Principal":"*","Action":"*","Resource":"` + topic.String() + `"}`
}

func many(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

func TestRules(t *testing.T) {
	accounts := func(n int) string {
		return `{"CSP":[` + many(n, func(i int) string { return fmt.Sprintf(`"urn:csp:iam::%d:root"`, i) }) + `]}`
	}
	condition := func(c string) string { return with("Condition", c) }
	for _, text := range []string{
		with(),
		with("Sid", `"`+strings.Repeat("ä", 128)+`"`),
		with("Principal", `{"CSP":"*"}`),
		with("Principal", `{"CSP":["*"],"Service":"obs"}`),
		with("Principal", `{"CSP":"urn:csp:iam::a_B-9:root","Service":["OBS","s3"]}`),
		with("Principal", "", "NotPrincipal", `{"CSP":"urn:csp:iam::a:root"}`),
		with("Principal", accounts(100)),
		with("Action", `"smn:publish"`),
		with("Action", `["SMN:Update*","SMN:?ublish"]`),
		with("Action", "", "NotAction", `"SMN:Delete*"`),
		with("Resource", `["`+topic.String()+`"]`),
		with("Resource", "", "NotResource", `["`+topic.String()+`x"]`),
		condition(`{}`),
		condition(`{"Bool":{"smn:Protocol":[true,"False"]},"NumericEquals":{"smn:Endpoint":[5,"-1.50"]}}`),
		condition(`{"DateNotEquals":{"csp:CurrentTime":["2017-11-07","2017-11-07T15:35:00+02:00"]}}`),
		policyOf(many(100, func(i int) string { return statement(fmt.Sprint("s", i)) })),
		strings.Replace(with(), `"Id"`, `"Unknown":{"x":[1]},"Id"`, 1),
		with() + strings.Repeat(" ", smn.MaxAccessPolicy-len(with())),
	} {
		parse(t, text)
	}
	for _, c := range []struct {
		code smn.Code
		text string
	}{
		{smn.AttributeTooLong, with() + strings.Repeat(" ", smn.MaxAccessPolicy+1-len(with()))},
		{smn.InvalidPolicy, ""},
		{smn.InvalidPolicy, "x"},
		{smn.InvalidPolicy, "null"},
		{smn.InvalidPolicy, "[]"},
		{smn.InvalidPolicy, with() + "x"},
		{smn.InvalidPolicy, with() + with()},
		{smn.InvalidPolicy, strings.Replace(with(), `"id"`, "\"\xff\"", 1)},
		{smn.InvalidPolicy, strings.Replace(with(), `"Id"`, `"Id":"a","Id"`, 1)},
		{smn.InvalidPolicy, strings.Replace(with(), `"Effect"`, `"Effect":"Deny","\u0045ffect"`, 1)},
		{smn.InvalidPolicy, strings.Replace(with(), `"id"`, strings.Repeat("[", 9)+strings.Repeat("]", 9), 1)},
		{smn.InvalidPolicy, strings.Replace(with(), `"id"`, strings.Repeat(`{"a":`, 5_000), 1)},
		{smn.InvalidPolicyVersion, strings.Replace(with(), "2016-09-07", "2012-10-17", 1)},
		{smn.InvalidPolicyVersion, strings.Replace(with(), `"Version"`, `"version"`, 1)},
		{smn.InvalidPolicyVersion, `{}`},
		{smn.InvalidPolicyID, strings.Replace(with(), `"id"`, `""`, 1)},
		{smn.InvalidPolicyID, strings.Replace(with(), `"id"`, `"`+strings.Repeat("i", 129)+`"`, 1)},
		{smn.InvalidPolicyID, strings.Replace(with(), `"id"`, `"a\nb"`, 1)},
		{smn.InvalidPolicyID, strings.Replace(with(), `"id"`, `5`, 1)},
		{smn.InvalidPolicyID, `{"Version":"2016-09-07"}`},
		{smn.InvalidPolicyStatement, policyOf()},
		{smn.InvalidPolicyStatement, policyOf(`"s"`)},
		{smn.InvalidPolicyStatement, `{"Version":"2016-09-07","Id":"id","Statement":` + statement("s") + `}`},
		{smn.InvalidPolicyStatement, policyOf(many(101, func(i int) string { return statement(fmt.Sprint("s", i)) }))},
		{smn.InvalidPolicyStatement, with("Conditions", `{}`)},
		{smn.InvalidStatementID, with("Sid", "")},
		{smn.InvalidStatementID, with("Sid", `""`)},
		{smn.InvalidStatementID, with("Sid", `"`+strings.Repeat("ä", 129)+`"`)},
		{smn.InvalidStatementID, policyOf(statement("s"), statement("s"))},
		{smn.InvalidStatementEffect, with("Effect", "")},
		{smn.InvalidStatementEffect, with("Effect", `"allow"`)},
		{smn.InvalidStatementPrincipal, with("Principal", "")},
		{smn.InvalidStatementPrincipal, with("NotPrincipal", `"*"`)},
		{smn.InvalidStatementPrincipal, with("Principal", `"urn:csp:iam::a:root"`)},
		{smn.InvalidStatementPrincipal, with("Principal", `["*"]`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"csp":"*"}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"CSP":[]}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"CSP":[5]}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"CSP":"a"}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"CSP":"urn:csp:iam::a:user"}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"CSP":"urn:csp:iam::a:b:root"}`)},
		{smn.InvalidStatementPrincipal, with("Principal", accounts(101))},
		{smn.InvalidStatementPrincipal, with("Principal", `{"Service":"o b s"}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"Service":""}`)},
		{smn.InvalidStatementPrincipal, with("Principal", `{"OrgPath":"o"}`, "Effect", `"Deny"`)},
		{smn.InvalidStatementPrincipal, with("Principal", "", "NotPrincipal", `{"OrgPath":"o"}`)},
		{smn.InvalidDomainID, with("Principal", `{"CSP":"urn:csp:iam:::root"}`)},
		{smn.InvalidDomainID, with("Principal", `{"CSP":"urn:csp:iam::*:root"}`)},
		{smn.InvalidDomainID, with("Principal", `{"CSP":"urn:csp:iam::`+strings.Repeat("a", 65)+`:root"}`)},
		{smn.InvalidStatementAction, with("Action", "")},
		{smn.InvalidStatementAction, with("NotAction", `"*"`)},
		{smn.InvalidStatementAction, with("Action", `"SMN:Fly"`)},
		{smn.InvalidStatementAction, with("Action", `"SMN:[A-Z]*"`)},
		{smn.InvalidStatementAction, with("Action", `["SMN:Publish",""]`)},
		{smn.InvalidStatementAction, with("Action", `[]`)},
		{smn.InvalidStatementAction, with("Action", `{}`)},
		{smn.InvalidStatementResource, with("Resource", "")},
		{smn.InvalidStatementResource, with("NotResource", `"`+topic.String()+`"`)},
		{smn.InvalidStatementResource, with("Resource", `"urn:smn:*"`)},
		{smn.InvalidStatementResource, with("Resource", `"`+topic.String()+`x"`)},
		{smn.InvalidStatementResource, with("Resource", `["`+topic.String()+`",5]`)},
		{smn.InvalidStatementResource, with("Resource", "", "NotResource", `"*"`)},
		{smn.InvalidStatementCondition, condition(`[]`)},
		{smn.InvalidStatementCondition, condition(`null`)},
		{smn.InvalidStatementCondition, condition(`{"stringEquals":{"smn:Protocol":"email"}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":"smn:Protocol"}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{"smn:protocol":"email"}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{"smn:Protocol":5}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{"smn:Protocol":""}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{"smn:Protocol":[]}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringEquals":{"smn:Protocol":["email",null]}}`)},
		{smn.InvalidStatementCondition, condition(`{"StringLike":{"smn:Endpoint":[` + many(101, func(int) string { return `"*"` }) + `]}}`)},
		{smn.InvalidStatementCondition, condition(`{"NumericEquals":{"smn:Endpoint":"five"}}`)},
		{smn.InvalidStatementCondition, condition(`{"NumericEquals":{"smn:Endpoint":1e999999999}}`)},
		{smn.InvalidStatementCondition, condition(`{"NumericEquals":{"smn:Endpoint":true}}`)},
		{smn.InvalidStatementCondition, condition(`{"DateLessThan":{"csp:CurrentTime":"tomorrow"}}`)},
		{smn.InvalidStatementCondition, condition(`{"DateLessThan":{"csp:CurrentTime":1510068900}}`)},
		{smn.InvalidStatementCondition, condition(`{"Bool":{"csp:CurrentTime":"yes"}}`)},
		{smn.InvalidStatementCondition, condition(`{"Bool":{"csp:CurrentTime":1}}`)},
	} {
		p, err := access.Parse(c.text, topic)
		require.Error(t, err, c.text)
		require.Nil(t, p)
		require.Equal(t, c.code, smn.CodeOf(err), "%s: %v", c.text, err)
	}
}

func TestActionsByWildcard(t *testing.T) {
	for pattern, want := range map[string]int{
		"*": 11, "SMN:*": 11, "smn:update*": 2, "SMN:Update*": 2, "SMN:DeleteTopicAttribute*": 2, "SMN:Publish": 1, "*Topic": 3, "SMN:????scribe": 0, "SMN:?????scribe": 1,
		"SMN:???scribe": 1, "*Subscribe": 2, "SMN:*scribe": 2,
	} {
		p, err := access.Parse(with("Action", `"`+pattern+`"`), topic)
		if want == 0 {
			require.Equal(t, smn.InvalidStatementAction, smn.CodeOf(err), pattern)
			continue
		}
		require.NoError(t, err, pattern)
		not := parse(t, with("Action", "", "NotAction", `"`+pattern+`"`))
		allowed := 0
		for _, a := range access.Actions {
			verdict := p.Judge(request("d", a))
			require.NotEqual(t, verdict, not.Judge(request("d", a)), "%s %s", pattern, a)
			if verdict == access.Allowed {
				allowed++
			}
		}
		require.Equal(t, want, allowed, pattern)
	}
}

func TestConditions(t *testing.T) {
	r := request("d", access.Subscribe)
	r.Protocol, r.Endpoint = smn.SMS, "13600000000"
	for c, met := range map[string]bool{
		`{"StringEquals":{"smn:Protocol":"sms"}}`:                                           true,
		`{"StringEquals":{"smn:Protocol":"SMS"}}`:                                           false,
		`{"StringEquals":{"smn:Protocol":["email","sms"]}}`:                                 true,
		`{"StringNotEquals":{"smn:Protocol":"sms"}}`:                                        false,
		`{"StringNotEquals":{"smn:Protocol":["email","sms"]}}`:                              false,
		`{"StringNotEquals":{"smn:Protocol":["email","http"]}}`:                             true,
		`{"StringEqualsIgnoreCase":{"smn:Protocol":"SMS"}}`:                                 true,
		`{"StringNotEqualsIgnoreCase":{"smn:Protocol":"SMS"}}`:                              false,
		`{"StringLike":{"smn:Endpoint":"136*"}}`:                                            true,
		`{"StringLike":{"smn:Endpoint":"*36*000"}}`:                                         true,
		`{"StringLike":{"smn:Endpoint":"1360000000?"}}`:                                     false,
		`{"StringLike":{"smn:Endpoint":"136"}}`:                                             false,
		`{"StringNotLike":{"smn:Endpoint":"136*"}}`:                                         false,
		`{"StringNotLike":{"smn:Endpoint":"137*"}}`:                                         true,
		`{"NumericEquals":{"smn:Endpoint":13600000000}}`:                                    true,
		`{"NumericEquals":{"smn:Endpoint":"13600000000.0"}}`:                                true,
		`{"NumericNotEquals":{"smn:Endpoint":13600000001}}`:                                 true,
		`{"NumericLessThan":{"smn:Endpoint":13600000000}}`:                                  false,
		`{"NumericLessThanEquals":{"smn:Endpoint":13600000000}}`:                            true,
		`{"NumericGreaterThan":{"smn:Endpoint":13599999999.5}}`:                             true,
		`{"NumericGreaterThanEquals":{"smn:Endpoint":13600000000.5}}`:                       false,
		`{"NumericEquals":{"smn:Protocol":5}}`:                                              false,
		`{"NumericNotEquals":{"smn:Protocol":5}}`:                                           true,
		`{"DateEquals":{"csp:CurrentTime":"2017-11-07T16:34:59+01:00"}}`:                    true,
		`{"DateNotEquals":{"csp:CurrentTime":"2017-11-07T15:34:59Z"}}`:                      false,
		`{"DateLessThan":{"csp:CurrentTime":"2017-11-07T15:35:00Z"}}`:                       true,
		`{"DateLessThan":{"csp:CurrentTime":"2017-11-07T15:34:59Z"}}`:                       false,
		`{"DateLessThanEquals":{"csp:CurrentTime":"2017-11-07T15:34:59Z"}}`:                 true,
		`{"DateGreaterThan":{"csp:CurrentTime":"2017-11-07"}}`:                              true,
		`{"DateGreaterThan":{"csp:CurrentTime":"2017-11-08"}}`:                              false,
		`{"DateGreaterThanEquals":{"csp:CurrentTime":"2017-11-07T15:35:00Z"}}`:              false,
		`{"DateEquals":{"smn:Endpoint":"2017-11-07"}}`:                                      false,
		`{"Bool":{"smn:Protocol":true}}`:                                                    false,
		`{"StringEquals":{"smn:Protocol":"sms","smn:Endpoint":"1"}}`:                        false,
		`{"StringEquals":{"smn:Protocol":"sms"},"StringLike":{"smn:Endpoint":"2*"}}`:        false,
		`{"StringEquals":{"smn:Protocol":"sms"},"StringLike":{"smn:Endpoint":["2*","1*"]}}`: true,
		`{"StringEquals":{"csp:CurrentTime":"2017-11-07T15:34:59Z"}}`:                       true,
	} {
		want := access.NoWord
		if met {
			want = access.Allowed
		}
		require.Equal(t, want, parse(t, with("Condition", c)).Judge(r), c)
	}
	// What is not subscribed has no endpoint.
	for c, want := range map[string]access.Verdict{
		`{"StringLike":{"smn:Endpoint":"*"}}`:               access.NoWord,
		`{"StringEquals":{"smn:Protocol":"sms"}}`:           access.NoWord,
		`{"StringNotEquals":{"smn:Protocol":"sms"}}`:        access.Allowed,
		`{"StringNotLike":{"smn:Endpoint":"*"}}`:            access.Allowed,
		`{"NumericNotEquals":{"smn:Endpoint":13600000000}}`: access.Allowed,
	} {
		require.Equal(t, want, parse(t, with("Condition", c)).Judge(request("d", access.Publish)), c)
	}
}

// BenchmarkJudge judges by the dearest policy there can be.
func BenchmarkJudge(b *testing.B) {
	values := many(100, func(int) string { return `"` + strings.Repeat("*a", 120) + `b"` })
	p := parse(b, with("Condition", `{"StringLike":{"smn:Endpoint":[`+values+`]}}`))
	r := request("d", access.Subscribe)
	r.Endpoint = strings.Repeat("a", smn.MaxEndpoint)
	for b.Loop() {
		if p.Judge(r) != access.NoWord {
			b.Fatal("it has no word for this endpoint")
		}
	}
}

// TestReadsAKeyOnce sees that a judgement reads what the request has once for a
// condition, not for each of its values: a number is dear to read.
func TestReadsAKeyOnce(t *testing.T) {
	r := request("d", access.Subscribe)
	r.Protocol, r.Endpoint = smn.SMS, "13600000000"
	costs := func(values int) float64 {
		p := parse(t, with("Condition", `{"NumericEquals":{"smn:Endpoint":[`+many(values, func(int) string { return "5" })+`]}}`))
		return testing.AllocsPerRun(10, func() { p.Judge(r) })
	}
	const compare = 4 // allocations, and the race detector adds some
	require.Less(t, costs(100), costs(1)+100*compare)
}

// TestExamplesOfTheDocuments sees that what docs/access-policies.md shows is
// accepted.
func TestExamplesOfTheDocuments(t *testing.T) {
	text, err := os.ReadFile("../../docs/access-policies.md")
	require.NoError(t, err)
	local := smn.TopicURN{Region: "local", Project: "0123456789abcdef0123456789abcdef", Name: "disk-alerts"}
	examples := strings.Split(string(text), "```json\n")[1:]
	require.Len(t, examples, 2)
	var policies []*access.Policy
	for _, example := range examples {
		example, _, _ = strings.Cut(example, "```")
		p, err := access.Parse(example, local)
		require.NoError(t, err, example)
		policies = append(policies, p)
	}
	r := access.Request{Domain: "5d0448e390ec4645a22465e5d462a815", Action: access.Publish, Topic: local.String(), Time: moment}
	require.Equal(t, access.Allowed, policies[0].Judge(r))
	r.Action, r.Protocol, r.Endpoint = access.Subscribe, smn.Email, "ann@example.com"
	require.Equal(t, access.Allowed, policies[1].Judge(r))
	r.Endpoint = "boss@example.com"
	require.Equal(t, access.Denied, policies[1].Judge(r))
}
