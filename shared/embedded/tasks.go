package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/queue"
)

// taskRow is a task as it is written.
type taskRow struct {
	id   string
	due  int64 // microseconds; 0 means at once
	body string
}

// rowsOf prepares tasks for writing, outside of the committer.
func rowsOf(tasks []queue.Task) ([]taskRow, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	rows := make([]taskRow, len(tasks))
	for i := range tasks {
		body, err := json.Marshal(&tasks[i])
		if err != nil {
			return nil, fmt.Errorf("encode task %s: %w", tasks[i].ID, err)
		}
		rows[i] = taskRow{id: tasks[i].ID, body: string(body)}
		if due := tasks[i].NotBefore; !due.IsZero() {
			rows[i].due = micros(due)
		}
	}
	return rows, nil
}

// putTasks adds the tasks that are not waiting yet.
func (tx *tx) putTasks(rows []taskRow) error {
	for i := range rows {
		due := rows[i].due
		if due == 0 {
			due = tx.now
		}
		if _, err := tx.exec(`INSERT INTO task (id, visible_at, body) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			rows[i].id, due, rows[i].body); err != nil {
			return fmt.Errorf("put task %s: %w", rows[i].id, err)
		}
		tx.wakeAt(due)
	}
	return nil
}

// taskTime is the time by which tasks are due. It never goes back, so that what
// was due once stays due when someone sets the clock back.
func (db *DB) taskTime(tx *tx) int64 { return max(tx.now, micros(db.now())) }

// Put meets queue.Queue.
func (db *DB) Put(ctx context.Context, tasks ...queue.Task) error {
	rows, err := rowsOf(tasks)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *tx) error { return tx.putTasks(rows) })
}

// Receive meets queue.Queue.
func (db *DB) Receive(ctx context.Context, limit int, lease time.Duration) ([]queue.Lease, error) {
	limit = max(limit, 1)
	for {
		claimed, err := db.claim(ctx, limit, lease)
		if err != nil {
			db.alarm.ring() // this call may have used up a ring
			return nil, err
		}
		if len(claimed) == limit {
			db.alarm.ring()
		}
		if len(claimed) > 0 {
			return leasesOf(claimed), nil
		}
		select {
		case <-db.alarm.rings:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-db.closing:
			return nil, ErrClosed
		}
	}
}

// claimed is a task that was handed out, not read yet.
type claimed struct {
	receipt
	received int
	body     string
}

func (db *DB) claim(ctx context.Context, limit int, lease time.Duration) (found []claimed, err error) {
	look := false
	err = db.write(ctx, func(tx *tx) error {
		found = found[:0]
		handout, now := db.handouts.Add(1), db.taskTime(tx)
		until := now + lease.Microseconds()
		err := tx.each(`UPDATE task SET visible_at = ?, lease = ?, received = received + 1
			WHERE seq IN (SELECT seq FROM task WHERE visible_at <= ? ORDER BY visible_at, seq LIMIT ?)
			RETURNING seq, received, body`,
			[]any{until, handout, now, limit}, func(rows *sql.Rows) error {
				c := claimed{receipt: receipt{handout: handout}}
				if err := rows.Scan(&c.seq, &c.received, &c.body); err != nil {
					return err
				}
				found = append(found, c)
				return nil
			})
		if err != nil {
			return fmt.Errorf("claim tasks: %w", err)
		}
		if len(found) > 0 {
			tx.wakeAt(until)
		}
		none := len(found) < limit // is left that is due
		if look = look || none && db.alarm.look(); look && none {
			var next sql.NullInt64
			if _, err := tx.get(`SELECT min(visible_at) FROM task`, nil, &next); err != nil {
				return fmt.Errorf("look for the next task: %w", err)
			}
			if next.Valid {
				tx.wakeAt(next.Int64)
			}
		}
		return nil
	})
	if look && (err != nil || len(found) == limit) {
		db.alarm.lookAgain()
	}
	return found, err
}

// leasesOf reads what was handed out. A task that cannot be read is handed out
// empty: whoever does tasks drops it, and it must not take its batch with it.
func leasesOf(found []claimed) []queue.Lease {
	leases := make([]queue.Lease, len(found))
	for i, c := range found {
		leases[i] = queue.Lease{Receipt: c.String(), Received: c.received}
		if err := json.Unmarshal([]byte(c.body), &leases[i].Task); err != nil {
			leases[i].Task = queue.Task{ID: fmt.Sprintf("unreadable/%d", c.seq)}
		}
	}
	return leases
}

// Ack meets queue.Queue. It returns at once, whatever has become of ctx: the
// tasks are gone for every later call of this process, and from the disk a
// moment later. Work whose acknowledgement is lost with the process is done again.
func (db *DB) Ack(_ context.Context, leases ...queue.Lease) error {
	var few [16]receipt
	done := few[:0]
	for i := range leases {
		if r, ok := parseReceipt(leases[i].Receipt); ok {
			done = append(done, r)
		}
	}
	return db.committer.ack(done...)
}

// Release meets queue.Queue.
func (db *DB) Release(ctx context.Context, lease queue.Lease, delay time.Duration) error {
	r, ok := parseReceipt(lease.Receipt)
	if !ok {
		return nil
	}
	return db.write(ctx, func(tx *tx) error {
		due := db.taskTime(tx) + delay.Microseconds()
		if _, err := tx.exec(`UPDATE task SET visible_at = ?, lease = 0 WHERE seq = ? AND lease = ?`,
			due, r.seq, r.handout); err != nil {
			return fmt.Errorf("release task %s: %w", lease.ID, err)
		}
		tx.wakeAt(due)
		return nil
	})
}

// receipt names a task in someone's hands. The number of the hand-out is never
// used again, so a stale receipt names nothing.
type receipt struct{ seq, handout int64 }

func (r receipt) String() string {
	b := strconv.AppendInt(make([]byte, 0, 40), r.seq, 10)
	return string(strconv.AppendInt(append(b, '.'), r.handout, 10))
}

func parseReceipt(s string) (r receipt, ok bool) {
	seq, handout, ok := strings.Cut(s, ".")
	if !ok {
		return receipt{}, false
	}
	var err, err2 error
	r.seq, err = strconv.ParseInt(seq, 10, 64)
	r.handout, err2 = strconv.ParseInt(handout, 10, 64)
	return r, err == nil && err2 == nil && r.handout > 0
}

func (s *session) removeTask(r receipt) error {
	_, err := s.exec(`DELETE FROM task WHERE seq = ? AND lease = ?`, r.seq, r.handout)
	return err
}

// freeTasks makes all tasks due that someone had in hand. Nobody has when a
// program starts. It is done once, so the statement is not kept.
func (s *session) freeTasks(ctx context.Context, now time.Time) error {
	_, err := s.conn.ExecContext(ctx, `UPDATE task SET visible_at = ?, lease = 0 WHERE lease <> 0`, micros(now))
	return err
}
