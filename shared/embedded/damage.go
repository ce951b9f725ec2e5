package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What to do about what keeps a store from opening.
const (
	adviceDamaged = "restore a backup of the data folder, or save what can be read with the command .recover of sqlite3; tocsin check tells what is damaged"
	adviceForeign = "name another data folder, or move this file away"
	adviceOwner   = "give the data folder and all in it to the user who runs tocsin, and see that its file system is not mounted read-only"
	adviceFull    = "make room on the disk"
)

// advised adds to an error of opening what to do about it.
func advised(err error) error {
	if advice := adviceFor(err); advice != "" {
		return fmt.Errorf("%w: %s", err, advice)
	}
	return err
}

func adviceFor(err error) string {
	var failed *sqlite.Error
	if errors.As(err, &failed) {
		switch failed.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT:
			return adviceDamaged
		case sqlite3.SQLITE_NOTADB:
			return adviceForeign
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
			return adviceOwner
		}
	}
	switch {
	case isDiskFull(err), errors.Is(err, syscall.ENOSPC):
		return adviceFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return adviceOwner
	case errors.Is(err, errDamaged):
		return adviceDamaged
	case errors.Is(err, errForeign):
		return adviceForeign
	}
	return ""
}

var (
	errDamaged = errors.New("the file is malformed")
	errForeign = errors.New("this is not a database of Tocsin")
)

// lookAtFiles finds the damage that SQLite would not tell of when it opens a
// database, and keeps it from making that worse. It reads the log, and of the
// database only the beginning.
func lookAtFiles(path string, d Durability) error {
	var log int64
	if info, err := os.Stat(path + "-wal"); err == nil {
		log = info.Size()
	}
	size, header, err := beginningOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && log == 0:
		return nil // a new one
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case size == 0 && log > 0:
		return fmt.Errorf("%w: it is empty or gone, but its log has %d bytes", errDamaged, log)
	case size == 0 && hasSecrets(filepath.Dir(path)):
		return fmt.Errorf("%w: it is empty, but the installation has secrets already; to begin anew, remove it", errDamaged)
	case size == 0:
		return nil // an earlier start came no further
	case !bytes.HasPrefix([]byte(sqliteMagic), header[:min(len(sqliteMagic), len(header))]):
		return fmt.Errorf("%w: it is not a database at all", errForeign)
	case len(header) < sqliteHeader:
		return fmt.Errorf("%w: it ends within its header", errDamaged)
	}
	if log > 0 {
		if d != Full {
			return nil // a power cut may have cost more than the last transaction
		}
		at, err := walDamage(path + "-wal")
		if err != nil || at < 0 {
			return err
		}
		return fmt.Errorf("%w: its log is damaged at byte %d, and more was acknowledged after that; to go on without it at your own risk, run truncate -s %d %s-wal and then tocsin check",
			errDamaged, at, at, path)
	}
	pageSize := int64(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 1 << 16
	}
	if want := pageSize * int64(binary.BigEndian.Uint32(header[28:])); size < want && bytes.Equal(header[24:28], header[92:96]) {
		return fmt.Errorf("%w: it is cut off, at %d of %d bytes", errDamaged, size, want)
	}
	return nil
}

const (
	sqliteMagic  = "SQLite format 3\x00"
	sqliteHeader = 100
)

func beginningOf(path string) (size int64, header []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	if info.IsDir() {
		return 0, nil, fmt.Errorf("%w: it is a folder", errForeign)
	}
	header = make([]byte, sqliteHeader)
	n, err := io.ReadFull(f, header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return info.Size(), header[:n], err
}

func hasSecrets(dir string) bool {
	secrets, err := os.ReadDir(filepath.Join(dir, "secrets"))
	return err == nil && len(secrets) > 0
}
