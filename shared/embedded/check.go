package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Findings is how Check finds a data folder.
type Findings struct {
	Damage  []string // what is wrong, for people; empty when all is well
	Version int      // of the schema
	Size    int64    // bytes of the database
	Free    int64    // bytes of it that hold nothing
	Counts  []Count
}

// Count is how many rows of a kind there are.
type Count struct {
	Name string
	Rows int
}

// mostDamage is how many pieces of damage are looked for.
const mostDamage = 20

// Check reads the whole database of a data folder and tells what is damaged. It
// changes nothing, and may run while the folder is open.
func Check(ctx context.Context, dir string) (f Findings, err error) {
	path, err := filepath.Abs(filepath.Join(dir, databaseFile))
	if err != nil {
		return f, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return f, fmt.Errorf("check database: %w", err)
	}
	f.Size = info.Size()
	known := Full
	if unlock, err := lockFolder(filepath.Dir(path)); err == nil {
		defer func() { _ = unlock() }()
	} else {
		known = Normal // it is open: its log changes while one looks at it
	}
	if err := lookAtFiles(path, known); err != nil {
		f.Damage = append(f.Damage, advised(err).Error())
		return f, nil
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	if log, err := os.Stat(path + "-wal"); known == Full && (err != nil || log.Size() == 0) {
		q.Set("immutable", "1") // else SQLite makes files beside it
	}
	source := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return f, fmt.Errorf("check database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := f.read(ctx, db); err != nil {
		if adviceFor(err) != adviceDamaged && adviceFor(err) != adviceForeign {
			return f, fmt.Errorf("check database %s: %w", path, advised(err))
		}
		f.Damage = append(f.Damage, advised(err).Error())
	}
	return f, nil
}

func (f *Findings) read(ctx context.Context, db *sql.DB) error {
	var page, free int64
	for query, dest := range map[string]any{
		`PRAGMA user_version`: &f.Version, `PRAGMA page_size`: &page, `PRAGMA freelist_count`: &free,
	} {
		if err := db.QueryRowContext(ctx, query).Scan(dest); err != nil {
			return err
		}
	}
	f.Free = page * free
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`PRAGMA quick_check(%d)`, mostDamage))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			f.Damage = append(f.Damage, line)
		}
	}
	if err := rows.Err(); err != nil || len(f.Damage) > 0 {
		return err
	}
	for _, c := range []struct{ name, query string }{
		{"topics", `SELECT count(*) FROM topic WHERE project <> 0`},
		{"topics being deleted", `SELECT count(*) FROM topic WHERE project = 0`},
		{"subscriptions", `SELECT count(*) FROM subscription`},
		{"messages", `SELECT count(*) FROM message`},
		{"tasks", `SELECT count(*) FROM task`},
		{"failed deliveries", `SELECT count(*) FROM failure`},
		{"dead of them", `SELECT count(*) FROM failure WHERE dead`},
		{"direct SMS", `SELECT count(*) FROM sms`},
		{"mails in the outbox", `SELECT count(*) FROM mail`},
		{"documents", `SELECT count(*) FROM document`},
	} {
		count := Count{Name: c.name}
		if err := db.QueryRowContext(ctx, c.query).Scan(&count.Rows); err != nil {
			return err
		}
		f.Counts = append(f.Counts, count)
	}
	return nil
}
