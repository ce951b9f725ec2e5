package validation

import (
	"fmt"

	"tocsin/shared/smn"
)

var templateNameRule = fmt.Sprintf("message_template_name must have 1 to %d letters, digits, hyphens and underscores and begin with a letter or digit", smn.MaxTemplateName)

// isTemplateProtocol: default, what a text can be written for, or nothing.
func isTemplateProtocol(s string) bool {
	p := smn.Protocol(s)
	return p == "" || p == smn.DefaultVariant || p.IsNamed()
}

// isTemplateContent: a message with places for at most smn.MaxVariables variables.
func isTemplateContent(s string) bool { return isMessage(s) && !hasTooManyVariables(s) }

func hasTooManyVariables(s string) bool {
	names, uses := smn.Variables(s)
	return len(names) > smn.MaxVariables || uses > smn.MaxVariableUses
}
