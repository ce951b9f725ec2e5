package access

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// Limits of policies beside smn.MaxAccessPolicy. SMN names none; these keep a
// judgement short.
const (
	maxStatements = 100
	maxValues     = 100 // of one element or condition key
	maxID         = 128 // characters of Id and Sid
)

// version is the only version of policies there is.
const version = "2016-09-07"

// Parse reads the access policy of a topic. What breaks a rule is answered with
// the code of the element; nothing is corrected or ignored but fields that are
// unknown at the top.
func Parse(text string, topic smn.TopicURN) (*Policy, error) {
	if len(text) > smn.MaxAccessPolicy {
		return nil, smn.Errorf(smn.AttributeTooLong, "the access policy has %d bytes; at most %d are allowed", len(text), smn.MaxAccessPolicy)
	}
	policy, err := decodeObject(text)
	if err != nil {
		return nil, smn.Errorf(smn.InvalidPolicy, "the access policy cannot be read: %w", err)
	}
	if policy["Version"] != version {
		return nil, smn.Errorf(smn.InvalidPolicyVersion, "Version must be %q", version)
	}
	if !isName(policy["Id"]) {
		return nil, smn.Errorf(smn.InvalidPolicyID, "Id must be a line of 1 to %d characters", maxID)
	}
	statements, ok := policy["Statement"].([]any)
	if !ok || len(statements) == 0 || len(statements) > maxStatements {
		return nil, smn.Errorf(smn.InvalidPolicyStatement, "Statement must be an array of 1 to %d statements", maxStatements)
	}
	parsed := &Policy{}
	var ids []any
	for i, value := range statements {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, smn.Errorf(smn.InvalidPolicyStatement, "statement %d is no object", i+1)
		}
		if id := object["Sid"]; !isName(id) || slices.Contains(ids, id) {
			return nil, smn.Errorf(smn.InvalidStatementID, "statement %d needs a Sid that no other has, a line of 1 to %d characters", i+1, maxID)
		}
		ids = append(ids, object["Sid"])
		s, err := parseStatement(object, topic)
		if err != nil {
			return nil, err
		}
		parsed.statements = append(parsed.statements, s)
	}
	return parsed, nil
}

// isName says whether a value can be an Id or Sid.
func isName(value any) bool {
	s, ok := value.(string)
	if !ok || s == "" || utf8.RuneCountInString(s) > maxID {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

var statementFields = []string{
	"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}

func parseStatement(object map[string]any, topic smn.TopicURN) (s statement, err error) {
	for name := range object {
		if !slices.Contains(statementFields, name) { // a misspelt Condition must not widen a statement
			return s, smn.Errorf(smn.InvalidPolicyStatement, "a statement has a field that no statement has; the fields are %v", statementFields)
		}
	}
	switch object["Effect"] {
	case "Allow":
	case "Deny":
		s.deny = true
	default:
		return s, smn.Errorf(smn.InvalidStatementEffect, "Effect must be Allow or Deny")
	}
	if s.principals, err = parsePrincipals(object, s.deny); err != nil {
		return s, err
	}
	if s.actions, err = parseActions(object); err != nil {
		return s, err
	}
	if s.resources, err = parseResources(object, topic); err != nil {
		return s, err
	}
	s.conditions, err = parseConditions(object)
	return s, err
}

// either finds an element that stands either under its name or, for all but what
// it says, under that with Not before.
func either(object map[string]any, name string, code smn.Code) (value any, except bool, err error) {
	value, plain := object[name]
	negated, except := object["Not"+name]
	if plain == except {
		return nil, false, smn.Errorf(code, "a statement needs either %s or Not%s", name, name)
	}
	if except {
		value = negated
	}
	return value, except, nil
}

// texts reads a text or an array of texts.
func texts(value any) ([]string, bool) {
	if s, ok := value.(string); ok {
		return []string{s}, true
	}
	array, ok := value.([]any)
	if !ok || len(array) == 0 || len(array) > maxValues {
		return nil, false
	}
	list := make([]string, len(array))
	for i, item := range array {
		if list[i], ok = item.(string); !ok {
			return nil, false
		}
	}
	return list, true
}

// accountPattern is wide: the ids of accounts are those of the identity service.
var (
	principalPattern = smn.Pattern(`^urn:csp:iam::([^:]*):root$`)
	accountPattern   = smn.Pattern(`^[A-Za-z0-9_-]{1,64}$`)
	servicePattern   = smn.Pattern(`^[A-Za-z0-9_.-]{1,64}$`)
)

// parsePrincipals reads whom a statement is about. Services and organizations
// never call here, so they are read and not kept.
func parsePrincipals(object map[string]any, deny bool) (principals list[string], err error) {
	value, except, err := either(object, "Principal", smn.InvalidStatementPrincipal)
	if err != nil {
		return principals, err
	}
	if value == anyone {
		value = map[string]any{"CSP": anyone}
	}
	kinds, ok := value.(map[string]any)
	if !ok || len(kinds) == 0 {
		return principals, smn.Errorf(smn.InvalidStatementPrincipal, `Principal must be "*" or an object with CSP, Service or both`)
	}
	principals.except = except
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		names, ok := texts(kinds[kind])
		if !ok {
			return principals, smn.Errorf(smn.InvalidStatementPrincipal, "a principal must be a text or an array of 1 to %d texts", maxValues)
		}
		switch {
		case kind == "CSP":
			for _, name := range names {
				account, err := parseAccount(name)
				if err != nil {
					return principals, err
				}
				principals.items = append(principals.items, account)
			}
		case kind == "Service":
			if slices.ContainsFunc(names, func(s string) bool { return !servicePattern().MatchString(s) }) {
				return principals, smn.Errorf(smn.InvalidStatementPrincipal, "a service has 1 to 64 letters, digits, hyphens, dots and underscores, such as obs")
			}
		case kind == "OrgPath" && !deny && !except:
		case kind == "OrgPath": // a statement that would bind more or fewer than it says
			return principals, smn.Errorf(smn.InvalidStatementPrincipal, "organizations are not known here, so OrgPath can be allowed something but not be denied or excepted")
		default:
			return principals, smn.Errorf(smn.InvalidStatementPrincipal, "the kinds of principals are CSP and Service")
		}
	}
	return principals, nil
}

func parseAccount(name string) (string, error) {
	if name == anyone {
		return anyone, nil
	}
	m := principalPattern().FindStringSubmatch(name)
	if m == nil {
		return "", smn.Errorf(smn.InvalidStatementPrincipal, `a principal of CSP has the form urn:csp:iam::{domain_id}:root, or is "*"`)
	}
	if !accountPattern().MatchString(m[1]) {
		return "", smn.Errorf(smn.InvalidDomainID, "a domain id has 1 to 64 letters, digits, hyphens and underscores")
	}
	return m[1], nil
}

func parseActions(object map[string]any) (actions list[Action], err error) {
	value, except, err := either(object, "Action", smn.InvalidStatementAction)
	if err != nil {
		return actions, err
	}
	names, ok := texts(value)
	if !ok {
		return actions, smn.Errorf(smn.InvalidStatementAction, "an action must be a text or an array of 1 to %d texts", maxValues)
	}
	actions.except = except
	for _, name := range names {
		found := actionsLike(name)
		if len(found) == 0 {
			return actions, smn.Errorf(smn.InvalidStatementAction, "the actions are %v; * stands for any characters", Actions)
		}
		for _, a := range found {
			if !slices.Contains(actions.items, a) {
				actions.items = append(actions.items, a)
			}
		}
	}
	return actions, nil
}

// anyTopic is how some clients name the topic that has the policy.
const anyTopic = "*"

// parseResources reads the topics of a statement. A statement about another topic
// would never apply: that is a mistake.
func parseResources(object map[string]any, topic smn.TopicURN) (resources list[string], err error) {
	value, except, err := either(object, "Resource", smn.InvalidStatementResource)
	if err != nil {
		return resources, err
	}
	names, ok := texts(value)
	if !ok {
		return resources, smn.Errorf(smn.InvalidStatementResource, "a resource must be a text or an array of 1 to %d texts", maxValues)
	}
	for i, name := range names {
		if name == anyTopic && !except {
			names[i] = topic.String()
			continue
		}
		urn, err := smn.ParseTopicURN(name)
		if err != nil || !except && urn != topic {
			return resources, smn.Errorf(smn.InvalidStatementResource, "Resource must be the URN of the topic, %s, or *", topic)
		}
	}
	return list[string]{except: except, items: names}, nil
}

func parseConditions(object map[string]any) ([]condition, error) {
	value, ok := object["Condition"]
	if !ok {
		return nil, nil
	}
	byOperator, ok := value.(map[string]any)
	if !ok {
		return nil, badCondition("Condition must be an object of operators")
	}
	var conditions []condition
	for name, value := range byOperator {
		op, ok := operators[name]
		if !ok {
			return nil, badCondition("Condition has an operator that is none, such as StringEquals or DateLessThan")
		}
		byKey, ok := value.(map[string]any)
		if !ok || len(byKey) == 0 {
			return nil, badCondition("%s must be an object of keys", name)
		}
		for key, value := range byKey {
			c, err := parseCondition(name, op, key, value)
			if err != nil {
				return nil, err
			}
			conditions = append(conditions, c)
		}
	}
	return conditions, nil
}

func parseCondition(name string, op operator, key string, value any) (condition, error) {
	if key != currentTime && key != protocol && key != endpoint {
		return condition{}, badCondition("the keys of conditions are %s, %s and %s", currentTime, protocol, endpoint)
	}
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	if len(values) == 0 || len(values) > maxValues {
		return condition{}, badCondition("%s of %s needs 1 to %d values", key, name, maxValues)
	}
	fits, ok := op.make(values)
	if !ok {
		return condition{}, badCondition("%s has a value that does not fit %s; a time looks like 2026-11-07T15:35:00Z", key, name)
	}
	return condition{key: key, not: op.not, fits: fits}, nil
}

func badCondition(format string, args ...any) error {
	return smn.Errorf(smn.InvalidStatementCondition, "%s", fmt.Sprintf(format, args...))
}
