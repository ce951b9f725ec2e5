package embedded

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/store"
)

func secretOf(t *testing.T, db *DB) string {
	t.Helper()
	secret, err := db.GetOrCreate(t.Context(), "key", func() ([]byte, error) { return []byte("the only one"), nil })
	require.NoError(t, err)
	return string(secret)
}

func TestBackupBesideAnOpenStore(t *testing.T) {
	ctx := t.Context()
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	db := openHeard(t, dir)
	secret := secretOf(t, db)
	require.NoError(t, os.WriteFile(filepath.Join(dir, secretsFolder, ".new-1"), []byte("half"), 0o600))
	m := newMessage()
	require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
	leases, err := db.Receive(ctx, 1, time.Hour)
	require.NoError(t, err)
	require.Len(t, leases, 1, "the task is in someone's hands")

	written, err := Backup(ctx, dir, to)
	require.NoError(t, err)
	later := newMessage()
	require.NoError(t, db.PutMessage(ctx, later, fanOut(later)), "the store goes on")

	size := int64(0)
	var files []string
	require.NoError(t, filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		if d.IsDir() {
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), path)
			return nil
		}
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
		size += info.Size()
		files = append(files, d.Name())
		return nil
	}))
	require.Equal(t, []string{"key", databaseFile}, files)
	require.Equal(t, size, written)
	beside, err := os.ReadDir(filepath.Dir(to))
	require.NoError(t, err)
	require.Len(t, beside, 1, "nothing is left of the copying")

	copied := openHeard(t, to)
	require.Equal(t, secret, secretOf(t, copied))
	got, err := copied.GetMessage(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	_, err = copied.GetMessage(ctx, later.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	again, err := copied.Receive(ctx, 10, time.Hour)
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, fanOut(m).ID, again[0].ID, "nobody has it in hand in the copy")
}

// TestBackupUnderLoad: writers go on and see no error, and whatever was answered
// before a backup began is in it.
func TestBackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := openHeard(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	const writers = 8
	ids, done := make(chan string), make(chan struct{})
	for range writers {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				m := newMessage()
				if err := db.PutMessage(context.Background(), m, fanOut(m)); err != nil {
					t.Error(err)
					return
				}
				select {
				case ids <- m.ID:
				case <-ctx.Done():
				}
			}
		}()
	}
	var answered []string
	collect := func(n int) {
		for range n {
			answered = append(answered, <-ids)
		}
	}
	for round := range 3 {
		collect(200)
		to := filepath.Join(t.TempDir(), "copy")
		backedUp := make(chan error)
		go func() {
			_, err := Backup(t.Context(), dir, to)
			backedUp <- err
		}()
		before := len(answered)
		for running := true; running; {
			select {
			case id := <-ids:
				answered = append(answered, id)
			case err := <-backedUp:
				require.NoError(t, err)
				running = false
			}
		}
		copied := openHeard(t, to)
		for _, id := range answered[:before] {
			_, err := copied.GetMessage(t.Context(), id)
			require.NoError(t, err, round)
		}
	}
	stop()
	for range writers {
		<-done
	}
}

func TestBackupOfAFolderThatIsNotOpen(t *testing.T) {
	dir := t.TempDir()
	db := openHeard(t, dir)
	m := newMessage()
	require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
	killed := copyLive(t, dir)
	require.NoError(t, db.Close())
	for name, dir := range map[string]string{"closed": dir, "killed": killed} {
		to := filepath.Join(t.TempDir(), "copy")
		_, err := Backup(t.Context(), dir, to)
		require.NoError(t, err, name)
		for _, folder := range []string{to, dir} { // the first is still whole, too
			_, err = openHeard(t, folder).GetMessage(t.Context(), m.ID)
			require.NoError(t, err, name)
		}
	}
}

func TestBackupsThatAreRefused(t *testing.T) {
	dir, empty, blank := t.TempDir(), t.TempDir(), t.TempDir()
	db := openHeard(t, dir)
	require.NoError(t, db.Ping(t.Context()))
	require.NoError(t, makePrivateFile(filepath.Join(blank, databaseFile)))
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "file"), nil, 0o600))
	garbage := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(garbage, databaseFile), make([]byte, 8192), 0o600))
	for name, c := range map[string]struct{ from, to, want string }{
		"no data folder":  {empty, filepath.Join(t.TempDir(), "copy"), "is no data folder"},
		"no folder":       {filepath.Join(empty, "none"), filepath.Join(t.TempDir(), "copy"), "is no data folder"},
		"a file":          {filepath.Join(dir, databaseFile), filepath.Join(t.TempDir(), "copy"), "not a directory"},
		"nothing in it":   {blank, filepath.Join(t.TempDir(), "copy"), "the database is empty"},
		"no database":     {garbage, filepath.Join(t.TempDir(), "copy"), "not a database"},
		"onto itself":     {dir, dir, "something in that folder already"},
		"a full folder":   {dir, full, "something in that folder already"},
		"into nowhere":    {dir, filepath.Join(full, "none", "copy"), "no such file"},
		"in place of one": {dir, filepath.Join(full, "file"), "not a directory"},
	} {
		_, err := Backup(t.Context(), c.from, c.to)
		require.ErrorContains(t, err, c.want, name)
		left, err := os.ReadDir(filepath.Dir(c.to))
		if err == nil && filepath.Base(c.to) == "copy" {
			require.Empty(t, left, name)
		}
	}
	to := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.Mkdir(to, 0o755))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Backup(ctx, dir, to)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, os.MkdirAll(to, 0o755))
	_, err = Backup(t.Context(), dir, to)
	require.NoError(t, err, "an empty folder will do")
	info, err := os.Stat(to)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}
