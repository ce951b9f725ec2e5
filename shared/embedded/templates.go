package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/shared/store"
)

const templateColumns = `t.id, t.project, t.name, t.protocol, t.tag_names, t.version, t.created_at, t.updated_at`

// templateRow is where the columns of a template are read to.
type templateRow struct {
	store.Template
	tagNames         string
	created, updated int64
}

func (r *templateRow) dest() []any {
	return []any{&r.ID, &r.Project, &r.Name, &r.Protocol, &r.tagNames, &r.VersionID, &r.created, &r.updated}
}

func (r *templateRow) template() (store.Template, error) {
	r.CreatedAt, r.UpdatedAt = timeOf(r.created), timeOf(r.updated)
	if err := json.Unmarshal([]byte(r.tagNames), &r.TagNames); err != nil {
		return store.Template{}, fmt.Errorf("read template %s: %w", r.ID, err)
	}
	return r.Template, nil
}

// CreateTemplate meets store.Templates.
func (db *DB) CreateTemplate(ctx context.Context, t store.Template, limit int) error {
	tagNames, err := json.Marshal(t.TagNames)
	if err != nil {
		return fmt.Errorf("encode template %s: %w", t.ID, err)
	}
	err = db.write(ctx, func(tx *tx) error {
		var count, taken int
		if _, err := tx.get(`SELECT count(*), count(*) FILTER (WHERE name = ? AND protocol = ?) FROM template WHERE project = ?`,
			[]any{t.Name, t.Protocol, t.Project}, &count, &taken); err != nil {
			return err
		}
		switch {
		case taken > 0:
			return store.ErrConflict
		case count >= limit:
			return store.ErrLimit
		}
		if err := tx.putVersion(t); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO template (id, project, name, protocol, tag_names, version, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			t.ID, t.Project, t.Name, t.Protocol, string(tagNames), t.VersionID, micros(t.CreatedAt), micros(t.UpdatedAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("create template %s: %w", t.Name, err)
	}
	return nil
}

// putVersion stores the version that t is at. Doing it again leaves it in use.
func (tx *tx) putVersion(t store.Template) error {
	_, err := tx.exec(`INSERT INTO template_version (id, content) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET retired_at = NULL`, t.VersionID, t.Content)
	return err
}

// retire notes that no new message will refer to the version that a template has.
func (tx *tx) retire(project, id string, now time.Time) error {
	retired, err := tx.exec(`UPDATE template_version SET retired_at = ?
		WHERE id = (SELECT version FROM template WHERE project = ? AND id = ?)`, micros(now), project, id)
	if err == nil && retired == 0 {
		err = store.ErrNotFound
	}
	return err
}

// GetTemplate meets store.Templates.
func (db *DB) GetTemplate(ctx context.Context, project, id string) (t store.Template, err error) {
	found, err := db.templates(ctx, `t.project = ? AND t.id = ?`, project, id)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Template{}, fmt.Errorf("get template %s: %w", id, err)
	}
	return found[0], nil
}

// FindTemplates meets store.Templates.
func (db *DB) FindTemplates(ctx context.Context, project, name string) ([]store.Template, error) {
	// The + keeps the rows in the order of their ids; a project has few of them.
	found, err := db.templates(ctx, `t.project = ? AND +t.name = ?`, project, name)
	if err != nil {
		return nil, fmt.Errorf("find template %s: %w", name, err)
	}
	return found, nil
}

// templates reads templates with their content, by id.
func (db *DB) templates(ctx context.Context, where string, args ...any) (found []store.Template, err error) {
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT `+templateColumns+`, v.content FROM template t CROSS JOIN template_version v ON v.id = t.version
			WHERE `+where+` ORDER BY t.id`, args, func(rows *sql.Rows) error {
			var row templateRow
			if err := rows.Scan(append(row.dest(), &row.Content)...); err != nil {
				return err
			}
			t, err := row.template()
			found = append(found, t)
			return err
		})
	})
	return found, err
}

// ListTemplates meets store.Templates.
func (db *DB) ListTemplates(ctx context.Context, q store.TemplateQuery) (page store.TemplatePage, err error) {
	const from = ` FROM template t WHERE t.project = ?1 AND (?2 = '' OR t.name = ?2) AND (?3 = '' OR t.protocol = ?3)`
	args := []any{q.Project, q.Name, q.Protocol}
	err = db.snapshot(ctx, func(s *session) error {
		if _, err := s.get(`SELECT count(*)`+from, args, &page.Total); err != nil {
			return err
		}
		return s.each(`SELECT `+templateColumns+from+` AND t.id > ?4 ORDER BY t.id LIMIT ?5 OFFSET ?6`, append(args, q.After, q.Limit, q.Offset), func(rows *sql.Rows) error {
			var row templateRow
			if err := rows.Scan(row.dest()...); err != nil {
				return err
			}
			t, err := row.template()
			page.Templates = append(page.Templates, t)
			return err
		})
	})
	if err != nil {
		return store.TemplatePage{}, fmt.Errorf("list templates of project %s: %w", q.Project, err)
	}
	return page, nil
}

// UpdateTemplate meets store.Templates.
func (db *DB) UpdateTemplate(ctx context.Context, t store.Template) error {
	tagNames, err := json.Marshal(t.TagNames)
	if err != nil {
		return fmt.Errorf("encode template %s: %w", t.ID, err)
	}
	err = db.write(ctx, func(tx *tx) error {
		if err := tx.retire(t.Project, t.ID, t.UpdatedAt); err != nil {
			return err
		}
		if err := tx.putVersion(t); err != nil {
			return err
		}
		_, err := tx.exec(`UPDATE template SET tag_names = ?, version = ?, updated_at = ? WHERE project = ? AND id = ?`,
			string(tagNames), t.VersionID, micros(t.UpdatedAt), t.Project, t.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("update template %s: %w", t.ID, err)
	}
	return nil
}

// DeleteTemplate meets store.Templates.
func (db *DB) DeleteTemplate(ctx context.Context, project, id string, now time.Time) error {
	err := db.write(ctx, func(tx *tx) error {
		if err := tx.retire(project, id, now); err != nil {
			return err
		}
		_, err := tx.exec(`DELETE FROM template WHERE project = ? AND id = ?`, project, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete template %s: %w", id, err)
	}
	return nil
}

// GetTemplateVersion meets store.Templates.
func (db *DB) GetTemplateVersion(ctx context.Context, versionID string) (content string, err error) {
	err = db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT content FROM template_version WHERE id = ?`, []any{versionID}, &content)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("get template version %s: %w", versionID, err)
	}
	return content, nil
}
