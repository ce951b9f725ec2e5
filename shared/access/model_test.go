package access_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/access"
	"tocsin/shared/smn"
)

// model is a statement as one would think of it.
type model struct {
	effect                               string
	notPrincipal, notAction, notResource bool
	accounts, actions, resources         []string
	conditions                           map[string]map[string][]string
}

var (
	domains   = []string{"a", "b", "c"}
	endpoints = []string{"ann@gmail.com", "bob@hotmail.com", "https://example.com/?a=*", "gmail.com", "110", "112", "TRUE"}
	patterns  = []string{"*", "*@gmail.com", "*mail*", "https://*", "ann@gmail.com", "a*a*l.com", "**", "*?a=*"}
	times     = []time.Time{moment.Add(-time.Hour), moment, moment.Add(time.Hour)}
)

func drawModel(t *rapid.T) model {
	m := model{
		effect:       rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect"),
		notPrincipal: rapid.Bool().Draw(t, "not principal"),
		notAction:    rapid.Bool().Draw(t, "not action"),
		notResource:  rapid.SampledFrom([]bool{false, false, true}).Draw(t, "not resource"),
		accounts:     rapid.SliceOfN(rapid.SampledFrom(append([]string{"*"}, domains...)), 1, 2).Draw(t, "accounts"),
		actions:      rapid.SliceOfN(rapid.SampledFrom([]string{"*", "SMN:Publish", "smn:*SCRIBE", "SMN:Delete*", "SMN:???scribe"}), 1, 2).Draw(t, "actions"),
		resources:    []string{topic.String()},
		conditions:   drawConditions(t, 0),
	}
	if m.notResource && rapid.Bool().Draw(t, "elsewhere") {
		m.resources = []string{topic.String() + "x"}
	}
	return m
}

// drawConditions draws up to three conditions.
func drawConditions(t *rapid.T, least int) map[string]map[string][]string {
	conditions := map[string]map[string][]string{}
	for range rapid.IntRange(least, 3).Draw(t, "conditions") {
		operator, key, values := "", "", []string{}
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			operator = rapid.SampledFrom([]string{"StringLike", "StringNotLike"}).Draw(t, "operator")
			key = "smn:Endpoint"
			values = rapid.SliceOfN(rapid.SampledFrom(patterns), 1, 3).Draw(t, "values")
		case 1:
			operator = rapid.SampledFrom([]string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"}).Draw(t, "operator")
			key = "smn:Protocol"
			values = rapid.SliceOfN(rapid.SampledFrom([]string{"email", "EMAIL", "https"}), 1, 3).Draw(t, "values")
		case 2:
			operator = rapid.SampledFrom([]string{
				"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
			}).Draw(t, "operator")
			key = "csp:CurrentTime"
			values = []string{rapid.SampledFrom(times).Draw(t, "time").Format(time.RFC3339)}
		case 3:
			operator = rapid.SampledFrom([]string{
				"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
			}).Draw(t, "operator")
			key = "smn:Endpoint"
			values = rapid.SliceOfN(rapid.SampledFrom([]string{"110", "110.0", "111.5", "112"}), 1, 2).Draw(t, "values")
		case 4:
			operator, key = "Bool", "smn:Endpoint"
			values = []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "value")}
		}
		if conditions[operator] == nil {
			conditions[operator] = map[string][]string{}
		}
		conditions[operator][key] = values
	}
	return conditions
}

// text writes the statement as a policy would have it.
func (m model) text(sid string) string {
	not := map[bool]string{true: "Not"}
	var accounts []string
	for _, a := range m.accounts {
		if a != "*" {
			a = "urn:csp:iam::" + a + ":root"
		}
		accounts = append(accounts, a)
	}
	text, err := json.Marshal(map[string]any{
		"Sid": sid, "Effect": m.effect, not[m.notPrincipal] + "Principal": map[string]any{"CSP": accounts},
		not[m.notAction] + "Action": m.actions, not[m.notResource] + "Resource": m.resources, "Condition": m.conditions,
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// applies is the naive reading of a statement.
func (m model) applies(r access.Request) bool {
	who := slices.Contains(m.accounts, "*") || slices.Contains(m.accounts, r.Domain)
	what := slices.ContainsFunc(m.actions, func(a string) bool {
		return regexp.MustCompile("^(?i:" + strings.NewReplacer("*", ".*", "?", ".").Replace(a) + ")$").MatchString(string(r.Action))
	})
	where := slices.Contains(m.resources, r.Topic)
	if who == m.notPrincipal || what == m.notAction || where == m.notResource {
		return false
	}
	for operator, keys := range m.conditions {
		for key, values := range keys {
			any := slices.ContainsFunc(values, func(v string) bool { return compares(strings.Replace(operator, "Not", "", 1), key, v, r) })
			if any == strings.Contains(operator, "Not") {
				return false
			}
		}
	}
	return true
}

func compares(operator, key, value string, r access.Request) bool {
	have := map[string]string{"smn:Protocol": string(r.Protocol), "smn:Endpoint": r.Endpoint}[key]
	if key != "csp:CurrentTime" && r.Action != access.Subscribe {
		return false
	}
	if kind, isNumeric := strings.CutPrefix(operator, "Numeric"); isNumeric {
		n, err := strconv.ParseFloat(have, 64)
		limit, _ := strconv.ParseFloat(value, 64)
		fits := map[string]bool{
			"Equals": n == limit, "LessThan": n < limit, "LessThanEquals": n <= limit, "GreaterThan": n > limit, "GreaterThanEquals": n >= limit,
		}
		return err == nil && fits[kind]
	}
	at, _ := time.Parse(time.RFC3339, value)
	switch operator {
	case "StringEquals":
		return have == value
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold(have, value)
	case "StringLike":
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(value), `\*`, ".*") + "$").MatchString(have)
	case "DateEquals":
		return r.Time.Equal(at)
	case "DateLessThan":
		return r.Time.Before(at)
	case "DateLessThanEquals":
		return !r.Time.After(at)
	case "DateGreaterThan":
		return r.Time.After(at)
	case "DateGreaterThanEquals":
		return !r.Time.Before(at)
	}
	panic(operator)
}

func drawRequest(t *rapid.T, a access.Action) access.Request {
	r := access.Request{
		Domain: rapid.SampledFrom(domains).Draw(t, "domain"),
		Action: a,
		Topic:  topic.String(),
		Time:   rapid.SampledFrom(times).Draw(t, "now"),
	}
	if r.Action == access.Subscribe {
		r.Protocol = rapid.SampledFrom([]smn.Protocol{smn.Email, smn.HTTPS}).Draw(t, "protocol")
		r.Endpoint = rapid.SampledFrom(endpoints).Draw(t, "endpoint")
	}
	return r
}

// TestConditionsAreThoseOfTheModel looks at conditions alone: in a statement
// about everybody and everything, for the action that has all keys.
func TestConditionsAreThoseOfTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := model{effect: "Allow", accounts: []string{"*"}, actions: []string{"*"}, resources: []string{topic.String()}, conditions: drawConditions(t, 1)}
		p, err := access.Parse(policyOf(m.text("a")), topic)
		require.NoError(t, err)
		for range 30 {
			r := drawRequest(t, access.Subscribe)
			want := access.NoWord
			if m.applies(r) {
				want = access.Allowed
			}
			require.Equal(t, want, p.Judge(r), "%+v", r)
		}
	})
}

func TestJudgementIsThatOfTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		models := rapid.SliceOfN(rapid.Custom(drawModel), 1, 4).Draw(t, "statements")
		var statements []string
		for i, m := range models {
			statements = append(statements, m.text(string(rune('a'+i))))
		}
		p, err := access.Parse(policyOf(statements...), topic)
		require.NoError(t, err)
		for range 10 {
			r := drawRequest(t, rapid.SampledFrom(access.Actions).Draw(t, "action"))
			want := access.NoWord
			for _, m := range models {
				if m.applies(r) && want != access.Denied {
					want = access.Allowed
					if m.effect == "Deny" {
						want = access.Denied
					}
				}
			}
			require.Equal(t, want, p.Judge(r), "%+v", r)
		}
	})
}

// FuzzPolicy: no text panics, and every refusal has a code of policies. What is
// accepted means the same however JSON writes it and in whatever order its
// statements stand, and with one more that denies all it allows nothing.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{
		with(), with("Condition", `{"NumericLessThan":{"smn:Endpoint":[5,"6.5"]},"StringLike":{"smn:Endpoint":"*a*"}}`), policyOf(statement("a"), statement("b")),
		with("Effect", `"Deny"`, "Principal", "", "NotPrincipal", `{"CSP":"urn:csp:iam::d:root"}`, "Action", "", "NotAction", `"SMN:?ublish"`),
		with("Resource", "", "NotResource", `["`+topic.String()+`x"]`, "Condition", `{"DateNotEquals":{"csp:CurrentTime":"2017-11-07"},"Bool":{"smn:Protocol":true}}`),
		"", "{", "[[[[",
	} {
		f.Add(s, "d", "a@example.com")
	}
	f.Fuzz(func(t *testing.T, text, domain, endpoint string) {
		p, err := access.Parse(text, topic)
		if err != nil {
			require.Contains(t, []smn.Code{
				smn.AttributeTooLong, smn.InvalidPolicy, smn.InvalidPolicyVersion, smn.InvalidPolicyID, smn.InvalidPolicyStatement,
				smn.InvalidStatementID, smn.InvalidStatementEffect, smn.InvalidStatementPrincipal, smn.InvalidDomainID,
				smn.InvalidStatementAction, smn.InvalidStatementResource, smn.InvalidStatementCondition,
			}, smn.CodeOf(err))
			return
		}
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(text), &fields))
		var statements []json.RawMessage
		require.NoError(t, json.Unmarshal(fields["Statement"], &statements))
		again := func(change func([]json.RawMessage) []json.RawMessage) *access.Policy {
			list, err := json.Marshal(change(slices.Clone(statements)))
			require.NoError(t, err)
			other, err := access.Parse(policyOf(string(list[1:len(list)-1])), topic)
			if smn.CodeOf(err) == smn.AttributeTooLong || len(statements) == 100 {
				return nil // no room for one more, or for the escapes of encoding/json
			}
			require.NoError(t, err)
			return other
		}
		backwards := again(func(all []json.RawMessage) []json.RawMessage { slices.Reverse(all); return all })
		denying := again(func(all []json.RawMessage) []json.RawMessage {
			deny := strings.Replace(statement(strings.Repeat("deny", 30)), "Allow", "Deny", 1)
			return append(all, json.RawMessage(deny))
		})
		for _, a := range access.Actions {
			r := request(domain, a)
			if a == access.Subscribe {
				r.Protocol, r.Endpoint = smn.Email, endpoint
			}
			if backwards != nil {
				require.Equal(t, p.Judge(r), backwards.Judge(r))
			}
			if denying != nil {
				require.Equal(t, access.Denied, denying.Judge(r))
			}
		}
	})
}
