package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// templateRow is the attribute v of a template. Its version is an attribute of its
// own, its content a row.
type templateRow struct {
	Name      string       `json:"name"`
	Protocol  smn.Protocol `json:"protocol"`
	TagNames  []string     `json:"tags"`
	CreatedAt time.Time    `json:"created"`
	UpdatedAt time.Time    `json:"updated"`
}

// template reads a template without its content.
func (r row) template(project string) (store.Template, error) {
	var t templateRow
	err := r.decode(&t)
	return store.Template{
		ID: r.sk[len(templatePrefix):], Project: project, Name: t.Name, Protocol: t.Protocol, TagNames: t.TagNames,
		VersionID: r.str("version"), CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}, err
}

// putTemplate writes a template without its content.
func putTemplate(t store.Template) write {
	return put(templateKey(t.Project, t.ID), item{"version": s(t.VersionID), "v": body(templateRow{
		t.Name, t.Protocol, t.TagNames, kept(t.CreatedAt), kept(t.UpdatedAt),
	})})
}

// putVersion writes the content that a template has. Doing it again leaves it in use.
func putVersion(t store.Template) write {
	return put(versionKey(t.VersionID), item{"content": s(t.Content)})
}

// keepVersions is how long a version is kept after the last message that refers to
// it: as long as that can be redelivered, and a day.
const keepVersions = smn.MaxTimeToLive + smn.KeepDead + 24*time.Hour

// retire lets a version expire to which no new message will refer.
func (db *DB) retire(version string) write {
	return update(versionKey(version), "SET #ttl = ?", ttl(db.now().Add(keepVersions))).when(present)
}

// CreateTemplate meets store.Templates.
func (db *DB) CreateTemplate(ctx context.Context, t store.Template, limit int) error {
	err := db.transact(ctx,
		put(templateNameKey(t.Project, t.Name, t.Protocol), item{"id": s(t.ID)}).when(absent),
		update(templateCountKey(t.Project), "ADD n ?", n(1)).when("attribute_not_exists(n) OR n < ?", n(limit)),
		putTemplate(t).when(absent),
		putVersion(t),
	)
	switch index, _ := failedAt(err); index {
	case 0, 2:
		err = store.ErrConflict
	case 1:
		err = store.ErrLimit
	}
	if err != nil {
		return fmt.Errorf("create template %s: %w", t.Name, err)
	}
	return nil
}

// GetTemplate meets store.Templates.
func (db *DB) GetTemplate(ctx context.Context, project, id string) (store.Template, error) {
	t, err := db.template(ctx, project, id)
	if err == nil {
		t.Content, err = db.GetTemplateVersion(ctx, t.VersionID)
	}
	if err != nil {
		return store.Template{}, fmt.Errorf("get template %s: %w", id, err)
	}
	return t, nil
}

// template reads a template without its content.
func (db *DB) template(ctx context.Context, project, id string) (store.Template, error) {
	r, found, err := db.get(ctx, templateKey(project, id))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Template{}, err
	}
	return r.template(project)
}

// FindTemplates meets store.Templates.
func (db *DB) FindTemplates(ctx context.Context, project, name string) ([]store.Template, error) {
	found, err := db.findTemplates(ctx, project, name)
	if err != nil {
		return nil, fmt.Errorf("find template %s: %w", name, err)
	}
	return found, nil
}

func (db *DB) findTemplates(ctx context.Context, project, name string) (found []store.Template, err error) {
	var keys []key
	names := templateNameKey(project, name, "")
	for r, err := range db.query(ctx, query{pk: names.pk, prefix: names.sk}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, templateKey(project, r.str("id")))
	}
	rows, err := db.getMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	var versions []key
	for _, r := range rows {
		t, err := r.template(project)
		if err != nil {
			return nil, err
		}
		found, versions = append(found, t), append(versions, versionKey(t.VersionID))
	}
	contents, err := db.getMany(ctx, versions)
	if err != nil {
		return nil, err
	}
	for i := range found {
		content := contents[versions[i]]
		found[i].Content = content.str("content")
	}
	slices.SortFunc(found, func(a, b store.Template) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

// ListTemplates meets store.Templates. A project has few, so all are read.
func (db *DB) ListTemplates(ctx context.Context, q store.TemplateQuery) (page store.TemplatePage, err error) {
	skip := q.Offset
	for r, err := range db.query(ctx, query{pk: templateKey(q.Project, "").pk, prefix: templatePrefix}) {
		var t store.Template
		if err == nil {
			t, err = r.template(q.Project)
		}
		if err != nil {
			return store.TemplatePage{}, fmt.Errorf("list templates of project %s: %w", q.Project, err)
		}
		if q.Name != "" && t.Name != q.Name || q.Protocol != "" && t.Protocol != q.Protocol {
			continue
		}
		page.Total++
		switch {
		case t.ID <= q.After:
		case skip > 0:
			skip--
		case len(page.Templates) < q.Limit:
			page.Templates = append(page.Templates, t)
		}
	}
	return page, nil
}

// UpdateTemplate meets store.Templates.
func (db *DB) UpdateTemplate(ctx context.Context, t store.Template) error {
	err := db.changeTemplate(ctx, t.Project, t.ID, func(there store.Template) []write {
		t.Name, t.Protocol, t.CreatedAt = there.Name, there.Protocol, there.CreatedAt
		writes := []write{putTemplate(t), putVersion(t)}
		if there.VersionID != t.VersionID {
			writes = append(writes, db.retire(there.VersionID))
		}
		return writes
	})
	if err != nil {
		return fmt.Errorf("update template %s: %w", t.ID, err)
	}
	return nil
}

// DeleteTemplate meets store.Templates. Its version is kept by the clock of the
// store.
func (db *DB) DeleteTemplate(ctx context.Context, project, id string, _ time.Time) error {
	err := db.changeTemplate(ctx, project, id, func(there store.Template) []write {
		return []write{
			remove(templateKey(project, id)),
			remove(templateNameKey(project, there.Name, there.Protocol)),
			update(templateCountKey(project), "ADD n ?", n(-1)),
			db.retire(there.VersionID),
		}
	})
	if err != nil {
		return fmt.Errorf("delete template %s: %w", id, err)
	}
	return nil
}

// changeTemplate does what change says if the template is at the same version still,
// else again. The first write is that of the template.
func (db *DB) changeTemplate(ctx context.Context, project, id string, change func(there store.Template) []write) error {
	for {
		there, err := db.template(ctx, project, id)
		if err != nil {
			return err
		}
		writes := change(there)
		writes[0] = writes[0].when("#version = ?", s(there.VersionID))
		err = db.transact(ctx, writes...)
		if index, _ := failedAt(err); index != 0 {
			return err
		}
	}
}

// GetTemplateVersion meets store.Templates.
func (db *DB) GetTemplateVersion(ctx context.Context, versionID string) (content string, err error) {
	r, found, err := db.get(ctx, versionKey(versionID))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("get template version %s: %w", versionID, err)
	}
	return r.str("content"), nil
}
