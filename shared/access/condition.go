package access

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The keys of conditions: what a condition looks at.
const (
	currentTime = "csp:CurrentTime"
	protocol    = "smn:Protocol" // of the endpoint to be subscribed
	endpoint    = "smn:Endpoint" // likewise
)

// condition compares a key of the request with values. Any value may fit; with
// not, none may.
type condition struct {
	key  string
	not  bool
	fits []func(string) bool
}

// met says whether a request meets the condition. A key that the request does not
// have, or that is not of the operator's kind, fits no value: so a condition that
// asks for a value is not met, and one that excludes values is.
func (c condition) met(r Request) bool {
	text := valueOf(r, c.key)
	if text != "" {
		for _, fits := range c.fits {
			if fits(text) {
				return !c.not
			}
		}
	}
	return c.not
}

func valueOf(r Request, key string) string {
	switch key {
	case currentTime:
		return r.Time.UTC().Format(time.RFC3339) // whole seconds, as policies write them
	case protocol:
		return string(r.Protocol)
	case endpoint:
		return r.Endpoint
	}
	return ""
}

// operator makes the comparison with one value of a policy. ok is false for a
// value that is not of the operator's kind.
type operator struct {
	not  bool
	make func(value any) (fits func(string) bool, ok bool)
}

var operators = map[string]operator{
	"StringEquals":              {false, text(func(have, want string) bool { return have == want })},
	"StringNotEquals":           {true, text(func(have, want string) bool { return have == want })},
	"StringEqualsIgnoreCase":    {false, text(strings.EqualFold)},
	"StringNotEqualsIgnoreCase": {true, text(strings.EqualFold)},
	"StringLike":                {false, text(isLike)},
	"StringNotLike":             {true, text(isLike)},
	"NumericEquals":             {false, number(func(order int) bool { return order == 0 })},
	"NumericNotEquals":          {true, number(func(order int) bool { return order == 0 })},
	"NumericLessThan":           {false, number(func(order int) bool { return order < 0 })},
	"NumericLessThanEquals":     {false, number(func(order int) bool { return order <= 0 })},
	"NumericGreaterThan":        {false, number(func(order int) bool { return order > 0 })},
	"NumericGreaterThanEquals":  {false, number(func(order int) bool { return order >= 0 })},
	"DateEquals":                {false, date(func(order int) bool { return order == 0 })},
	"DateNotEquals":             {true, date(func(order int) bool { return order == 0 })},
	"DateLessThan":              {false, date(func(order int) bool { return order < 0 })},
	"DateLessThanEquals":        {false, date(func(order int) bool { return order <= 0 })},
	"DateGreaterThan":           {false, date(func(order int) bool { return order > 0 })},
	"DateGreaterThanEquals":     {false, date(func(order int) bool { return order >= 0 })},
	"Bool":                      {false, boolean},
}

func text(fits func(have, want string) bool) func(any) (func(string) bool, bool) {
	return func(value any) (func(string) bool, bool) {
		want, ok := value.(string)
		return func(have string) bool { return fits(have, want) }, ok && want != ""
	}
}

func number(fits func(order int) bool) func(any) (func(string) bool, bool) {
	return func(value any) (func(string) bool, bool) {
		want, ok := parseNumber(fmt.Sprint(value))
		switch value.(type) {
		case string, json.Number:
		default:
			ok = false
		}
		return func(have string) bool {
			n, ok := parseNumber(have)
			return ok && fits(n.Cmp(want))
		}, ok
	}
}

// numberPattern leaves out exponents, whose numbers could fill the memory.
var numberPattern = regexp.MustCompile(`^[+-]?[0-9]{1,64}(\.[0-9]{1,64})?$`)

// parseNumber reads an integer or decimal of any size exactly: phone numbers are
// too long for a float.
func parseNumber(s string) (*big.Rat, bool) {
	if !numberPattern.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func date(fits func(order int) bool) func(any) (func(string) bool, bool) {
	return func(value any) (func(string) bool, bool) {
		s, _ := value.(string)
		want, ok := parseDate(s)
		return func(have string) bool {
			t, ok := parseDate(have)
			return ok && fits(t.Compare(want))
		}, ok
	}
}

// parseDate reads a time of ISO 8601 with its zone, or a date, which begins in UTC.
func parseDate(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	return t, err == nil
}

func boolean(value any) (func(string) bool, bool) {
	want := strings.ToLower(fmt.Sprint(value))
	switch value.(type) {
	case string, bool:
	default:
		want = ""
	}
	fits := func(have string) bool { return strings.EqualFold(have, want) }
	return fits, want == strconv.FormatBool(true) || want == strconv.FormatBool(false)
}

// isLike says whether a text fits a pattern, in which an asterisk stands for any
// characters and everything else for itself. It looks at each character once or
// twice, whatever the pattern.
func isLike(s, pattern string) bool {
	parts := strings.Split(pattern, "*")
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok || len(parts) == 1 {
		return ok && s == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}
