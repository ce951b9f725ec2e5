// Package sam reads template.yaml as CloudFormation does, so that tests can say
// what a stack of given parameters consists of and what its functions may do. Its
// own tests run the SAM CLI on the template.
package sam

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Template is a template in the long form of JSON: {"Ref": …}, {"Fn::Sub": …}.
type Template struct {
	Parameters map[string]map[string]any `yaml:"Parameters"`
	Conditions map[string]any            `yaml:"Conditions"`
	Resources  map[string]map[string]any `yaml:"Resources"`
	Outputs    map[string]map[string]any `yaml:"Outputs"`
}

// Root is the folder of the module.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Read reads template.yaml, which SAM has not transformed.
func Read(t testing.TB) Template {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(), "template.yaml"))
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	var template Template
	require.NoError(t, lengthen(document.Content[0]).Decode(&template))
	return template
}

// lengthen writes the short forms of functions, such as !Ref, in their long form.
func lengthen(n *yaml.Node) *yaml.Node {
	for i := range n.Content {
		n.Content[i] = lengthen(n.Content[i])
	}
	if !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return n
	}
	name, value := strings.TrimPrefix(n.Tag, "!"), *n
	value.Tag = ""
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		resource, attribute, _ := strings.Cut(n.Value, ".")
		value = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{text(resource), text(attribute)}}
		name = "Fn::GetAtt"
	default:
		name = "Fn::" + name
	}
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text(name), &value}}
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// function is a function of CloudFormation with its argument, if a value is one.
func function(value any) (name string, argument any) {
	if object, ok := value.(map[string]any); ok && len(object) == 1 {
		for name, argument := range object {
			_, isName := argument.(string)
			if name == "Ref" || name == "Condition" && isName || strings.HasPrefix(name, "Fn::") {
				return name, argument
			}
		}
	}
	return "", nil
}

// References gives the logical ids and parameters that a value names anywhere in
// it, in both branches of an If too.
func References(value any) []string {
	found := map[string]bool{}
	references(value, found)
	return slices.Sorted(maps.Keys(found))
}

func references(value any, found map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			references(element, found)
		}
	case map[string]any:
		switch name, argument := function(v); name {
		case "Ref":
			found[argument.(string)] = true
		case "Fn::GetAtt":
			found[attributeOf(argument)[0]] = true
		case "Fn::Sub":
			pattern, given := substitution(argument)
			for variable := range variables(pattern) {
				if _, ok := given[variable]; !ok {
					id, _, _ := strings.Cut(variable, ".")
					found[id] = true
				}
			}
			references(given, found)
		default:
			for _, member := range v {
				references(member, found)
			}
		}
	}
}

// attributeOf is the resource and the attribute that a GetAtt names.
func attributeOf(argument any) [2]string {
	if short, ok := argument.(string); ok {
		resource, attribute, _ := strings.Cut(short, ".")
		return [2]string{resource, attribute}
	}
	both := argument.([]any)
	return [2]string{both[0].(string), both[1].(string)}
}

// substitution is the pattern of a Sub and the variables that it brings along.
func substitution(argument any) (pattern string, given map[string]any) {
	if pattern, ok := argument.(string); ok {
		return pattern, map[string]any{}
	}
	both := argument.([]any)
	return both[0].(string), both[1].(map[string]any)
}

// variables gives the names in ${} of a pattern, with where they begin.
func variables(pattern string) map[string]int {
	names := map[string]int{}
	for at := 0; ; {
		begin := strings.Index(pattern[at:], "${")
		if begin < 0 {
			return names
		}
		begin += at
		end := strings.IndexByte(pattern[begin:], '}')
		if end < 0 {
			return names
		}
		if name := pattern[begin+2 : begin+end]; !strings.HasPrefix(name, "!") {
			names[name] = begin
		}
		at = begin + end
	}
}
