package wire

import "tocsin/shared/smn"

// CreateTemplateRequest is the body of CreateTemplate.
type CreateTemplateRequest struct {
	Name     string `json:"message_template_name" code:"InvalidTemplateName"`
	Protocol string `json:"protocol,omitempty" code:"InvalidProtocol"`
	Content  string `json:"content" code:"InvalidTemplateContent"`
}

// CreateTemplateResponse answers it.
type CreateTemplateResponse struct {
	RequestID  string `json:"request_id"`
	TemplateID string `json:"message_template_id"`
}

// UpdateTemplateRequest is the body of UpdateTemplate.
type UpdateTemplateRequest struct {
	Content string `json:"content" code:"InvalidTemplateContent"`
}

// Template is a template in a list.
type Template struct {
	TemplateID string   `json:"message_template_id"`
	Name       string   `json:"message_template_name"`
	Protocol   string   `json:"protocol"`
	TagNames   []string `json:"tag_names"` // never null
	CreateTime string   `json:"create_time"`
	UpdateTime string   `json:"update_time"`
}

// GetTemplateResponse answers GetTemplate: a flat object.
type GetTemplateResponse struct {
	RequestID string `json:"request_id"`
	Template
	Content string `json:"content"`
}

// ListTemplatesResponse answers ListTemplates.
type ListTemplatesResponse struct {
	RequestID     string     `json:"request_id"`
	TemplateCount int        `json:"message_template_count"` // of the whole list
	Templates     []Template `json:"message_templates"`      // never null
}

// NewTemplate spells a template, without its content.
func NewTemplate(t smn.Template) Template {
	return Template{
		TemplateID: t.ID,
		Name:       t.Name,
		Protocol:   string(t.Protocol),
		TagNames:   t.TagNames,
		CreateTime: Time(t.CreatedAt),
		UpdateTime: Time(t.UpdatedAt),
	}
}

// Template reads what NewTemplate spelt.
func (t Template) Template() (smn.Template, error) {
	created, err := ParseTime(t.CreateTime)
	if err != nil {
		return smn.Template{}, err
	}
	updated, err := ParseTime(t.UpdateTime)
	if err != nil {
		return smn.Template{}, err
	}
	return smn.Template{
		ID:        t.TemplateID,
		Name:      t.Name,
		Protocol:  smn.Protocol(t.Protocol),
		TagNames:  t.TagNames,
		CreatedAt: created,
		UpdatedAt: updated,
	}, nil
}
