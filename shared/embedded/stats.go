package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Stats is how much work an installation has before it, and what became of some.
type Stats struct {
	Waiting int       // tasks that are not done: due, in hand, or waiting for their time
	Due     time.Time // since when the task that is late the longest has been due; the zero time when none is late
	Dead    int       // deliveries that were given up in the last 24 hours, counted up to MaxDead
	Bytes   int64     // what the database and its log take on the disk
	Free    int64     // what is left of the disk, in bytes; -1 where the system does not tell
}

// MaxDead is where counting dead deliveries ends: there may be that many or more.
const MaxDead = 10_000

// Stats counts, by indexes alone.
func (db *DB) Stats(ctx context.Context) (stats Stats, err error) {
	stats.Waiting = int(db.tasks.Load())
	err = db.snapshot(ctx, func(s *session) error {
		var first sql.NullInt64
		if _, err := s.get(`SELECT min(visible_at) FROM task WHERE lease = 0`, nil, &first); err != nil {
			return err
		}
		due := db.ready.since()
		if first.Valid && (due == 0 || first.Int64 < due) {
			due = first.Int64
		}
		if due != 0 && due <= micros(db.now()) {
			stats.Due = timeOf(due)
		}
		stats.Dead, err = s.countDead(micros(db.now().Add(-24 * time.Hour)))
		return err
	})
	stats.Free = -1
	if free, ok := freeBytes(db.dir); ok {
		stats.Free = int64(free)
	}
	for _, name := range []string{databaseFile, databaseFile + "-wal"} {
		info, statErr := os.Stat(filepath.Join(db.dir, name))
		if statErr == nil {
			stats.Bytes += info.Size()
		} else if !errors.Is(statErr, fs.ErrNotExist) {
			err = errors.Join(err, statErr)
		}
	}
	if err != nil {
		return Stats{}, fmt.Errorf("count what is waiting: %w", err)
	}
	return stats, nil
}

// countDead counts the deliveries that were given up since a time, up to MaxDead:
// unlike a whole index, a part of one is counted row by row.
func (s *session) countDead(since int64) (dead int, err error) {
	_, err = s.get(`SELECT count(*) FROM (SELECT 1 FROM failure WHERE dead AND at > ? LIMIT ?)`, []any{since, MaxDead}, &dead)
	return dead, err
}
