package embedded

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// Each file of migrations takes the schema one version further; the version is
// the number at the beginning of the file's name. A file that was released
// never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the database to the newest schema, one transaction a version.
func migrate(ctx context.Context, conn *sql.Conn) error {
	var version, tables int
	if err := conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
	if err != nil {
		return err
	}
	switch {
	case version == 0 && tables > 0:
		return errors.New("this is a database of another program")
	case version > len(files):
		return fmt.Errorf("it has schema version %d, this program knows up to %d: use the program that wrote it, or a newer one", version, len(files))
	}
	for n := version + 1; n <= len(files); n++ {
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
