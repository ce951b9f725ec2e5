package validation

import (
	"github.com/go-playground/validator/v10"

	"tocsin/shared/smn"
)

// maxAttribute is how many bytes the value of an attribute may have.
var maxAttribute = map[smn.AttributeName]int{
	smn.AccessPolicy: smn.MaxAccessPolicy,
	smn.Introduction: smn.MaxIntroduction,
	smn.SMSSignID:    smn.MaxSMSSignID,
}

var smsSignIDPattern = smn.Pattern(`^[A-Za-z0-9_-]*$`)

// checkAttribute looks at the value of an attribute. What stands in an access
// policy is for package access to judge.
func checkAttribute(sl validator.StructLevel) {
	in := sl.Current().Interface().(smn.UpdateTopicAttributeInput)
	limit, known := maxAttribute[in.Name]
	switch {
	case !known:
		// the name is the breach
	case len(in.Value) > limit:
		sl.ReportError(in.Value, "Value", "Value", "attribute_length", string(in.Name))
	case in.Name == smn.Introduction && !isLine(in.Value), in.Name == smn.SMSSignID && !smsSignIDPattern().MatchString(in.Value):
		sl.ReportError(in.Value, "Value", "Value", "attribute_value", string(in.Name))
	}
}
