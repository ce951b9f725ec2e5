package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Backup copies a data folder to another one, which Open then opens as it would
// open the first. A DB that is open, in this process or in another, goes on with
// its work meanwhile. The copy is of one moment: it holds all that was answered
// before Backup was called.
//
// to must not exist yet, or be an empty folder; a folder of this name appears
// only once the copy is whole and durable. Its files can be read by their owner
// alone. Backup tells how many bytes it has written. While it works, the log of
// the database grows by what is written to it.
func Backup(ctx context.Context, dir, to string) (written int64, err error) {
	fail := func(err error) (int64, error) { return 0, fmt.Errorf("back up %s to %s: %w", dir, to, err) }
	if dir, err = filepath.Abs(dir); err != nil {
		return fail(err)
	}
	if to, err = filepath.Abs(to); err != nil {
		return fail(err)
	}
	if info, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no data folder: it has no file %s", dir, databaseFile)
	} else if err != nil {
		return fail(err)
	}
	if err := makeRoom(to); err != nil {
		return fail(err)
	}
	partial, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+"-*") // mode 0700
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(partial))
		}
	}()
	if written, err = copyFolder(ctx, dir, partial); err != nil {
		return fail(err)
	}
	if err := errors.Join(os.Rename(partial, to), syncFolder(filepath.Dir(to))); err != nil {
		return fail(err)
	}
	return written, nil
}

// makeRoom makes sure that a folder of this name can be made.
func makeRoom(to string) error {
	entries, err := os.ReadDir(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return errors.New("there is something in that folder already")
	}
	if err := os.Remove(to); err != nil {
		return fmt.Errorf("that folder cannot be replaced, so name a new one in it: %w", err)
	}
	return nil
}

// copyFolder copies the database and then the secrets: what a row of the copy
// rests on was there before it.
func copyFolder(ctx context.Context, from, to string) (written int64, err error) {
	copied := filepath.Join(to, databaseFile)
	if err := copyDatabase(ctx, filepath.Join(from, databaseFile), copied); err != nil {
		return 0, err
	}
	info, err := os.Stat(copied)
	if err != nil {
		return 0, err
	}
	secrets, err := copySecrets(ctx, filepath.Join(from, secretsFolder), filepath.Join(to, secretsFolder))
	if err != nil {
		return 0, err
	}
	return info.Size() + secrets, syncFolder(to)
}

// copyDatabase writes all rows, as they are at one moment, into a new file. It
// reads beside whoever has the database open: in WAL mode nobody waits for it.
func copyDatabase(ctx context.Context, from, to string) (err error) {
	s, err := dial(ctx, from, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	version, err := schemaVersion(ctx, s.conn)
	if err != nil {
		return err
	}
	if version == 0 {
		return errors.New("the database is empty: it was never opened by this program")
	}
	if err := makePrivateFile(to); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	return syncFile(to) // SQLite leaves that to us
}

// copySecrets copies the files of a folder that may not be there.
func copySecrets(ctx context.Context, from, to string) (written int64, err error) {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return 0, err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || entry.Name()[0] == '.' { // one that is just being made
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		secret, err := os.ReadFile(filepath.Join(from, entry.Name()))
		if err != nil {
			return 0, err
		}
		copied := filepath.Join(to, entry.Name())
		if err := errors.Join(os.WriteFile(copied, secret, 0o600), syncFile(copied)); err != nil {
			return 0, err
		}
		written += int64(len(secret))
	}
	return written, syncFolder(to)
}

// syncFile makes the content of a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
