package embedded

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// session is one connection and the statements it has prepared so far. One
// goroutine at a time uses it. Its statements run to their end: the driver
// starts a goroutine for each statement that a context could interrupt, and all
// of them are short.
type session struct {
	pool     *sql.DB // holds conn alone
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// connect opens a connection. ctx is for connecting alone.
func connect(ctx context.Context, path string, pragmas ...string) (*session, error) {
	return dial(ctx, path, url.Values{"_pragma": append([]string{"busy_timeout(5000)"}, pragmas...)})
}

func dial(ctx context.Context, path string, q url.Values) (*session, error) {
	source := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	pool, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &session{pool: pool, conn: conn, prepared: make(map[string]*sql.Stmt)}, nil
}

func (s *session) close() (err error) {
	for _, stmt := range s.prepared {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, s.conn.Close(), s.pool.Close())
}

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := s.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// exec runs a statement and tells how many rows it changed.
func (s *session) exec(query string, args ...any) (int, error) {
	stmt, err := s.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// insert adds a row, and tells its key and whether it is new.
func (s *session) insert(query string, args ...any) (key int64, added bool, err error) {
	stmt, err := s.prepare(query)
	if err != nil {
		return 0, false, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, false, err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return 0, false, err
	}
	key, err = result.LastInsertId()
	return key, true, err
}

// get reads one row, if there is one.
func (s *session) get(query string, args []any, dest ...any) (found bool, err error) {
	stmt, err := s.prepare(query)
	if err != nil {
		return false, err
	}
	err = stmt.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each calls read for every row.
func (s *session) each(query string, args []any, read func(*sql.Rows) error) error {
	stmt, err := s.prepare(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// read runs f on a reading connection.
func (db *DB) read(ctx context.Context, f func(s *session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s := <-db.readers:
		defer func() { db.readers <- s }()
		return f(s)
	case <-db.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// snapshot runs f such that all it reads is of one moment.
func (db *DB) snapshot(ctx context.Context, f func(s *session) error) error {
	return db.read(ctx, func(s *session) (err error) {
		if _, err := s.exec(`BEGIN`); err != nil {
			return err
		}
		defer func() {
			_, end := s.exec(`ROLLBACK`) // nothing was written
			err = errors.Join(err, end)
		}()
		return f(s)
	})
}
