package embedded

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// putMessages stores messages, one transaction each, and gives their ids.
func putMessages(t *testing.T, db *DB, n int) (ids []string) {
	t.Helper()
	for range n {
		m := newMessage()
		require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
		ids = append(ids, m.ID)
	}
	return ids
}

// present are those of the messages that are there.
func present(t *testing.T, db *DB, ids []string) (there []string) {
	t.Helper()
	for _, id := range ids {
		_, err := db.GetMessage(t.Context(), id)
		if err == nil {
			there = append(there, id)
			continue
		}
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	return there
}

func requireDamaged(t *testing.T, dir, want string) {
	t.Helper()
	for range 2 { // the second time, too: nothing was changed
		_, err := Open(t.Context(), Config{Dir: dir})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "restore a backup")
		found, err := Check(t.Context(), dir)
		require.NoError(t, err)
		require.Contains(t, strings.Join(found.Damage, "\n"), want)
	}
}

func TestFileThatIsCutOff(t *testing.T) {
	db := open(t, t.TempDir())
	putMessages(t, db, 20)
	_, err := db.GetOrCreate(t.Context(), "key", func() ([]byte, error) { return []byte("secret"), nil })
	require.NoError(t, err)
	require.NoError(t, db.Close())
	path := filepath.Join(db.dir, databaseFile)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		size int
		want string
	}{
		"in the last page":  {len(whole) - 100, "cut off"},
		"in the middle":     {len(whole)/2 + 1, "cut off"},
		"between pages":     {len(whole) - 4096, "cut off"},
		"within the header": {50, "within its header"},
		"nothing is left":   {0, "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, whole[:c.size], 0o600))
			requireDamaged(t, db.dir, c.want)
		})
	}
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	require.NoError(t, open(t, db.dir).Close())

	require.NoError(t, os.Remove(path)) // whoever removes it wants a new one
	require.NoError(t, open(t, db.dir).Close())
}

func TestEmptyFileOfAFirstStart(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), nil, 0o600))
	require.NoError(t, open(t, dir).Ping(t.Context()))
}

func TestDatabaseThatIsGoneFromItsLog(t *testing.T) {
	db := open(t, t.TempDir())
	putMessages(t, db, 1)
	dir := copyLive(t, db.dir)
	require.NoError(t, os.Remove(filepath.Join(dir, databaseFile)))
	_, err := Open(t.Context(), Config{Dir: dir})
	require.ErrorContains(t, err, "its log has")
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), nil, 0o600))
	requireDamaged(t, dir, "its log has")
}

// TestDamagedLog: damage at the end costs the last transaction, as a power cut
// does; in the middle it would cost more, silently, and is an error.
func TestDamagedLog(t *testing.T) {
	db := open(t, t.TempDir())
	ids := putMessages(t, db, 30)
	damaged := func(t *testing.T, at func(size int) int) (dir string) {
		dir = copyLive(t, db.dir)
		path := filepath.Join(dir, databaseFile+"-wal")
		log, err := os.ReadFile(path)
		require.NoError(t, err)
		log[at(len(log))] ^= 0x40
		require.NoError(t, os.WriteFile(path, log, 0o600))
		return dir
	}
	t.Run("none", func(t *testing.T) {
		require.Equal(t, ids, present(t, open(t, copyLive(t, db.dir)), ids))
	})
	t.Run("at the end", func(t *testing.T) {
		dir := damaged(t, func(size int) int { return size - 10 })
		require.Equal(t, ids[:len(ids)-1], present(t, open(t, dir), ids))
	})
	t.Run("cut off", func(t *testing.T) {
		dir := copyLive(t, db.dir)
		path := filepath.Join(dir, databaseFile+"-wal")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(path, info.Size()-1000))
		require.Equal(t, ids[:len(ids)-1], present(t, open(t, dir), ids))
	})
	for name, at := range map[string]func(int) int{
		"in a page":         func(size int) int { return size/2/4120*4120 + walHeader + 2000 },
		"in a frame's salt": func(size int) int { return size/2/4120*4120 + walHeader + 9 },
		"in a frame's sum":  func(size int) int { return size/2/4120*4120 + walHeader + 17 },
		"in the header":     func(int) int { return 20 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := damaged(t, at)
			requireDamaged(t, dir, "its log is damaged at byte")
			_, err := Open(t.Context(), Config{Dir: dir})
			cut := regexp.MustCompile(`truncate -s (\d+) (\S+) `).FindStringSubmatch(err.Error())
			require.Len(t, cut, 3)
			size, err := strconv.ParseInt(cut[1], 10, 64)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(cut[2], size))
			there := present(t, open(t, dir), ids)
			require.Less(t, len(there), len(ids))
			for i, id := range there {
				require.Equal(t, ids[i], id, "what came before is whole")
			}
		})
	}
	t.Run("it costs what normal durability may cost", func(t *testing.T) {
		dir := damaged(t, func(size int) int { return size*4/5/4120*4120 + walHeader + 2000 })
		db, err := Open(t.Context(), Config{Dir: dir, Durability: Normal})
		require.NoError(t, err)
		require.NotEmpty(t, present(t, db, ids))
		require.NoError(t, db.Close())
	})
}

// TestLogThatBeganAnew: what an earlier round of the log has left behind its end is
// no damage.
func TestLogThatBeganAnew(t *testing.T) {
	db := open(t, t.TempDir())
	ids := putMessages(t, db, 20)
	_, err := db.committer.tx.exec(`PRAGMA wal_checkpoint(RESTART)`) // nobody else writes now
	require.NoError(t, err)
	ids = append(ids, putMessages(t, db, 2)...)
	at, err := walDamage(filepath.Join(db.dir, databaseFile+"-wal"))
	require.NoError(t, err)
	require.Equal(t, int64(-1), at)
	require.Equal(t, ids, present(t, open(t, copyLive(t, db.dir)), ids))
}

// TestDamagedPage: what it holds cannot be read, the rest can, and check finds it.
func TestDamagedPage(t *testing.T) {
	db := open(t, t.TempDir())
	ids := putMessages(t, db, 200)
	require.NoError(t, db.Close())
	path := filepath.Join(db.dir, databaseFile)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	const page, leaf = 4096, 0x0d
	var leaves []int
	for at := page; at < len(content); at += page {
		if content[at] == leaf && bytes.Contains(content[at:at+page], []byte("Disk")) {
			leaves = append(leaves, at)
		}
	}
	at := leaves[len(leaves)/2]
	cells := binary.BigEndian.Uint16(content[at+3:])
	require.Positive(t, cells)
	copy(content[at:], bytes.Repeat([]byte("\xa5"), page))
	require.NoError(t, os.WriteFile(path, content, 0o600))

	found, err := Check(t.Context(), db.dir)
	require.NoError(t, err)
	require.NotEmpty(t, found.Damage)

	db = open(t, db.dir)
	lost := 0
	for _, id := range ids {
		if _, err := db.GetMessage(t.Context(), id); err != nil {
			require.ErrorContains(t, err, "malformed")
			require.Equal(t, smn.Internal, smn.CodeOf(err))
			lost++
		}
	}
	require.Equal(t, int(cells), lost)
	more := putMessages(t, db, 10)
	require.Equal(t, more, present(t, db, more))
}

func TestCheck(t *testing.T) {
	db := openHeard(t, t.TempDir())
	putMessages(t, db, 7)
	count := func(dir string) map[string]int {
		found, err := Check(t.Context(), dir)
		require.NoError(t, err)
		require.Empty(t, found.Damage)
		require.Positive(t, found.Size)
		require.Positive(t, found.Version)
		counts := map[string]int{}
		for _, c := range found.Counts {
			counts[c.Name] = c.Rows
		}
		return counts
	}
	require.Equal(t, 7, count(db.dir)["messages"], "while it is open")
	require.Equal(t, 7, count(copyLive(t, db.dir))["tasks"], "after a kill")
	require.NoError(t, db.Close())
	counts := count(db.dir)
	require.Equal(t, 7, counts["messages"])
	require.Equal(t, 1, counts["topics"])
	files, err := os.ReadDir(db.dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "the database and the lock: %v", files)

	_, err = Check(t.Context(), t.TempDir())
	require.ErrorContains(t, err, databaseFile)
	require.NoError(t, os.WriteFile(filepath.Join(db.dir, databaseFile), []byte(strings.Repeat("dear diary ", 1000)), 0o600))
	found, err := Check(t.Context(), db.dir)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(found.Damage), "not a database")
}
