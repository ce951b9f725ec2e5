package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// templateCommand is what the client does with message templates.
type templateCommand struct {
	Create templateCreateCommand `cmd:"" help:"Make a template, or the variant of one for a protocol."`
	List   templateListCommand   `cmd:"" help:"List the templates of the project."`
	Show   templateShowCommand   `cmd:"" help:"Describe a template and print its text."`
	Update templateUpdateCommand `cmd:"" help:"Replace the text of a template."`
	Delete templateDeleteCommand `cmd:"" help:"Remove a template."`
}

// templateArg is the argument of commands about one template.
type templateArg struct {
	Template string `arg:"" help:"Name or id of the template."`
	Protocol string `default:"default" help:"Which variant of the name (default ${default})." placeholder:"PROTOCOL"`
}

// id is the template's id, which is looked up by the name and the protocol.
func (a templateArg) id(ctx context.Context, svc smn.Templates) (string, error) {
	if smn.IsID(a.Template) {
		return a.Template, nil
	}
	if !smn.IsTemplateName(a.Template) {
		return "", fmt.Errorf("%q is neither the name nor the id of a template", a.Template)
	}
	// As with topics, the filter may have been ignored.
	for t, err := range all(func(p smn.Page) ([]smn.Template, error) {
		page, err := svc.ListTemplates(ctx, smn.ListTemplatesInput{Page: p, Name: a.Template})
		return page.Templates, err
	}) {
		if err != nil || t.Name == a.Template && string(t.Protocol) == a.Protocol {
			return t.ID, err
		}
	}
	return "", fmt.Errorf("there is no template %s for the protocol %s", a.Template, a.Protocol)
}

type templateCreateCommand struct {
	connection
	output
	Name     string `arg:"" help:"Name of the template."`
	Protocol string `default:"default" help:"Protocol that the text is for; ${default} is for all without one of their own." placeholder:"PROTOCOL"`
	text
}

// Run makes a template and shows its id.
func (c *templateCreateCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	content, err := c.read()
	if err != nil {
		return err
	}
	id, err := svc.CreateTemplate(ctx, smn.CreateTemplateInput{Name: c.Name, Protocol: smn.Protocol(c.Protocol), Content: content})
	if err != nil {
		return err
	}
	return c.told(w, "Template", "message_template_id", id)
}

type templateListCommand struct {
	connection
	output
	Name     string `help:"Only those of this name." placeholder:"NAME"`
	Protocol string `help:"Only those for this protocol." placeholder:"PROTOCOL"`
}

// Run lists templates.
func (c *templateListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	templates, err := collect(func(p smn.Page) ([]smn.Template, error) {
		page, err := svc.ListTemplates(ctx, smn.ListTemplatesInput{Page: p, Name: c.Name, Protocol: smn.Protocol(c.Protocol)})
		return page.Templates, err
	})
	if err != nil {
		return err
	}
	values, rows := make([]wire.Template, len(templates)), make([][]string, len(templates))
	for i, t := range templates {
		values[i] = wire.NewTemplate(t)
		rows[i] = []string{t.Name, string(t.Protocol), strings.Join(t.TagNames, ", "), wire.Time(t.UpdatedAt), t.ID}
	}
	return c.table(w, values, []string{"NAME", "PROTOCOL", "VARIABLES", "UPDATED", "ID"}, rows)
}

type templateShowCommand struct {
	connection
	output
	templateArg
}

// Run describes a template.
func (c *templateShowCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	id, err := c.id(ctx, svc)
	if err != nil {
		return err
	}
	t, err := svc.GetTemplate(ctx, smn.TemplateInput{ID: id})
	if err != nil {
		return err
	}
	err = c.one(w,
		struct {
			wire.Template
			Content string `json:"content"`
		}{wire.NewTemplate(t), t.Content},
		[2]string{"Name", t.Name},
		[2]string{"Protocol", string(t.Protocol)},
		[2]string{"Id", t.ID},
		[2]string{"Variables", strings.Join(t.TagNames, ", ")},
		[2]string{"Created", wire.Time(t.CreatedAt)},
		[2]string{"Updated", wire.Time(t.UpdatedAt)},
	)
	if err != nil {
		return err
	}
	return c.paragraph(w, t.Content)
}

type templateUpdateCommand struct {
	connection
	output
	templateArg
	text
}

// Run replaces the text.
func (c *templateUpdateCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	content, err := c.read()
	if err != nil {
		return err
	}
	id, err := c.id(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.UpdateTemplate(ctx, smn.UpdateTemplateInput{ID: id, Content: content}); err != nil {
		return err
	}
	return c.told(w, "Updated", "message_template_id", id)
}

type templateDeleteCommand struct {
	connection
	output
	templateArg
}

// Run removes a template and says which it was.
func (c *templateDeleteCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	id, err := c.id(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.DeleteTemplate(ctx, smn.TemplateInput{ID: id}); err != nil {
		return err
	}
	return c.told(w, "Deleted", "message_template_id", id)
}
