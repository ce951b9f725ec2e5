package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Permission is one action on one resource, either with * as IAM has it.
type Permission struct {
	Deny             bool
	Action, Resource string
	From             string // of mails: the one address that they may come from, or do; empty for any
}

func (p Permission) String() string {
	text := p.Action + " on " + p.Resource
	if p.From != "" {
		text += " from " + p.From
	}
	if p.Deny {
		return "not " + text
	}
	return text
}

// Permissions are what a function may do by its role, in the order of its policies.
func (s *Stack) Permissions(t testing.TB, function string) []Permission {
	t.Helper()
	declared, ok := s.Resources[function]
	require.True(t, ok, "there is no %s", function)
	role := declared["Properties"].(map[string]any)["Role"].(string)
	role = role[strings.LastIndexByte(role, '/')+1:]

	var all []Permission
	for _, document := range s.policies(t, role) {
		for _, statement := range document["Statement"].([]any) {
			all = append(all, permissions(t, statement.(map[string]any))...)
		}
	}
	return all
}

// policies are the documents that a role is given: its own, managed ones, and those
// that name it.
func (s *Stack) policies(t testing.TB, role string) (documents []map[string]any) {
	t.Helper()
	properties := s.Resources[role]["Properties"].(map[string]any)
	for _, own := range listOf(properties["Policies"]) {
		documents = append(documents, own.(map[string]any)["PolicyDocument"].(map[string]any))
	}
	for _, managed := range listOf(properties["ManagedPolicyArns"]) {
		policy, ok := s.Resources[managed.(string)]
		require.True(t, ok, "%s is a managed policy of somebody else", managed)
		documents = append(documents, policy["Properties"].(map[string]any)["PolicyDocument"].(map[string]any))
	}
	for _, id := range slices.Sorted(maps.Keys(s.Resources)) {
		if s.Resources[id]["Type"] != "AWS::IAM::Policy" {
			continue
		}
		policy := s.Resources[id]["Properties"].(map[string]any)
		if slices.Contains(listOf(policy["Roles"]), any(role)) {
			documents = append(documents, policy["PolicyDocument"].(map[string]any))
		}
	}
	return documents
}

// permissions spells a statement out.
func permissions(t testing.TB, statement map[string]any) (all []Permission) {
	t.Helper()
	for key := range statement {
		require.Contains(t, []string{"Effect", "Action", "Resource", "Condition"}, key, "no test knows more of a statement")
	}
	from := ""
	if condition, ok := statement["Condition"].(map[string]any); ok {
		from, _ = condition["StringEquals"].(map[string]any)["ses:FromAddress"].(string)
		require.Equal(t, map[string]any{"StringEquals": map[string]any{"ses:FromAddress": from}}, condition, "no test knows another condition")
	}
	for _, action := range listOf(statement["Action"]) {
		for _, resource := range listOf(statement["Resource"]) {
			all = append(all, Permission{Deny: statement["Effect"] == "Deny", Action: action.(string), Resource: fmt.Sprint(resource), From: from})
		}
	}
	return all
}

// listOf is a list, or the one thing that stands in its place.
func listOf(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// matches says whether a text fits a pattern of IAM, in which * stands for any text
// and ? for any character.
func matches(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return matches(pattern[1:], text) || text != "" && matches(pattern, text[1:])
	case text == "" || pattern[0] != '?' && pattern[0] != text[0]:
		return false
	}
	return matches(pattern[1:], text[1:])
}

// Differences says how what was done and what is allowed differ: deeds that no
// permission allows or one denies, and permissions that no deed needed.
func Differences(allowed, done []Permission) (faults []string) {
	used := make([]bool, len(allowed))
	for _, deed := range done {
		isAllowed, isDenied := false, false
		for i, p := range allowed {
			if matches(p.Action, deed.Action) && matches(p.Resource, deed.Resource) && (p.From == "" || p.From == deed.From) {
				used[i] = true
				isAllowed, isDenied = isAllowed || !p.Deny, isDenied || p.Deny
			}
		}
		if !isAllowed || isDenied {
			faults = append(faults, "done and not allowed: "+deed.String())
		}
	}
	for i, p := range allowed {
		if !used[i] && !p.Deny {
			faults = append(faults, "allowed and never done: "+p.String())
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}
