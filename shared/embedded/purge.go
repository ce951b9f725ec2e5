package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tocsin/shared/smn"
)

// purgeStep is how many rows one transaction removes, and how many messages one
// reading looks at. Small steps let others write in between.
const purgeStep = 1000

// versionStep is the same for versions of templates, which can be 256 KiB each.
const versionStep = 50

// publishing is more than the time that it takes to publish: a message may refer
// to a version that is replaced before the message is stored.
const publishing = time.Hour

// Purge removes the messages that expired before a time, with their reports, the
// mails and SMS that were kept before it, the counts of SMS that are older than
// keepCounts, the counts of recipients that have ended by now, and keys of publishing
// that are forgotten, and tells how many there were of them all; and the versions of
// templates that only such messages can refer to. A message with a failure that died
// less than smn.KeepDead ago is kept, and its report with it. It works in small
// transactions; when it ends early, with an error, what was removed stays
// removed.
func (db *DB) Purge(ctx context.Context, before time.Time) (removed int, err error) {
	for what, remove := range map[string]func(context.Context, time.Time) (int, error){
		"mails": db.removeMails, "SMS": db.removeSMS, "counts": db.removeCounts, "counts of recipients": db.removeFlow,
	} {
		for step := purgeStep; step == purgeStep; removed += step {
			if step, err = remove(ctx, before); err != nil {
				return removed, fmt.Errorf("remove old %s: %w", what, err)
			}
		}
	}
	for step := purgeStep; step == purgeStep; {
		if step, err = db.removeKeys(ctx); err != nil {
			return removed, fmt.Errorf("remove old keys of messages: %w", err)
		}
	}
	for step := versionStep; step == versionStep; {
		if step, err = db.removeVersions(ctx, before.Add(-smn.MaxTimeToLive-publishing)); err != nil {
			return removed, fmt.Errorf("remove old versions of templates: %w", err)
		}
	}
	for last, more := int64(0), true; more; {
		var ids []string
		if ids, last, more, err = db.expired(ctx, last, before); err != nil {
			return removed, fmt.Errorf("look for expired messages: %w", err)
		}
		for len(ids) > 0 {
			seen, gone, err := db.removeMessages(ctx, ids)
			if err != nil {
				return removed, fmt.Errorf("remove expired messages: %w", err)
			}
			ids, removed = ids[seen:], removed+gone
		}
	}
	return removed, nil
}

// expired looks through the next messages behind a key. Keys are in the order of
// acceptance, give or take: a step in which all were accepted after the time is
// the end.
func (db *DB) expired(ctx context.Context, after int64, before time.Time) (ids []string, last int64, more bool, err error) {
	seen, limit := 0, micros(before)
	err = db.read(ctx, func(s *session) error {
		return s.each(`SELECT key, id, accepted_at, expires_at FROM message WHERE key > ? ORDER BY key LIMIT ?`,
			[]any{after, purgeStep}, func(rows *sql.Rows) error {
				var id string
				var accepted, expires int64
				err := rows.Scan(&last, &id, &accepted, &expires)
				seen++
				more = more || accepted < limit
				if expires < limit {
					ids = append(ids, id)
				}
				return err
			})
	})
	return ids, last, more && seen == purgeStep, err
}

// removeMessages removes as many of these messages as one step may. It tells how
// many it is through with and how many of them are gone; the others are kept.
func (db *DB) removeMessages(ctx context.Context, ids []string) (seen, gone int, err error) {
	young := db.now().Add(-smn.KeepDead)
	err = db.write(ctx, func(tx *tx) error {
		seen, gone = 0, 0
		for room := purgeStep; seen < len(ids) && room > 0; {
			id := ids[seen]
			if dead, err := tx.keepsDead(id, young); err != nil {
				return err
			} else if dead {
				seen++
				continue
			}
			failures, err := tx.exec(`DELETE FROM failure WHERE message = ?1 AND subscription IN
				(SELECT subscription FROM failure WHERE message = ?1 LIMIT ?2)`, id, room)
			if err != nil {
				return err
			}
			room -= failures
			chunks, err := tx.exec(`DELETE FROM chunk WHERE message = ?1 AND chunk IN
				(SELECT chunk FROM chunk WHERE message = ?1 LIMIT ?2)`, id, room)
			if err != nil {
				return err
			}
			if room -= chunks; room == 0 {
				return nil // the rest of this message is for the next step
			}
			n, err := tx.exec(`DELETE FROM message WHERE id = ?`, id)
			if err != nil {
				return err
			}
			tx.gone = append(tx.gone, id)
			seen, gone, room = seen+1, gone+n, room-1
		}
		return nil
	})
	return seen, gone, err
}

// removeMails removes the oldest mails, as many as one step may. Keys are in the
// order of keeping, so it stops at the first that is young.
func (db *DB) removeMails(ctx context.Context, before time.Time) (gone int, err error) {
	err = db.write(ctx, func(tx *tx) (err error) {
		gone, err = tx.exec(`DELETE FROM mail WHERE created_at < ?1 AND key IN (SELECT key FROM mail ORDER BY key LIMIT ?2)`,
			micros(before), purgeStep)
		return err
	})
	return gone, err
}

// removeVersions removes versions of templates that were retired before a time,
// as many as one step may.
func (db *DB) removeVersions(ctx context.Context, retired time.Time) (gone int, err error) {
	err = db.write(ctx, func(tx *tx) (err error) {
		gone, err = tx.exec(`DELETE FROM template_version WHERE key IN
			(SELECT key FROM template_version WHERE retired_at < ?1 ORDER BY retired_at LIMIT ?2)`, micros(retired), versionStep)
		return err
	})
	return gone, err
}
