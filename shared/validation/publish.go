package validation

import (
	"errors"
	"fmt"
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
	"message_attributes": func(in smn.PublishInput) error { return checkMessageAttributes(in.Attributes) },
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

var localePattern = smn.Pattern(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$`)

// isLocale: a language, and perhaps where it is spoken; or nothing.
func isLocale(s string) bool { return s == "" || localePattern().MatchString(s) }

// isSubject: at most smn.MaxSubject bytes on one line. It becomes a mail header.
func isSubject(s string) bool { return len(s) <= smn.MaxSubject && isLine(s) }

// isMessage: 1 to smn.MaxMessage bytes of text.
func isMessage(s string) bool {
	return s != "" && len(s) <= smn.MaxMessage && utf8.ValidString(s)
}

var idempotencyKeyRule = fmt.Sprintf("Idempotency-Key must have 1 to %d printable ASCII characters and no space at its ends", smn.MaxIdempotencyKey)
