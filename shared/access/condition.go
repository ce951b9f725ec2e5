package access

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"tocsin/shared/smn"
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
	fits func(have string) bool // whether any value does
}

// met says whether a request meets the condition. A key that the request does not
// have, or that is not of the operator's kind, fits no value: so a condition that
// asks for a value is not met, and one that excludes values is.
func (c condition) met(r Request) bool {
	text := valueOf(r, c.key)
	return (text != "" && c.fits(text)) != c.not
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

// operator makes the comparison with the values of a policy. ok is false if one is
// not of the operator's kind.
type operator struct {
	not  bool
	make func(values []any) (fits func(have string) bool, ok bool)
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

// comparison makes the comparisons of a kind: want reads a value of a policy, and
// read, once whatever the number of values, what the request has.
func comparison[T any](want func(any) (T, bool), read func(string) (T, bool), fits func(have, want T) bool) func([]any) (func(string) bool, bool) {
	return func(values []any) (func(string) bool, bool) {
		wanted := make([]T, len(values))
		for i, value := range values {
			var ok bool
			if wanted[i], ok = want(value); !ok {
				return nil, false
			}
		}
		return func(text string) bool {
			have, ok := read(text)
			return ok && slices.ContainsFunc(wanted, func(want T) bool { return fits(have, want) })
		}, true
	}
}

func asItIs(s string) (string, bool) { return s, true }

func text(fits func(have, want string) bool) func([]any) (func(string) bool, bool) {
	return comparison(func(value any) (string, bool) {
		s, ok := value.(string)
		return s, ok && s != ""
	}, asItIs, fits)
}

func number(fits func(order int) bool) func([]any) (func(string) bool, bool) {
	return comparison(func(value any) (*big.Rat, bool) {
		switch value := value.(type) {
		case string:
			return parseNumber(value)
		case json.Number:
			return parseNumber(value.String())
		}
		return nil, false
	}, parseNumber, func(have, want *big.Rat) bool { return fits(have.Cmp(want)) })
}

// numberPattern leaves out exponents, whose numbers could fill the memory.
var numberPattern = smn.Pattern(`^[+-]?[0-9]{1,64}(\.[0-9]{1,64})?$`)

// parseNumber reads an integer or decimal of any size exactly: phone numbers are
// too long for a float.
func parseNumber(s string) (*big.Rat, bool) {
	if !numberPattern().MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func date(fits func(order int) bool) func([]any) (func(string) bool, bool) {
	return comparison(func(value any) (time.Time, bool) {
		s, _ := value.(string)
		return parseDate(s)
	}, parseDate, func(have, want time.Time) bool { return fits(have.Compare(want)) })
}

// parseDate reads a time of ISO 8601 with its zone, or a date, which begins in UTC.
func parseDate(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	return t, err == nil
}

var boolean = comparison(func(value any) (bool, bool) {
	switch value := value.(type) {
	case bool:
		return value, true
	case string:
		return parseBool(value)
	}
	return false, false
}, parseBool, func(have, want bool) bool { return have == want })

func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	return s == "true", s == "true" || s == "false"
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
