package embedded

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var moment = time.Date(2026, 11, 3, 4, 5, 6, 789_000_000, time.UTC)

// heard is the topic of newMessage, and openHeard a store in which it has somebody who
// receives.
var heard = store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "heard", CreatedAt: moment, UpdatedAt: moment}

func openHeard(t testing.TB, dir string) *DB {
	t.Helper()
	db := open(t, dir)
	hear(t, db)
	return db
}

func hear(t testing.TB, db *DB) {
	t.Helper()
	_, created, err := db.CreateTopic(t.Context(), heard, 9)
	require.NoError(t, err)
	if !created {
		return
	}
	_, err = db.AddSubscriptions(t.Context(), heard.Project, heard.ID, []store.AddSubscription{{Subscription: store.Subscription{
		SubscriptionKey: store.SubscriptionKey{Project: heard.Project, TopicID: heard.ID, ID: smn.NewID()},
		Protocol:        smn.HTTP, Endpoint: "http://host", Status: smn.Confirmed, CreatedAt: moment,
	}}}, 9)
	require.NoError(t, err)
}

func newMessage() store.Message {
	return store.Message{
		ID: smn.NewID(), Project: heard.Project, TopicID: heard.ID, Subject: "Disk",
		Body: strings.Repeat("full ", 400), AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
	}
}

func fanOut(m store.Message) queue.Task { return queue.NewFanOut(m.Project, m.TopicID, m.ID, 0) }

// copyLive copies the files of an open folder as a power cut would leave them.
func copyLive(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{databaseFile, databaseFile + "-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, name), content, 0o600))
	}
	return to
}

func TestReopeningKeepsEverything(t *testing.T) {
	for name, reopen := range map[string]func(t *testing.T, db *DB) *DB{
		"after close": func(t *testing.T, db *DB) *DB {
			require.NoError(t, db.Close())
			return openHeard(t, db.dir)
		},
		"after kill": func(t *testing.T, db *DB) *DB { return openHeard(t, copyLive(t, db.dir)) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			db := openHeard(t, t.TempDir())
			topic, _, err := db.CreateTopic(ctx, store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "alerts", CreatedAt: moment, UpdatedAt: moment}, 1)
			require.NoError(t, err)
			added, err := db.AddSubscriptions(ctx, topic.Project, topic.ID, []store.AddSubscription{{
				Subscription: store.Subscription{SubscriptionKey: store.SubscriptionKey{ID: smn.NewID()}, Protocol: smn.HTTP, Endpoint: "http://a"},
				Task:         queue.NewFanOut(topic.Project, topic.ID, "notice", 0),
			}}, 1)
			require.NoError(t, err)
			m := newMessage()
			require.NoError(t, db.PutMessage(ctx, m, fanOut(m)))
			once := store.Once{Project: m.Project, TopicID: m.TopicID, Key: "key", Fingerprint: []byte("of it")}
			keyed := newMessage()
			_, err = db.PutMessageOnce(ctx, keyed, once, queue.Task{ID: "keyed", NotBefore: moment.AddDate(100, 0, 0)})
			require.NoError(t, err)
			key := store.ChunkKey{MessageID: m.ID}
			_, err = db.ClaimChunk(ctx, key, moment, moment.Add(time.Hour))
			require.NoError(t, err)
			require.NoError(t, db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID, Chunk: 1}, store.Tally{Matched: 3}, nil))
			failure := store.Failure{MessageID: m.ID, SubscriptionID: added[0].ID, Dead: true}
			require.NoError(t, db.PutFailure(ctx, failure))
			mail := store.Mail{ID: "a", CreatedAt: moment}
			require.NoError(t, db.PutMail(ctx, mail))
			leases, err := db.Receive(ctx, 1, time.Hour)
			require.NoError(t, err)
			require.Len(t, leases, 1)

			db = reopen(t, db)
			gotTopic, err := db.GetTopic(ctx, topic.Project, topic.Name)
			require.NoError(t, err)
			require.Equal(t, topic, gotTopic)
			gotSub, err := db.GetSubscription(ctx, added[0].SubscriptionKey)
			require.NoError(t, err)
			require.Equal(t, added[0].Subscription, gotSub)
			gotMessage, err := db.GetMessage(ctx, m.ID)
			require.NoError(t, err)
			require.Equal(t, m, gotMessage)
			report, err := db.GetReport(ctx, m.ID)
			require.NoError(t, err)
			require.Equal(t, store.Report{Tally: store.Tally{Matched: 3}, Dead: 1, FanningOut: true}, report)
			failures, err := db.ListFailures(ctx, store.FailureQuery{MessageID: m.ID, Limit: 9})
			require.NoError(t, err)
			require.Equal(t, []store.ListedFailure{{Failure: failure}}, failures)
			id, err := db.FindMessageOnce(ctx, once)
			require.NoError(t, err)
			require.Equal(t, keyed.ID, id)
			_, err = db.GetMessage(ctx, id)
			require.NoError(t, err)
			mails, err := db.ListMail(ctx, 10)
			require.NoError(t, err)
			require.Equal(t, []store.Mail{mail}, mails)

			claim, err := db.ClaimChunk(ctx, key, moment, moment.Add(time.Hour))
			require.NoError(t, err)
			require.Equal(t, store.ClaimGranted, claim.State, "nobody holds the lease any more")
			require.NoError(t, db.Ack(ctx, leases...)) // of the earlier run: names nothing
			again, err := db.Receive(ctx, 10, time.Hour)
			require.NoError(t, err)
			require.Len(t, again, 2, "the task that was in hand is due at once")
		})
	}
}

func TestKilledUnderLoadLosesNothingAcknowledged(t *testing.T) {
	db := openHeard(t, t.TempDir())
	const writers, each = 16, 100 // enough for several checkpoints
	done := make(chan []string, writers)
	for range writers {
		go func() {
			var ids []string
			for range each {
				m := newMessage()
				if err := db.PutMessage(context.Background(), m, fanOut(m)); err != nil {
					t.Error(err)
					break
				}
				ids = append(ids, m.ID)
			}
			done <- ids
		}()
	}
	var ids []string
	for range writers {
		ids = append(ids, <-done...)
	}
	revived := openHeard(t, copyLive(t, db.dir))
	for _, id := range ids {
		_, err := revived.GetMessage(t.Context(), id)
		require.NoError(t, err)
	}
	tasks := map[string]bool{}
	for len(tasks) < len(ids) {
		leases, err := revived.Receive(t.Context(), 100, time.Hour)
		require.NoError(t, err)
		for _, lease := range leases {
			tasks[lease.FanOut.MessageID] = true
		}
	}
	for _, id := range ids {
		require.True(t, tasks[id])
	}
}

func TestFolderIsOpenedOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	db := openHeard(t, dir)
	_, err := Open(t.Context(), Config{Dir: dir})
	require.EqualError(t, err, "data folder "+dir+" is in use by another process")
	require.NoError(t, db.Close())
	require.NoError(t, db.Close(), "again does nothing")
	require.NoError(t, openHeard(t, dir).Ping(t.Context()))
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db := openHeard(t, dir)
	_, err := db.GetOrCreate(t.Context(), "key", func() ([]byte, error) { return []byte("secret"), nil })
	require.NoError(t, err)
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, path)
		if !d.IsDir() {
			files++
		}
		return nil
	}))
	require.Equal(t, 5, files, "database, WAL, its index, lock, the secret and nothing else")
}

func TestSecretNames(t *testing.T) {
	db := openHeard(t, t.TempDir())
	for _, name := range []string{"", ".", "..", "../x", "a/b", "/x", ".hidden"} {
		_, err := db.GetOrCreate(t.Context(), name, func() ([]byte, error) { return []byte("x"), nil })
		require.ErrorContains(t, err, "not a plain file name", name)
	}
}

func TestMigrations(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*")
	require.NoError(t, err)
	for i, name := range files {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		n, err := strconv.Atoi(number)
		require.NoError(t, err)
		require.Equal(t, i+1, n, "%s is out of order", name)
	}
	db := openHeard(t, t.TempDir())
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		var version int
		_, err := s.get(`PRAGMA user_version`, nil, &version)
		require.Equal(t, len(files), version)
		return err
	}))
}

func TestPragmas(t *testing.T) {
	for durability, synchronous := range map[Durability]int{Full: 2, Normal: 1} {
		db, err := Open(t.Context(), Config{Dir: t.TempDir(), Durability: durability})
		require.NoError(t, err)
		require.NoError(t, db.write(t.Context(), func(tx *tx) error {
			var mode string
			var sync, keys int
			for query, dest := range map[string]any{
				`PRAGMA journal_mode`: &mode, `PRAGMA synchronous`: &sync, `PRAGMA foreign_keys`: &keys,
			} {
				_, err := tx.get(query, nil, dest)
				require.NoError(t, err)
			}
			require.Equal(t, "wal", mode)
			require.Equal(t, synchronous, sync)
			require.Equal(t, 1, keys)
			return nil
		}))
		require.NoError(t, db.read(t.Context(), func(s *session) error {
			_, err := s.exec(`DELETE FROM task`)
			require.ErrorContains(t, err, "readonly")
			return nil
		}))
		require.NoError(t, db.Close())
	}
}

// Older ones can corrupt a database when its WAL begins anew.
func TestSQLiteIsNewEnough(t *testing.T) {
	db := openHeard(t, t.TempDir())
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		var version string
		_, err := s.get(`SELECT sqlite_version()`, nil, &version)
		require.NoError(t, err)
		var parts [3]int
		for i, part := range strings.Split(version, ".") {
			parts[i], err = strconv.Atoi(part)
			require.NoError(t, err)
		}
		require.GreaterOrEqual(t, parts[0]*1_000_000+parts[1]*1_000+parts[2], 3_051_003, version)
		return nil
	}))
}

func TestFilesThatAreNoDatabaseOfOurs(t *testing.T) {
	whole := t.TempDir()
	db := open(t, whole)
	m := newMessage()
	require.NoError(t, db.PutMessage(t.Context(), m, fanOut(m)))
	require.NoError(t, db.Close())
	content, err := os.ReadFile(filepath.Join(whole, databaseFile))
	require.NoError(t, err)

	sqlFile := func(statements string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			other, err := sql.Open("sqlite", path)
			require.NoError(t, err)
			_, err = other.Exec(statements)
			require.NoError(t, err)
			require.NoError(t, other.Close())
		}
	}
	bytesFile := func(content []byte) func(t *testing.T, path string) {
		return func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, content, 0o600)) }
	}
	for name, c := range map[string]struct {
		write func(t *testing.T, path string)
		want  string
	}{
		"another program's database": {sqlFile(`CREATE TABLE songs (title TEXT)`), "a database of another program"},
		"a newer schema":             {sqlFile(`CREATE TABLE task (id TEXT); PRAGMA user_version = 999`), "schema version 999"},
		"a text":                     {bytesFile([]byte(strings.Repeat("dear diary ", 1000))), "not a database"},
		"half a header":              {bytesFile(content[:50]), "malformed"},
		"half a database":            {bytesFile(content[:len(content)/2/4096*4096]), "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, databaseFile)
			c.write(t, path)
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			for range 2 { // the second time, too: the folder is free again
				_, err = Open(t.Context(), Config{Dir: dir})
				require.ErrorContains(t, err, path)
				require.ErrorContains(t, err, c.want)
			}
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, after, "the file is left as it is")
		})
	}
	_, err = Open(t.Context(), Config{})
	require.ErrorContains(t, err, "no folder given")
}
