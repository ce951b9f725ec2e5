package embedded

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

// Each file of migrations takes the schema one version further; the version is
// the number at the beginning of the file's name. A file that was released
// never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// schemaVersion is the version that the database has, 0 when it is new. A
// database of another program is an error.
func schemaVersion(ctx context.Context, conn *sql.Conn) (version int, err error) {
	var tables int
	if err := conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, err
	}
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return 0, err
	}
	if version == 0 && tables > 0 {
		return 0, fmt.Errorf("%w: this is a database of another program", errForeign)
	}
	return version, nil
}

// migrate brings the database from a version to the newest, one transaction each.
func migrate(ctx context.Context, conn *sql.Conn, from int) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
	if err != nil {
		return err
	}
	if from > len(files) {
		return fmt.Errorf("it has schema version %d, this program knows up to %d: use a newer program", from, len(files))
	}
	// Only now: the file of another program is left as it is.
	if _, err := conn.ExecContext(ctx, `PRAGMA journal_mode(WAL)`); err != nil {
		return err
	}
	for n := from + 1; n <= len(files); n++ {
		text, err := migrations.ReadFile(files[n-1])
		if err != nil {
			return err
		}
		if err := apply(ctx, conn, string(text), n); err != nil {
			return fmt.Errorf("schema version %d: %w", n, err)
		}
	}
	return nil
}

func apply(ctx context.Context, conn *sql.Conn, text string, version int) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing left to undo after Commit
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, version)); err != nil {
		return err
	}
	return tx.Commit()
}
