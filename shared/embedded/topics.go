package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/shared/store"
)

const topicColumns = `t.id, t.name, t.display_name, t.enterprise_project, t.created_at, t.updated_at, t.max_message, t.logging`

// topicRow is where the columns of a topic are read to.
type topicRow struct {
	store.Topic
	created, updated int64
}

func (r *topicRow) dest() []any {
	return []any{&r.ID, &r.Name, &r.DisplayName, &r.EnterpriseProjectID, &r.created, &r.updated, &r.MaxMessage, &r.Logging}
}

func (r *topicRow) topic(project string) store.Topic {
	r.Project, r.CreatedAt, r.UpdatedAt = project, timeOf(r.created), timeOf(r.updated)
	return r.Topic
}

func (s *session) topicNamed(project, name string) (store.Topic, bool, error) {
	var row topicRow
	found, err := s.get(`SELECT `+topicColumns+` FROM project p JOIN topic t ON t.project = p.key
		WHERE p.id = ? AND t.name = ?`, []any{project, name}, row.dest()...)
	return row.topic(project), found, err
}

// CreateTopic meets store.Topics.
func (db *DB) CreateTopic(ctx context.Context, t store.Topic, limit int) (kept store.Topic, created bool, err error) {
	err = db.write(ctx, func(tx *tx) (err error) {
		var found bool
		created = false
		if kept, found, err = tx.topicNamed(t.Project, t.Name); found || err != nil {
			return err
		}
		var project, topics int64
		found, err = tx.get(`SELECT key, topics FROM project WHERE id = ?`, []any{t.Project}, &project, &topics)
		if err != nil {
			return err
		}
		if topics >= int64(limit) {
			return store.ErrLimit
		}
		if !found {
			if _, err := tx.get(`INSERT INTO project (id) VALUES (?) RETURNING key`, []any{t.Project}, &project); err != nil {
				return err
			}
		}
		if _, err := tx.exec(`INSERT INTO topic (id, project, name, display_name, enterprise_project, created_at, updated_at, max_message, logging)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			t.ID, project, t.Name, t.DisplayName, t.EnterpriseProjectID, micros(t.CreatedAt), micros(t.UpdatedAt), t.MaxMessage, t.Logging); err != nil {
			return err
		}
		if _, err := tx.exec(`UPDATE project SET topics = topics + 1 WHERE key = ?`, project); err != nil {
			return err
		}
		kept, created = t, true
		kept.CreatedAt, kept.UpdatedAt = timeOf(micros(t.CreatedAt)), timeOf(micros(t.UpdatedAt))
		return nil
	})
	if err != nil {
		return store.Topic{}, false, fmt.Errorf("create topic %s: %w", t.Name, err)
	}
	return kept, created, nil
}

// GetTopic meets store.Topics.
func (db *DB) GetTopic(ctx context.Context, project, name string) (t store.Topic, err error) {
	t, err = db.recent.topic(topicName{project, name}, func() (t store.Topic, err error) {
		err = db.read(ctx, func(s *session) error {
			var found bool
			if t, found, err = s.topicNamed(project, name); err == nil && !found {
				err = store.ErrNotFound
			}
			return err
		})
		return t, err
	})
	if err != nil {
		return store.Topic{}, fmt.Errorf("get topic %s: %w", name, err)
	}
	return t, nil
}

// UpdateTopic meets store.Topics.
func (db *DB) UpdateTopic(ctx context.Context, project, topicID string, change store.TopicChange, at time.Time) error {
	err := db.write(ctx, func(tx *tx) error {
		updated, err := tx.exec(`UPDATE topic SET display_name = coalesce(?, display_name), max_message = coalesce(?, max_message),
			logging = coalesce(?, logging), updated_at = ? WHERE id = ? AND project = (SELECT key FROM project WHERE id = ?)`,
			change.DisplayName, change.MaxMessage, change.Logging, micros(at), topicID, project)
		if err == nil && updated == 0 {
			err = store.ErrNotFound
		}
		tx.touch(topicID)
		return err
	})
	if err != nil {
		return fmt.Errorf("update topic %s: %w", topicID, err)
	}
	return nil
}

// FindTopic meets store.Topics.
func (db *DB) FindTopic(ctx context.Context, project, id string) (store.Topic, error) {
	var row topicRow
	err := db.read(ctx, func(s *session) error {
		found, err := s.get(`SELECT `+topicColumns+` FROM project p JOIN topic t ON t.project = p.key
			WHERE p.id = ? AND t.id = ?`, []any{project, id}, row.dest()...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Topic{}, fmt.Errorf("find topic %s: %w", id, err)
	}
	return row.topic(project), nil
}

// ListTopics meets store.Topics.
func (db *DB) ListTopics(ctx context.Context, q store.TopicQuery) (page store.TopicPage, err error) {
	filter, args := topicFilter(q)
	args = append([]any{q.Project}, args...)
	marker, rest := "", slices.Clone(args)
	if q.After != "" {
		marker, rest = ` AND t.id < ?`, append(rest, q.After)
	}
	err = db.snapshot(ctx, func(s *session) error {
		var err error
		if filter == "" {
			_, err = s.get(`SELECT topics FROM project WHERE id = ?`, args, &page.Total)
		} else {
			_, err = s.get(`SELECT count(*) FROM project p JOIN topic t ON t.project = p.key WHERE p.id = ?`+filter, args, &page.Total)
		}
		if err != nil {
			return err
		}
		return s.each(`SELECT `+topicColumns+` FROM project p JOIN topic t ON t.project = p.key WHERE p.id = ?`+filter+marker+`
			ORDER BY t.id DESC LIMIT ? OFFSET ?`, append(rest, q.Limit, q.Offset), func(rows *sql.Rows) error {
			var row topicRow
			err := rows.Scan(row.dest()...)
			page.Topics = append(page.Topics, row.topic(q.Project))
			return err
		})
	})
	if err != nil {
		return store.TopicPage{}, fmt.Errorf("list topics of project %s: %w", q.Project, err)
	}
	return page, nil
}

// topicFilter is the condition for topics that fit the filters of q; empty when
// there is none.
func topicFilter(q store.TopicQuery) (condition string, args []any) {
	if from, to, ok := nameRange(q); ok {
		condition, args = ` AND t.name >= ? AND t.name < ?`, append(args, from, to)
	}
	if q.ID != "" {
		condition, args = condition+` AND t.id = ?`, append(args, q.ID)
	}
	if q.Display != "" {
		condition, args = condition+` AND instr(t.display_name, ?) > 0`, append(args, q.Display)
	}
	if q.EnterpriseProject != "" {
		condition, args = condition+` AND t.enterprise_project = ?`, append(args, q.EnterpriseProject)
	}
	return condition, args
}

// nameRange gives the names that fit the filters of q, as from ≤ name < to, and
// whether there is any filter.
func nameRange(q store.TopicQuery) (from string, to any, ok bool) {
	switch {
	case q.Name == "" && q.Prefix == "":
		return "", nil, false
	case q.Name == "":
		return q.Prefix, behindPrefix(q.Prefix), true
	case strings.HasPrefix(q.Name, q.Prefix):
		return q.Name, q.Name + "\x00", true
	default:
		return "", "", true // none
	}
}

// behindPrefix is the first value behind all texts with that prefix.
func behindPrefix(prefix string) any {
	b := []byte(prefix)
	for len(b) > 0 {
		last := &b[len(b)-1]
		if *last++; *last != 0 {
			return string(b)
		}
		b = b[:len(b)-1]
	}
	return []byte{0} // SQLite sorts every BLOB behind every TEXT
}
