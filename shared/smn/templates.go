package smn

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Templates are texts that messages are made from. A name has one variant for
// each protocol; each variant is a template with an id of its own. They belong to
// the caller's project: those of others do not exist for it.
type Templates interface {
	// CreateTemplate makes a template and returns its id. TemplateExists when the
	// name has a variant for the protocol already, TooManyTemplates beyond the
	// project's quota, TooManyVariables.
	CreateTemplate(ctx context.Context, in CreateTemplateInput) (id string, err error)

	// ListTemplates lists the templates of the caller's project, in the order in
	// which they were made, without their content. A filter that matches nothing
	// gives an empty page.
	ListTemplates(ctx context.Context, in ListTemplatesInput) (TemplatePage, error)

	// GetTemplate describes a template. TemplateNotFound.
	GetTemplate(ctx context.Context, in TemplateInput) (Template, error)

	// UpdateTemplate replaces the content of a template. Messages that are published
	// already keep what they were published with. TemplateNotFound, TooManyVariables.
	UpdateTemplate(ctx context.Context, in UpdateTemplateInput) error

	// DeleteTemplate removes a template; only later messages miss it. Deleting twice
	// is TemplateNotFound the second time.
	DeleteTemplate(ctx context.Context, in TemplateInput) error
}

// Limits of message templates, as SMN documents them.
const (
	MaxTemplateName  = 64    // characters
	MaxTemplates     = 100   // variants of all names of a project
	MaxVariables     = 90    // different variables in a template
	MaxVariableUses  = 256   // places in a template where a variable stands
	MaxVariableName  = 21    // characters of the name of a variable
	MaxVariableValue = 1_024 // bytes of its value
)

// DefaultVariant stands in place of a protocol for the text that goes to all
// protocols without one of their own, in templates and in structures.
const DefaultVariant Protocol = "default"

// Template is one variant of a message template: the text of a name for one
// protocol. {tag} in it is a variable, if tag could be the name of one; any other
// text in braces stands for itself.
type Template struct {
	ID        string
	Name      string
	Protocol  Protocol // or DefaultVariant
	TagNames  []string // variables in the order in which they first occur; never nil
	Content   string   // empty in lists
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CreateTemplateInput is what CreateTemplate needs.
type CreateTemplateInput struct {
	Name     string   `validate:"template_name" code:"InvalidTemplateName"`
	Protocol Protocol `validate:"template_protocol" code:"InvalidProtocol"`       // empty means DefaultVariant
	Content  string   `validate:"template_content" code:"InvalidTemplateContent"` // 1 to MaxMessage bytes
}

// ListTemplatesInput is what ListTemplates needs.
type ListTemplatesInput struct {
	Page
	Name     string   `validate:"omitempty,template_name" code:"InvalidTemplateName"` // exact name; empty for all
	Protocol Protocol `validate:"template_protocol" code:"InvalidProtocol"`           // empty for all
	// Marker is the id of the last template seen; the page begins behind it, also
	// when it is gone by now. It replaces Offset. Paging by marker neither repeats
	// nor misses a template that was there all along.
	Marker string `validate:"omitempty,id" code:"InvalidPage"`
}

// TemplatePage is a part of the list of templates.
type TemplatePage struct {
	Templates []Template
	Total     int // templates that fit the filters, whatever the page
}

// TemplateInput names one template, for calls that need nothing else.
type TemplateInput struct {
	ID string `validate:"id" code:"InvalidTemplateID"`
}

// UpdateTemplateInput is what UpdateTemplate needs.
type UpdateTemplateInput struct {
	ID      string `validate:"id" code:"InvalidTemplateID"`
	Content string `validate:"template_content" code:"InvalidTemplateContent"`
}

var (
	templateNamePattern = Pattern(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	variablePattern     = Pattern(`\{[A-Za-z0-9][A-Za-z0-9._-]{0,20}\}`)
)

// IsTemplateName says whether s can name a template: 1 to MaxTemplateName
// letters, digits, hyphens and underscores, beginning with a letter or digit.
func IsTemplateName(s string) bool { return templateNamePattern().MatchString(s) }

// Variables lists the variables of a template, each once, in the order in which
// they first occur, and counts the places where they stand.
func Variables(content string) (names []string, uses int) {
	names = []string{}
	seen := map[string]bool{}
	for _, at := range variablePattern().FindAllStringIndex(content, -1) {
		uses++
		if name := content[at[0]+1 : at[1]-1]; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, uses
}

// Render puts values in the places of a template's variables. What a value holds
// is not looked at again. It also names the variables without a value, each once;
// they stay as they are.
func Render(content string, values map[string]string) (text string, missing []string) {
	var out strings.Builder
	end := 0
	for _, at := range variablePattern().FindAllStringIndex(content, -1) {
		name := content[at[0]+1 : at[1]-1]
		value, ok := values[name]
		if !ok {
			if !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			continue
		}
		out.WriteString(content[end:at[0]])
		out.WriteString(value)
		end = at[1]
	}
	if end == 0 {
		return content, missing
	}
	out.WriteString(content[end:])
	return out.String(), missing
}
