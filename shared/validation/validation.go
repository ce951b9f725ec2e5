// Package validation says what a value must look like. The inputs in package smn
// name a rule (tag validate) and the code that a breach is answered with (tag
// code); the rules themselves are here, one function each.
package validation

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// Check looks at an input of package smn, a pointer or a value. It answers with
// the code of the first field, in the order of the struct, that breaks its rule.
// It may be called from many goroutines at once.
func Check(input any) error {
	err := rules.Struct(input)
	if err == nil {
		return nil
	}
	var breaches validator.ValidationErrors
	if !errors.As(err, &breaches) {
		return fmt.Errorf("validate %T: %w", input, err)
	}
	return breach(input, breaches[0])
}

// rules holds every rule. It is made once: it caches what it learns of a struct.
var rules = newRules()

func newRules() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, rule := range stringRules {
		must(v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return rule(fl.Field().String()) }))
	}
	for tag, check := range publishRules {
		must(v.RegisterValidation(tag, publishRule(check)))
	}
	for tag, rule := range listRules {
		must(v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return rule(fl.Field().Interface()) == nil }, true))
	}
	must(v.RegisterValidation("extension_header", func(fl validator.FieldLevel) bool {
		header, ok := fl.Field().Interface().(map[string]string)
		return ok && checkExtensionHeader(header) == nil
	}))
	must(v.RegisterValidation("time_to_live", func(fl validator.FieldLevel) bool {
		d := time.Duration(fl.Field().Int())
		return d == 0 || d >= time.Second && d <= smn.MaxTimeToLive
	}))
	must(v.RegisterValidation("push_time_to_live", isPushTimeToLive))
	must(v.RegisterValidation("statistics_end", isStatisticsEnd))
	v.RegisterStructValidation(checkNewApplication, smn.CreateApplicationInput{})
	v.RegisterStructValidation(checkApplicationUpdate, smn.UpdateApplicationInput{})
	v.RegisterStructValidation(checkPush, smn.PushInput{})
	// Whether endpoint and extension fit the protocol is a question of two fields.
	v.RegisterStructValidation(func(sl validator.StructLevel) {
		s := sl.Current().Interface().(smn.NewSubscription)
		if IsProtocol(string(s.Protocol)) && isEndpoint(s.Endpoint) && !Fits(s.Protocol, s.Endpoint) {
			sl.ReportError(s.Endpoint, "Endpoint", "Endpoint", "fits", string(s.Protocol))
		}
		if checkExtension(s.Protocol, s.Extension) != nil {
			sl.ReportError(s.Extension, "Extension", "Extension", "extension", string(s.Protocol))
		}
	}, smn.NewSubscription{})
	v.RegisterStructValidation(checkAttribute, smn.UpdateTopicAttributeInput{})
	return v
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// breach turns a broken rule into the error that the field names.
func breach(input any, b validator.FieldError) error {
	if b.Tag() == "remark" && len(b.Value().(string)) > smn.MaxRemark {
		return smn.Errorf(smn.RemarkTooLong, "remark has %d bytes; at most %d are allowed", len(b.Value().(string)), smn.MaxRemark)
	}
	if b.Tag() == "template_content" && isMessage(b.Value().(string)) {
		return smn.Errorf(smn.TooManyVariables, "a template has at most %d different variables, in %d places", smn.MaxVariables, smn.MaxVariableUses)
	}
	if check, ok := publishRules[b.Tag()]; ok {
		return smn.Errorf(codeOf(reflect.TypeOf(input), b.StructField()), "%w", check(publishInput(input)))
	}
	if b.Tag() == "attribute_length" {
		return smn.Errorf(smn.AttributeTooLong, "%s has %d bytes; at most %d are allowed",
			b.Param(), len(b.Value().(string)), maxAttribute[smn.AttributeName(b.Param())])
	}
	return smn.Errorf(codeOf(reflect.TypeOf(input), b.StructField()), "%s", explain(b))
}

// publishInput is an input that is known to be one, as a value.
func publishInput(input any) smn.PublishInput {
	if p, ok := input.(*smn.PublishInput); ok {
		return *p
	}
	return input.(smn.PublishInput)
}

// codeOf finds the code that a field's tag names, in a struct or those it embeds.
func codeOf(t reflect.Type, field string) smn.Code {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	f, ok := t.FieldByName(field)
	if ok && f.Tag.Get("code") != "" {
		return smn.Code(f.Tag.Get("code"))
	}
	for i := range t.NumField() {
		if inner := t.Field(i).Type; inner.Kind() == reflect.Struct {
			if code := codeOf(inner, field); code != smn.Internal {
				return code
			}
		}
	}
	return smn.Internal
}
