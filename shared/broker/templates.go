package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// CreateTemplate implements smn.Templates.
func (b *Broker) CreateTemplate(ctx context.Context, in smn.CreateTemplateInput) (string, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return "", err
	}
	now := b.Now()
	t := store.Template{
		ID:        smn.NewID(),
		Project:   caller.Project,
		Name:      in.Name,
		Protocol:  in.Protocol,
		VersionID: smn.NewID(),
		Content:   in.Content,
		CreatedAt: now,
		UpdatedAt: now,
	}
	if t.Protocol == "" {
		t.Protocol = smn.DefaultVariant
	}
	t.TagNames, _ = smn.Variables(in.Content)
	err = b.Store.CreateTemplate(ctx, t, b.TemplateQuota)
	switch {
	case errors.Is(err, store.ErrConflict):
		return "", smn.Errorf(smn.TemplateExists, "template %s has a variant for protocol %s already", t.Name, t.Protocol)
	case errors.Is(err, store.ErrLimit):
		return "", smn.Errorf(smn.TooManyTemplates, "the project has %d templates, which is its limit", b.TemplateQuota)
	case err != nil:
		return "", fmt.Errorf("create template %s: %w", in.Name, err)
	}
	return t.ID, nil
}

// ListTemplates implements smn.Templates.
func (b *Broker) ListTemplates(ctx context.Context, in smn.ListTemplatesInput) (smn.TemplatePage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.TemplatePage{}, err
	}
	q := store.TemplateQuery{
		Project:  caller.Project,
		Name:     in.Name,
		Protocol: in.Protocol,
		Offset:   in.Offset,
		Limit:    limitOf(in.Page),
	}
	if in.Marker != "" {
		q.After, q.Offset = in.Marker, 0
	}
	page, err := b.Store.ListTemplates(ctx, q)
	if err != nil {
		return smn.TemplatePage{}, fmt.Errorf("list templates: %w", err)
	}
	templates := make([]smn.Template, len(page.Templates))
	for i, t := range page.Templates {
		templates[i] = describeTemplate(t)
	}
	return smn.TemplatePage{Templates: templates, Total: page.Total}, nil
}

// GetTemplate implements smn.Templates.
func (b *Broker) GetTemplate(ctx context.Context, in smn.TemplateInput) (smn.Template, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.Template{}, err
	}
	t, err := b.Store.GetTemplate(ctx, caller.Project, in.ID)
	if err != nil {
		return smn.Template{}, templateFailure("get", in.ID, err)
	}
	return describeTemplate(t), nil
}

// UpdateTemplate implements smn.Templates.
func (b *Broker) UpdateTemplate(ctx context.Context, in smn.UpdateTemplateInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	t := store.Template{
		ID:        in.ID,
		Project:   caller.Project,
		VersionID: smn.NewID(),
		Content:   in.Content,
		UpdatedAt: b.Now(),
	}
	t.TagNames, _ = smn.Variables(in.Content)
	return templateFailure("update", in.ID, b.Store.UpdateTemplate(ctx, t))
}

// DeleteTemplate implements smn.Templates.
func (b *Broker) DeleteTemplate(ctx context.Context, in smn.TemplateInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	return templateFailure("delete", in.ID, b.Store.DeleteTemplate(ctx, caller.Project, in.ID, b.Now()))
}

// templateFailure says what a failed deed at a template means; nil stays nil.
func templateFailure(deed, id string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return smn.Errorf(smn.TemplateNotFound, "template %s does not exist", id)
	}
	return fmt.Errorf("%s template %s: %w", deed, id, err)
}

// describeTemplate is the one translation of a template from the store's terms.
func describeTemplate(t store.Template) smn.Template {
	return smn.Template{
		ID:        t.ID,
		Name:      t.Name,
		Protocol:  t.Protocol,
		TagNames:  t.TagNames,
		Content:   t.Content,
		CreatedAt: t.CreatedAt,
		UpdatedAt: t.UpdatedAt,
	}
}

// useTemplate makes sure that the template of a message can be rendered for every
// protocol that the message may go to, and notes what that takes.
func (b *Broker) useTemplate(ctx context.Context, project string, in smn.PublishInput) (*store.TemplateUse, error) {
	variants, err := b.Store.FindTemplates(ctx, project, in.TemplateName)
	if err != nil {
		return nil, fmt.Errorf("find template %s: %w", in.TemplateName, err)
	}
	if len(variants) == 0 {
		return nil, smn.Errorf(smn.TemplateNotFound, "template %s does not exist", in.TemplateName)
	}
	if !slices.ContainsFunc(variants, func(v store.Template) bool { return v.Protocol == smn.DefaultVariant }) {
		return nil, smn.Errorf(smn.DefaultTemplateNotFound, "template %s has no variant for the protocol default", in.TemplateName)
	}
	use := &store.TemplateUse{Versions: map[smn.Protocol]string{}, Tags: map[string]string{}}
	for _, v := range variants {
		if v.Protocol != smn.DefaultVariant && !smn.IsFor(in.Attributes, v.Protocol) {
			continue
		}
		text, missing := smn.Render(v.Content, in.Tags)
		switch {
		case len(missing) > 0:
			return nil, smn.Errorf(smn.InvalidTag, "tags lack a value for %s, which the variant for protocol %s needs", strings.Join(missing, ", "), v.Protocol)
		case text == "" || len(text) > smn.MaxMessage:
			return nil, smn.Errorf(smn.InvalidMessage, "with these tags the variant for protocol %s has %d bytes; a message has 1 to %d", v.Protocol, len(text), smn.MaxMessage)
		}
		use.Versions[v.Protocol] = v.VersionID
		for _, name := range v.TagNames {
			use.Tags[name] = in.Tags[name]
		}
	}
	return use, nil
}
