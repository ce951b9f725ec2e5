package store

import (
	"context"
	"time"

	"tocsin/shared/smn"
)

// Template is a variant of a message template as it is kept now. Its content is a
// version: messages refer to versions, so a change makes a new one.
type Template struct {
	ID        string // made by the caller; unique for ever
	Project   string
	Name      string
	Protocol  smn.Protocol // or smn.DefaultVariant; unique in its project together with Name
	TagNames  []string     // variables of Content; never nil
	VersionID string       // made by the caller; unique for ever
	Content   string       // empty in lists
	CreatedAt time.Time    // kept to the millisecond
	UpdatedAt time.Time
}

// TemplateQuery asks for a part of a project's templates.
type TemplateQuery struct {
	Project  string
	Name     string       // exact name; empty for all
	Protocol smn.Protocol // empty for all
	After    string       // ID to begin behind, whether or not it still exists; empty to begin with the first
	Offset   int          // counted from there
	Limit    int          // at least 1
}

// TemplatePage is a part of a project's templates.
type TemplatePage struct {
	Templates []Template
	Total     int // that fit the filters, not only behind After
}

// Templates keeps message templates.
type Templates interface {
	// CreateTemplate stores a template. ErrConflict when its project has one of the
	// same name and protocol; ErrLimit when it has limit templates.
	CreateTemplate(ctx context.Context, t Template, limit int) error

	// GetTemplate finds a template. ErrNotFound, also when it is another project's.
	GetTemplate(ctx context.Context, project, id string) (Template, error)

	// FindTemplates gives all variants of a name, by ID. An unknown name has none.
	FindTemplates(ctx context.Context, project, name string) ([]Template, error)

	// ListTemplates lists templates by ID, ascending, without Content.
	ListTemplates(ctx context.Context, q TemplateQuery) (TemplatePage, error)

	// UpdateTemplate replaces TagNames, VersionID, Content and UpdatedAt of the
	// template of this Project and ID. ErrNotFound.
	UpdateTemplate(ctx context.Context, t Template) error

	// DeleteTemplate removes a template. ErrNotFound.
	DeleteTemplate(ctx context.Context, project, id string, now time.Time) error

	// GetTemplateVersion gives the content of a version. One that was replaced or
	// deleted stays as long as messages that refer to it: until retention has passed
	// after smn.MaxTimeToLive. ErrNotFound.
	GetTemplateVersion(ctx context.Context, versionID string) (content string, err error)
}
