package embedded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// session is one connection and the statements it has prepared so far. One
// goroutine at a time uses it. Its statements run to their end: the driver
// starts a goroutine for each statement that a context could interrupt, and all
// of them are short.
//
// What it executes goes to the driver itself: on its way through database/sql every
// argument is allocated anew, which is a tenth of all the garbage of publishing.
type session struct {
	pool     *sql.DB // holds conn alone
	conn     *sql.Conn
	prepared map[string]*sql.Stmt // that read
	driver   driver.ConnPrepareContext
	direct   map[string]driver.Stmt // that are executed
	args     []driver.NamedValue    // of exec; kept from call to call
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
	s := &session{pool: pool, conn: conn, prepared: make(map[string]*sql.Stmt), direct: make(map[string]driver.Stmt)}
	err = conn.Raw(func(c any) error { // it stays ours: the pool has no other user
		s.driver = c.(driver.ConnPrepareContext)
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *session) close() (err error) {
	for _, stmt := range s.prepared {
		err = errors.Join(err, stmt.Close())
	}
	for _, stmt := range s.direct {
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

// execute runs a statement. Its arguments must not be kept by the driver, and are not.
func (s *session) execute(query string, args []any) (driver.Result, error) {
	stmt, ok := s.direct[query]
	if !ok {
		var err error
		if stmt, err = s.driver.PrepareContext(context.Background(), query); err != nil {
			return nil, err
		}
		s.direct[query] = stmt
	}
	defer func() { clear(s.args) }()
	s.args = s.args[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
}

// exec runs a statement and tells how many rows it changed.
func (s *session) exec(query string, args ...any) (int, error) {
	result, err := s.execute(query, args)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// insert adds a row, and tells its key and whether it is new.
func (s *session) insert(query string, args ...any) (key int64, added bool, err error) {
	result, err := s.execute(query, args)
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
