package sam

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Stack is what becomes of a template with parameters: resources whose condition
// holds, with every function of CloudFormation worked out.
type Stack struct {
	template   Template
	parameters map[string]any
	Resources  map[string]map[string]any
	Outputs    map[string]map[string]any
	Missing    []string // what is named and is not there
}

// What CloudFormation knows of the stack.
var pseudo = map[string]any{
	"AWS::StackName": "tocsin",
	"AWS::StackId":   "arn:aws:cloudformation:eu-west-1:123456789012:stack/tocsin/1c2fa620-982a-11e3-aff7-50e2416294e0",
	"AWS::Region":    "eu-west-1",
	"AWS::AccountId": "123456789012",
	"AWS::Partition": "aws",
	"AWS::URLSuffix": "amazonaws.com",
	"AWS::NoValue":   noValue{},
}

// noValue takes what has it out of its object or list.
type noValue struct{}

// NewStack works a template out. Parameters that are not given have their default;
// without one it is an error.
func NewStack(t testing.TB, template Template, parameters map[string]any) *Stack {
	t.Helper()
	s := &Stack{template: template, parameters: map[string]any{}, Resources: map[string]map[string]any{}, Outputs: map[string]map[string]any{}}
	for name, p := range template.Parameters {
		value, ok := parameters[name]
		if !ok {
			value, ok = p["Default"]
		}
		require.True(t, ok, "parameter %s has no value", name)
		s.parameters[name] = value
	}
	for name := range parameters {
		require.Contains(t, template.Parameters, name)
	}
	for _, part := range []struct{ from, to map[string]map[string]any }{{template.Resources, s.Resources}, {template.Outputs, s.Outputs}} {
		for id, declared := range part.from {
			if condition, ok := declared["Condition"].(string); ok && !s.holds(condition) {
				continue
			}
			part.to[id] = s.value(without(declared, "Condition")).(map[string]any)
		}
	}
	return s
}

func without(object map[string]any, key string) map[string]any {
	rest := map[string]any{}
	for name, member := range object {
		if name != key {
			rest[name] = member
		}
	}
	return rest
}

// holds says whether a condition does.
func (s *Stack) holds(condition string) bool {
	return s.value(s.template.Conditions[condition]).(bool)
}

// isThere says whether the stack has a resource, and notes it as missing if not.
func (s *Stack) isThere(id string) bool {
	declared, ok := s.template.Resources[id]
	if ok {
		condition, conditional := declared["Condition"].(string)
		ok = !conditional || s.holds(condition)
	}
	if !ok {
		s.Missing = append(s.Missing, id)
	}
	return ok
}

// value works out the functions in a value.
func (s *Stack) value(value any) any {
	switch v := value.(type) {
	case []any:
		list := []any{}
		for _, element := range v {
			if e := s.value(element); !isNoValue(e) {
				list = append(list, e)
			}
		}
		return list
	case map[string]any:
		if name, argument := function(v); name != "" {
			return s.call(name, argument)
		}
		object := map[string]any{}
		for name, member := range v {
			if m := s.value(member); !isNoValue(m) {
				object[name] = m
			}
		}
		return object
	}
	return value
}

func isNoValue(v any) bool {
	_, is := v.(noValue)
	return is
}

func (s *Stack) call(name string, argument any) any {
	if list, ok := argument.([]any); ok && name == "Fn::If" {
		branch := list[2]
		if s.holds(list[0].(string)) {
			branch = list[1]
		}
		return s.value(branch)
	}
	switch name {
	case "Ref":
		return s.ref(argument.(string))
	case "Condition":
		return s.holds(argument.(string))
	case "Fn::GetAtt":
		both := attributeOf(argument)
		return s.attribute(both[0], both[1])
	case "Fn::Sub":
		return s.substitute(argument)
	}
	arguments := s.value(argument).([]any)
	switch name {
	case "Fn::Equals":
		return fmt.Sprint(arguments[0]) == fmt.Sprint(arguments[1])
	case "Fn::Not":
		return !arguments[0].(bool)
	case "Fn::And":
		return !slices.Contains(arguments, any(false))
	case "Fn::Or":
		return slices.Contains(arguments, any(true))
	case "Fn::Join":
		var parts []string
		for _, part := range arguments[1].([]any) {
			parts = append(parts, fmt.Sprint(part))
		}
		return strings.Join(parts, arguments[0].(string))
	case "Fn::Split":
		list := []any{}
		for part := range strings.SplitSeq(arguments[1].(string), arguments[0].(string)) {
			list = append(list, part)
		}
		return list
	case "Fn::Select":
		for i, element := range arguments[1].([]any) {
			if fmt.Sprint(i) == fmt.Sprint(arguments[0]) {
				return element
			}
		}
		return noValue{}
	}
	panic("no test knows " + name)
}

// ref is a parameter, or the name that a resource gets: here its logical id.
func (s *Stack) ref(name string) any {
	if value, ok := pseudo[name]; ok {
		return value
	}
	if value, ok := s.parameters[name]; ok {
		return value
	}
	s.isThere(name)
	return name
}

// attribute is an attribute of a resource. Names are logical ids here, but where
// the template gives one.
func (s *Stack) attribute(id, attribute string) string {
	if !s.isThere(id) || attribute != "Arn" {
		return id + "." + attribute
	}
	declared := s.template.Resources[id]
	switch kind := declared["Type"]; kind {
	case "AWS::DynamoDB::Table":
		return arn("dynamodb", "table/"+id)
	case "AWS::SQS::Queue":
		return arn("sqs", id)
	case "AWS::Lambda::Function", "AWS::Serverless::Function":
		return arn("lambda", "function:"+id)
	case "AWS::Logs::LogGroup":
		properties := declared["Properties"].(map[string]any)
		return arn("logs", fmt.Sprintf("log-group:%v:*", s.value(properties["LogGroupName"])))
	case "AWS::Events::Rule":
		return arn("events", "rule/"+id)
	case "AWS::IAM::Role":
		return fmt.Sprintf("arn:aws:iam::%v:role/%s", pseudo["AWS::AccountId"], id)
	default:
		panic(fmt.Sprintf("no test knows the ARN of %v", kind))
	}
}

func (s *Stack) substitute(argument any) string {
	pattern, given := substitution(argument)
	for name := range variables(pattern) {
		var value any
		if own, ok := given[name]; ok {
			value = s.value(own)
		} else if id, attribute, ok := strings.Cut(name, "."); ok {
			value = s.attribute(id, attribute)
		} else {
			value = s.ref(name)
		}
		pattern = strings.ReplaceAll(pattern, "${"+name+"}", fmt.Sprint(value))
	}
	return pattern
}
