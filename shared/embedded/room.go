package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// minFree is how much of the disk is kept for what follows from messages that were
// taken: deliveries, retries, acknowledgements.
const minFree = 64 << 20

// lookAgain is how often the disk is asked at most.
const lookAgain = time.Second

// bounds is up to where new messages are taken.
type bounds struct {
	maxBacklog int64
	free       func(dir string) (bytes uint64, ok bool) // of the disk, for this user
	log        *slog.Logger

	began  time.Time
	looked atomic.Int64 // when the disk was asked last, in time since then; 0 for never
	low    atomic.Bool
	full   atomic.Bool // the last thing heard of a write was that the disk is full
}

// room says whether one more message may come in; if not, why. Callers at once may
// pass it together, and so overstep the bound by as many as they are.
func (db *DB) room() error {
	b := &db.bounds
	if b.maxBacklog > 0 && db.tasks.Load() >= b.maxBacklog {
		return full("too many deliveries are waiting")
	}
	now := int64(time.Since(b.began)) + 1
	if last := b.looked.Load(); (last == 0 || now-last >= int64(lookAgain)) && b.looked.CompareAndSwap(last, now) {
		free, ok := b.free(db.dir)
		low := ok && free < minFree
		if b.low.Swap(low) != low {
			b.tell(low, "no message is taken", slog.Uint64("free_bytes", free))
		}
	}
	if b.low.Load() {
		return full("the disk of the service is nearly full")
	}
	return nil
}

// full is the error of a call for which there is no room at the moment.
func full(why string) error {
	return smn.Errorf(smn.Overloaded, "%w: %s; try again later", store.ErrFull, why)
}

// written looks at how a write has ended: a full disk is store.ErrFull.
func (db *DB) written(err error) error {
	b := &db.bounds
	switch {
	case err == nil:
		if b.full.Load() && b.full.CompareAndSwap(true, false) {
			b.tell(false, "")
		}
	case isDiskFull(err):
		if !b.full.Swap(true) {
			b.tell(true, "nothing is stored", slog.String("error", err.Error()))
		}
		return fmt.Errorf("%w (%v)", full("the disk of the service is full"), err) //nolint:errorlint // the cause is for the log alone
	}
	return err
}

// tell writes down that the disk begins to have no room, or has some again.
func (b *bounds) tell(wrong bool, what string, attrs ...slog.Attr) {
	ctx := context.Background()
	if wrong {
		b.log.LogAttrs(ctx, slog.LevelError, "no room on the disk", append(attrs, slog.String("so", what))...)
	} else {
		b.log.LogAttrs(ctx, slog.LevelInfo, "room on the disk again", attrs...)
	}
}

// isDiskFull says whether SQLite found no room. A quota or a limit on the size of
// files does not come as SQLITE_FULL but as a write that fails.
func isDiskFull(err error) bool {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE:
		return true
	}
	return false
}
