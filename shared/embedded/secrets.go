package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// secretsFolder lies beside the database.
const secretsFolder = "secrets"

// GetOrCreate meets store.Secrets. Secrets are files that only their owner can
// read, in the folder secrets beside the database. A name is a plain file name.
func (db *DB) GetOrCreate(ctx context.Context, name string, makeSecret func() ([]byte, error)) ([]byte, error) {
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("secret %q: not a plain file name", name)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.secrets.Lock() // making one may be dear: let others of this process wait for it
	defer db.secrets.Unlock()
	secret, err := getOrCreateFile(filepath.Join(db.dir, secretsFolder), name, makeSecret)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return secret, nil
}

func getOrCreateFile(dir, name string, makeSecret func() ([]byte, error)) ([]byte, error) {
	path := filepath.Join(dir, name)
	if secret, err := readPrivate(path); !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	secret, err := makeSecret()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	if err := linkFile(dir, path, secret); errors.Is(err, fs.ErrExist) {
		return readPrivate(path) // another process was quicker
	} else if err != nil {
		return nil, err
	}
	return secret, nil
}

// readPrivate reads a file that nobody but its owner can read, as far as the
// system knows of such things.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("others can read it (mode %#o): change it if they may have, and run chmod 600 %s", mode, path)
	}
	return os.ReadFile(path)
}

// linkFile writes a file and gives it its name when it is whole and durable. Of
// several at once one wins; the others get fs.ErrExist.
func linkFile(dir, path string, content []byte) (err error) {
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}
