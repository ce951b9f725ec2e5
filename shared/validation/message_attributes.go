package validation

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"tocsin/shared/smn"
)

var (
	attributeNamePattern  = smn.Pattern(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	attributeValuePattern = smn.Pattern(`^[\p{Latin}\p{Han}0-9_]+$`)
)

// isAttributeName: what a message attribute, and a filter on it, can be called.
func isAttributeName(s string) bool {
	return len(s) <= smn.MaxAttributeName && attributeNamePattern().MatchString(s)
}

// isAttributeValue: what a message attribute can hold, and a filter ask for.
func isAttributeValue(s string) bool {
	return utf8.RuneCountInString(s) <= smn.MaxAttributeValue && attributeValuePattern().MatchString(s)
}

// checkMessageAttributes says which of the rules for message attributes is broken.
func checkMessageAttributes(attributes []smn.MessageAttribute) error {
	if len(attributes) > smn.MaxAttributes {
		return fmt.Errorf("a message has at most %d attributes", smn.MaxAttributes)
	}
	for i, a := range attributes {
		same := func(b smn.MessageAttribute) bool {
			return b.Name == a.Name || a.Type == smn.ProtocolAttribute && b.Type == a.Type
		}
		switch {
		case !isAttributeName(a.Name):
			return fmt.Errorf("the name of an attribute has 1 to %d lower-case letters and digits, in parts joined by single underscores", smn.MaxAttributeName)
		case slices.ContainsFunc(attributes[:i], same):
			return errors.New("attributes have different names, and one of them at most has the type PROTOCOL")
		}
		if err := checkAttributeValues(a); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeValues(a smn.MessageAttribute) error {
	most, fits := smn.MaxAttributeValues, isAttributeValue
	switch a.Type {
	case smn.StringAttribute:
		most = 1
	case smn.StringArrayAttribute:
	case smn.ProtocolAttribute:
		most, fits = len(a.Values), func(s string) bool { return smn.Protocol(s).IsNamed() }
	default:
		return errors.New("the type of an attribute is STRING, STRING_ARRAY or PROTOCOL")
	}
	if len(a.Values) == 0 || len(a.Values) > most {
		return fmt.Errorf("an attribute of type STRING has one value, another 1 to %d", smn.MaxAttributeValues)
	}
	for i, v := range a.Values {
		switch {
		case !fits(v) && a.Type == smn.ProtocolAttribute:
			return errors.New("the values of an attribute of type PROTOCOL are protocols such as email")
		case !fits(v):
			return fmt.Errorf("the values of an attribute have 1 to %d Latin or Chinese letters, digits and underscores", smn.MaxAttributeValue)
		case slices.Contains(a.Values[:i], v):
			return errors.New("the values of an attribute differ")
		}
	}
	return nil
}
