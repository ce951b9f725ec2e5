package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// purgeLook is how many messages one reading looks at.
const purgeLook = 1000

// publishing is more than the time that it takes to publish: a message may refer
// to a version that is replaced before the message is stored.
const publishing = time.Hour

// Purge removes the messages that expired before a time, with their reports, the
// mails and SMS that were kept before it, the counts of SMS that are older than
// keepCounts, the counts of recipients that have ended by now, and keys of publishing
// that are forgotten, and tells how many there were of them all; and the versions of
// templates that only such messages can refer to. A message with a failure that died
// less than smn.KeepDead ago is kept, and its report with it.
//
// It works in small steps and rests between them, so that others can write. When
// it ends early, with an error, what was removed stays removed.
func (db *DB) Purge(ctx context.Context, before time.Time) (removed int, err error) {
	round := newPace()
	for _, old := range []struct {
		what   string
		remove func(context.Context, pace, time.Time) (int, error)
	}{
		{"mails", db.removeMails},
		{"SMS", db.removeSMS},
		{"counts", db.removeCounts},
		{"counts of recipients", db.removeFlow},
		{"keys of messages", db.removeKeys},
		{"messages", db.removeMessages},
	} {
		gone, err := old.remove(ctx, round, before)
		removed += gone
		if err != nil {
			return removed, fmt.Errorf("remove old %s: %w", old.what, err)
		}
	}
	if err = db.removeVersions(ctx, round, before.Add(-smn.MaxTimeToLive-publishing)); err != nil {
		return removed, fmt.Errorf("remove old versions of templates: %w", err)
	}
	return removed, nil
}

// removeOld removes what a statement finds, whose last argument is the limit, in
// as many steps as it takes.
func (db *DB) removeOld(ctx context.Context, p pace, query string, args ...any) (removed int, err error) {
	for more := true; more; {
		gone := 0
		more, err = db.step(ctx, p, func(tx *tx, s *step) (err error) {
			gone, err = tx.remove(s, query, args...)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed += gone
	}
	return removed, nil
}

// aging looks through a table in the order of its keys, which is that of time, give
// or take, for rows that are old.
//
// The clock may have been wrong when some were written. So a row is taken to be as
// young as those before it, and one that comes from the future tells nothing about
// those behind it.
type aging struct {
	query       string // key, id, when it was written and until when it is young, of rows behind a key
	args        []any  // of query
	before, now int64  // microseconds
	last        int64  // key that was looked at last
	latest      int64  // when rows were written, so far
	end         bool   // all the others are young
}

type oldRow struct {
	key int64
	id  string
}

// next looks at some rows and gives those that are old.
func (a *aging) next(ctx context.Context, db *DB) (old []oldRow, err error) {
	seen, more := 0, false
	err = db.read(ctx, func(s *session) error {
		return s.each(a.query+` WHERE key > ? ORDER BY key LIMIT ?`, append(slices.Clone(a.args), a.last, purgeLook), func(rows *sql.Rows) error {
			var row oldRow
			var written, until int64
			err := rows.Scan(&row.key, &row.id, &written, &until)
			seen, a.last = seen+1, row.key
			if written <= a.now {
				a.latest = max(a.latest, written)
			}
			if max(until, a.latest) < a.before {
				old = append(old, row)
			}
			more = more || a.latest < a.before || written > a.now
			return err
		})
	})
	a.end = seen < purgeLook || !more
	return old, err
}

// removeAging removes the old rows that a query looks through. remove takes away
// as many of them as a step may; it tells how many it is through with and how many
// of them are gone.
func (db *DB) removeAging(ctx context.Context, p pace, before time.Time, query string,
	remove func(tx *tx, s *step, old []oldRow) (seen, gone int, err error), args ...any,
) (removed int, err error) {
	rows := aging{query: query, args: args, before: micros(before), now: micros(db.now())}
	for !rows.end {
		old, err := rows.next(ctx, db)
		if err != nil {
			return removed, err
		}
		for len(old) > 0 {
			var seen, gone int
			if _, err := db.step(ctx, p, func(tx *tx, s *step) (err error) {
				seen, gone, err = remove(tx, s, old)
				return err
			}); err != nil {
				return removed, err
			}
			old, removed = old[seen:], removed+gone
		}
	}
	return removed, nil
}

// inRows is a condition for rows of a step: as many parameters as a part has rows.
var inRows = ` IN (?1` + strings.Repeat(`, ?`, stepPart-1) + `)`

// argsOf gives these parameters and the one behind them. If there are fewer rows the
// last one stands for the rest.
func argsOf[T any](rows []oldRow, column func(oldRow) T, more ...any) []any {
	args := make([]any, stepPart, stepPart+len(more))
	for i := range args {
		args[i] = column(rows[min(i, len(rows)-1)])
	}
	return append(args, more...)
}

func keyOf(r oldRow) int64 { return r.key }
func idOf(r oldRow) string { return r.id }

// removeByKey removes rows of a table to which nothing else belongs.
func removeByKey(table string) func(*tx, *step, []oldRow) (seen, gone int, err error) {
	query := `DELETE FROM ` + table + ` WHERE key` + inRows
	return func(tx *tx, s *step, old []oldRow) (seen, gone int, err error) {
		for seen < len(old) {
			part := old[seen:min(seen+s.room(), len(old))]
			if s.over {
				break
			}
			n, err := tx.exec(query, argsOf(part, keyOf)...)
			if err != nil {
				return seen, gone, err
			}
			s.removed(n)
			seen, gone = seen+len(part), gone+n
		}
		return seen, gone, nil
	}
}

// removeMails removes old mails.
func (db *DB) removeMails(ctx context.Context, p pace, before time.Time) (gone int, err error) {
	return db.removeAging(ctx, p, before, `SELECT key, id, created_at, created_at FROM mail`, removeByKey(`mail`))
}

// removeMessages removes messages that have expired, and their reports. Those with
// failures that died lately are not old yet: the rows of a report go together, or its
// counts would be wrong.
func (db *DB) removeMessages(ctx context.Context, p pace, before time.Time) (gone int, err error) {
	return db.removeAging(ctx, p, before, `SELECT key, id, accepted_at,
		iif(EXISTS (SELECT 1 FROM failure WHERE message = m.id AND dead AND at >= ?), 1 << 62, expires_at) FROM message m`,
		(*tx).removeMessages, micros(db.now().Add(-smn.KeepDead)))
}

// reports are the statements that remove what belongs to messages.
var reports = []string{
	`DELETE FROM failure WHERE (message, subscription) IN
		(SELECT message, subscription FROM failure WHERE message` + inRows + ` LIMIT ?)`,
	`DELETE FROM chunk WHERE (message, chunk) IN
		(SELECT message, chunk FROM chunk WHERE message` + inRows + ` LIMIT ?)`,
}

func (tx *tx) removeMessages(s *step, old []oldRow) (seen, gone int, err error) {
	for seen < len(old) {
		part := old[seen:min(seen+s.room(), len(old))]
		for _, query := range reports {
			if s.over {
				return seen, gone, nil
			}
			if _, err := tx.remove(s, query, argsOf(part, idOf)...); err != nil {
				return seen, gone, err
			}
		}
		if s.over { // the rest of these messages is for the next step
			break
		}
		for _, m := range part {
			tx.gone = append(tx.gone, m.id)
		}
		n, err := tx.removeMessageRows(part)
		if err != nil {
			return seen, gone, err
		}
		s.removed(n)
		seen, gone = seen+len(part), gone+n
	}
	return seen, gone, nil
}

// removeVersions removes versions of templates that were retired before a time.
func (db *DB) removeVersions(ctx context.Context, p pace, retired time.Time) error {
	_, err := db.removeOld(ctx, p, `DELETE FROM template_version WHERE key IN
		(SELECT key FROM template_version WHERE retired_at < ?1 ORDER BY retired_at LIMIT ?2)`, micros(retired))
	return err
}
