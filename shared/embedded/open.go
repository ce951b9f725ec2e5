// Package embedded keeps everything of an installation in one folder of this
// machine, on SQLite: topics, subscriptions, messages, deliveries, tasks, mails
// and secrets. A DB meets store.Store, queue.Queue, store.Secrets and
// store.Outbox. What a call has answered survives kill -9 and, with Full
// durability, a power cut.
//
// All writes go through one committer, which puts whatever is waiting into one
// transaction and one fsync. Reads have connections of their own and see what
// has been answered.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

var (
	_ store.Store   = (*DB)(nil)
	_ store.Secrets = (*DB)(nil)
	_ store.Outbox  = (*DB)(nil)
	_ queue.Queue   = (*DB)(nil)
)

// ErrClosed is what calls to a closed DB return.
var ErrClosed = errors.New("the store is closed")

// Durability says what a power cut may cost. The end of the process alone, by
// whatever signal, never costs anything that was answered.
type Durability int

// The durabilities.
const (
	Full   Durability = iota // nothing that was answered is lost
	Normal                   // faster; the last moments may be lost, the rest stays whole
)

// Config is what Open needs.
type Config struct {
	Dir        string // the data folder; made if it is missing
	Durability Durability
	MaxBacklog int64            // tasks beyond which no new message is taken; 0 for no bound
	Log        *slog.Logger     // gets what no caller can be told; nil for nothing
	Now        func() time.Time // when tasks are due; time.Now if nil
}

// DB is an open data folder. Its methods may be called from many goroutines at
// once. Whoever opened it closes it.
type DB struct {
	dir       string
	now       func() time.Time
	clock     *clock
	committer *committer
	tasks     atomic.Int64 // how many there are
	bounds    bounds
	ready     ready
	leases    chunkLeases
	recent    recent
	troubled  atomic.Bool // some endpoint has been in trouble
	alarm     *alarm
	readers   chan *session
	secrets   sync.Mutex    // held while one is made
	deletions chan struct{} // holds one: topics were deleted
	cleared   chan struct{} // closed when nobody removes what they left any more
	closing   chan struct{}
	close     func() error // once
}

const (
	databaseFile = "tocsin.db"
	readerCount  = 3
)

// Open opens the data folder, making it if need be and bringing its database to
// the current schema. Only one process can have a folder open. Work that an
// earlier process had in hand when it ended is due again at once. ctx is for
// opening alone.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Dir == "" {
		return nil, errors.New("open data folder: no folder given")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open data folder %s: %w", cfg.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open data folder: %w", advised(err))
	}
	unlock, err := lockFolder(dir)
	if err != nil {
		return nil, advised(err)
	}
	path := filepath.Join(dir, databaseFile)
	db, err := openDatabase(ctx, cfg, dir, path, unlock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, advised(err)), unlock())
	}
	return db, nil
}

func openDatabase(ctx context.Context, cfg Config, dir, path string, unlock func() error) (_ *DB, err error) {
	if err := lookAtFiles(path, cfg.Durability); err != nil {
		return nil, err
	}
	if err := makePrivateFile(path); err != nil {
		return nil, err
	}
	if err := errors.Join(syncFolder(dir), syncFolder(filepath.Dir(dir))); err != nil {
		return nil, err
	}
	var sessions []*session
	disconnect := func() (err error) {
		for _, s := range slices.Backward(sessions) { // the writer last: it leaves no WAL behind
			err = errors.Join(err, s.close())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, disconnect())
		}
	}()

	writer, err := connect(ctx, path, synchronous(cfg.Durability), "foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	sessions = append(sessions, writer)
	version, err := schemaVersion(ctx, writer.conn)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer.conn, version); err != nil {
		return nil, err
	}
	tasks, err := writer.freeTasks(ctx, cfg.Now())
	if err != nil {
		return nil, err
	}
	var troubled bool
	if err := writer.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM health)`).Scan(&troubled); err != nil {
		return nil, err
	}

	clock := newClock(cfg.Now)
	db := &DB{
		dir:     dir,
		now:     cfg.Now,
		bounds:  bounds{maxBacklog: cfg.MaxBacklog, free: freeBytes, log: cfg.Log, began: time.Now()},
		clock:   clock,
		alarm:   newAlarm(clock.now),
		readers: make(chan *session, readerCount),
		closing: make(chan struct{}),

		deletions: make(chan struct{}, 1),
		cleared:   make(chan struct{}),
	}
	// Beginning anywhere keeps receipts of an earlier run from naming a hand-out
	// of this one.
	db.ready.handouts = rand.Int64N(1 << 62)
	db.tasks.Store(tasks)
	db.troubled.Store(troubled)
	for range readerCount {
		reader, err := connect(ctx, path, "query_only(1)")
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, reader)
		db.readers <- reader
	}
	db.committer = startCommitter(writer, clock.now, db.committed)
	db.close = sync.OnceValue(func() error {
		close(db.closing)
		db.alarm.stop()
		<-db.cleared
		db.committer.stop()
		db.recent.forget() // who asks now is told that it is closed
		for range readerCount {
			<-db.readers // waits for whoever is reading
		}
		_, err := writer.exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
		return errors.Join(err, disconnect(), unlock())
	})
	go db.clearDeleted()
	db.clearSoon() // an earlier run may not have come to the end
	return db, nil
}

// Close waits for the calls under way, flushes, and frees the folder. Receive
// ends with ErrClosed. Closing again does nothing.
func (db *DB) Close() error { return db.close() }

// Ping tells whether the database can be written, by a small durable write.
func (db *DB) Ping(ctx context.Context) error {
	return db.write(ctx, func(tx *tx) error {
		// The number stays the same; writing it takes a page all the same.
		var version int
		if _, err := tx.get(`PRAGMA user_version`, nil, &version); err != nil {
			return err
		}
		_, err := tx.exec(`PRAGMA user_version = ` + strconv.Itoa(version))
		return err
	})
}

func synchronous(d Durability) string {
	if d == Normal {
		return "synchronous(NORMAL)"
	}
	return "synchronous(FULL)"
}

// makePrivateFile makes the database's file before SQLite would, with a mode of
// its own choice. SQLite gives its other files the mode of this one.
func makePrivateFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Times are kept as microseconds of Unix time. The zero time comes back as the
// zero time.
func micros(t time.Time) int64 { return t.UnixMicro() }

func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
