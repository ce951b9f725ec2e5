package validation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// publishRules are the rules for what a message says. They give the text of the
// first breach, which repeats no value. The form that counts hides those behind
// it, so each looks at the whole input.
var publishRules = map[string]func(smn.PublishInput) error{
	"publish_structure": checkStructure,
	"publish_template": func(in smn.PublishInput) error {
		if in.Structure == "" && in.TemplateName != "" && !smn.IsTemplateName(in.TemplateName) {
			return errors.New(templateNameRule)
		}
		return nil
	},
	"publish_tags": func(in smn.PublishInput) error {
		if in.Structure == "" && in.TemplateName != "" {
			return checkVariableValues(in.Tags)
		}
		return nil
	},
	"publish_message": func(in smn.PublishInput) error {
		if in.Structure == "" && in.TemplateName == "" && !isMessage(in.Message) {
			return fmt.Errorf("message must be a text of 1 to %d bytes, unless message_structure or message_template_name is given", smn.MaxMessage)
		}
		return nil
	},
	"message_attributes": func(in smn.PublishInput) error { return checkAttributes(in.Attributes) },
}

// publishRule makes a rule for validator of one of publishRules.
func publishRule(check func(smn.PublishInput) error) validator.Func {
	return func(fl validator.FieldLevel) bool {
		if fl.Field().Len() == 0 && fl.GetTag() != "publish_message" {
			return true // nothing is always right, but for the last form
		}
		in, ok := fl.Parent().Interface().(smn.PublishInput)
		return ok && check(in) == nil
	}
}

func checkStructure(in smn.PublishInput) error {
	switch {
	case in.Structure == "":
		return nil
	case len(in.Structure) > smn.MaxMessage:
		return fmt.Errorf("message_structure has %d bytes, braces and spaces included; at most %d are allowed", len(in.Structure), smn.MaxMessage)
	}
	_, err := wire.ParseStructure(in.Structure)
	return err
}

func checkVariableValues(tags map[string]string) error {
	for name, value := range tags {
		switch {
		case name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > smn.MaxVariableName:
			return fmt.Errorf("names in tags have 1 to %d characters", smn.MaxVariableName)
		case len(value) > smn.MaxVariableValue || !utf8.ValidString(value):
			return fmt.Errorf("values in tags are texts of at most %d bytes", smn.MaxVariableValue)
		}
	}
	return nil
}

var (
	attributeNamePattern = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	attributeTextPattern = regexp.MustCompile(`^[\p{Han}\p{Latin}0-9_]{1,32}$`)
)

// checkAttributes says which of the rules for message attributes is broken.
func checkAttributes(attributes []smn.MessageAttribute) error {
	if len(attributes) > smn.MaxAttributes {
		return fmt.Errorf("a message has at most %d attributes", smn.MaxAttributes)
	}
	for i, a := range attributes {
		same := func(b smn.MessageAttribute) bool {
			return b.Name == a.Name || a.Type == smn.ProtocolAttribute && b.Type == a.Type
		}
		switch {
		case len(a.Name) > smn.MaxFilterName || !attributeNamePattern.MatchString(a.Name):
			return fmt.Errorf("the name of an attribute has 1 to %d lower-case letters and digits, in parts joined by single underscores", smn.MaxFilterName)
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
	most, fits := smn.MaxFilterValues, attributeTextPattern.MatchString
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
		return fmt.Errorf("an attribute of type STRING has one value, another 1 to %d", smn.MaxFilterValues)
	}
	for i, v := range a.Values {
		switch {
		case !fits(v) && a.Type == smn.ProtocolAttribute:
			return errors.New("the values of an attribute of type PROTOCOL are protocols such as email")
		case !fits(v):
			return fmt.Errorf("the values of an attribute have 1 to %d Latin or Chinese letters, digits and underscores", smn.MaxFilterValue)
		case slices.Contains(a.Values[:i], v):
			return errors.New("the values of an attribute differ")
		}
	}
	return nil
}

var localePattern = regexp.MustCompile(`^([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3})?$`)

// isLocale: a language, and perhaps where it is spoken; or nothing.
func isLocale(s string) bool { return localePattern.MatchString(s) }
