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
	queue.Task
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
		rows[i] = taskRow{Task: tasks[i], body: string(body)}
		if due := tasks[i].NotBefore; !due.IsZero() {
			rows[i].due = micros(due)
		}
	}
	return rows, nil
}

// putTasks adds the tasks that are not waiting yet. What is due at once goes to
// receivers from memory, if there is room.
func (db *DB) putTasks(tx *tx, rows []taskRow) error {
	_, ahead := db.clock.read()
	for i := range rows {
		t := &rows[i]
		due := tx.now
		if t.due != 0 {
			due = max(t.due+ahead, tx.now)
		}
		var lease int64
		if due == tx.now && db.ready.room(t.Project, t.Group, len(tx.fresh)) {
			db.ready.handouts++
			lease = db.ready.handouts
		}
		seq, put, err := tx.insert(`INSERT INTO task (id, project, topic, waits_for, visible_at, lease, received, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			t.ID, t.Project, t.Group, textColumn(t.WaitsFor), due, lease, min(lease, 1), t.body)
		switch {
		case err != nil:
			return fmt.Errorf("put task %s: %w", t.ID, err)
		case !put:
			continue
		case lease != 0:
			tx.fresh = append(tx.fresh, fresh{receipt{seq, lease}, t.Task, tx.now})
		default:
			tx.wakeAt(due)
		}
		tx.tasks++
	}
	return nil
}

// committed lets readers and receivers know what a transaction has changed.
func (db *DB) committed(tx *tx) {
	db.recent.drop(tx.touched)
	db.recent.put(tx.messages)
	db.recent.remove(tx.gone)
	db.tasks.Add(int64(tx.tasks))
	if len(tx.fresh) > 0 {
		db.ready.put(tx.fresh)
		db.alarm.wake()
	}
	if tx.ready {
		db.alarm.ring()
	}
	if tx.later != 0 {
		db.alarm.set(tx.later)
	}
}

// taskTime is the time by which tasks are due. It never goes back, so that what
// was due once stays due when someone sets the clock back.
func (db *DB) taskTime(tx *tx) int64 { return max(tx.now, micros(db.clock.now())) }

// Put meets queue.Queue.
func (db *DB) Put(ctx context.Context, tasks ...queue.Task) error {
	rows, err := rowsOf(tasks)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *tx) error { return db.putTasks(tx, rows) })
}

// Receive meets queue.Queue. What is in the store gets half of the places, so that
// what comes fresh cannot hold it up.
func (db *DB) Receive(ctx context.Context, limit int, lease time.Duration) ([]queue.Lease, error) {
	limit = max(limit, 1)
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-db.closing:
			return nil, ErrClosed
		default:
		}
		var leases []queue.Lease
		if db.alarm.take() {
			found, err := db.claim(ctx, max(limit/2, 1), lease)
			if err != nil {
				db.alarm.ring() // this call has used up a ring
				return nil, err
			}
			leases = leasesOf(found)
		}
		until := db.until(lease)
		leases, more := db.ready.take(leases, limit, until)
		if more {
			db.alarm.wake()
		}
		if len(leases) > 0 {
			db.alarm.set(micros(db.clock.now()) + lease.Microseconds())
			return leases, nil
		}
		select {
		case <-db.alarm.wakes:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-db.closing:
			return nil, ErrClosed
		}
	}
}

// claimed is a task that was handed out from the store, not read yet.
type claimed struct {
	receipt
	received int
	body     string
}

// claim hands out tasks that wait in the store.
func (db *DB) claim(ctx context.Context, limit int, lease time.Duration) (found []claimed, err error) {
	passed := db.clock.passed()
	over, next := db.ready.ended(passed)
	err = db.write(ctx, func(tx *tx) error {
		found = found[:0]
		now := db.taskTime(tx)
		for _, t := range over {
			if err := tx.release(t, now); err != nil {
				return err
			}
		}
		db.ready.handouts++
		if found, err = tx.claim(found, db.ready.handouts, now, limit); err != nil {
			return fmt.Errorf("claim tasks: %w", err)
		}
		if len(found) == limit {
			tx.ready = true // there may be more
			return nil
		}
		var first sql.NullInt64
		if _, err := tx.get(`SELECT min(visible_at) FROM task WHERE lease = 0`, nil, &first); err != nil {
			return fmt.Errorf("look for the next task: %w", err)
		}
		if first.Valid {
			tx.wakeAt(first.Int64)
		}
		if next != 0 {
			tx.wakeAt(now + next - passed)
		}
		return nil
	})
	if err != nil {
		db.ready.again(over)
		return nil, err
	}
	db.ready.holdAll(found, db.until(lease)) // it begins now, however long the write took
	return found, nil
}

// claim takes tasks that are due: half of them those that have waited longest. If
// there are more, the rest goes to topics by turns.
func (tx *tx) claim(found []claimed, handout, now int64, limit int) ([]claimed, error) {
	oldest := (limit + 1) / 2
	found, err := tx.claimWhere(found, handout, `visible_at <= ?3 ORDER BY visible_at, seq`, oldest, now)
	if err != nil || len(found) < oldest {
		return found, err
	}
	for range topicsInTurn {
		if len(found) == limit {
			break
		}
		var project, topic string
		more, err := tx.get(`SELECT project, topic FROM task WHERE lease = 0 AND (project, topic) > (?, ?) ORDER BY project, topic LIMIT 1`,
			[]any{tx.turn.project, tx.turn.topic}, &project, &topic)
		if err != nil {
			return found, err
		}
		tx.turn.project, tx.turn.topic = project, topic
		if !more { // begin anew
			continue
		}
		share := max((limit-oldest)/topicsInTurn, 1)
		if found, err = tx.claimWhere(found, handout, `project = ?4 AND topic = ?5 AND visible_at <= ?3 ORDER BY visible_at`,
			min(share, limit-len(found)), now, project, topic); err != nil {
			return found, err
		}
	}
	return found, nil
}

// topicsInTurn is how many topics one claim looks at beside the oldest tasks.
const topicsInTurn = 8

func (tx *tx) claimWhere(found []claimed, handout int64, where string, limit int, now int64, args ...any) ([]claimed, error) {
	err := tx.each(`UPDATE task SET lease = ?1, received = received + 1
		WHERE seq IN (SELECT seq FROM task WHERE lease = 0 AND `+where+` LIMIT ?2) RETURNING seq, received, body`,
		append([]any{handout, limit, now}, args...), func(rows *sql.Rows) error {
			c := claimed{receipt: receipt{handout: handout}}
			if err := rows.Scan(&c.seq, &c.received, &c.body); err != nil {
				return err
			}
			found = append(found, c)
			return nil
		})
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
		if r, ok := parseReceipt(leases[i].Receipt); ok && db.ready.drop(r) {
			done = append(done, r)
		}
	}
	if len(done) == 0 {
		return nil
	}
	return db.committer.ack(done...)
}

// Release meets queue.Queue.
func (db *DB) Release(ctx context.Context, lease queue.Lease, delay time.Duration) error {
	r, ok := parseReceipt(lease.Receipt)
	if !ok || !db.ready.drop(r) {
		return nil
	}
	err := db.write(ctx, func(tx *tx) error { return tx.release(r, db.taskTime(tx)+delay.Microseconds()) })
	if err != nil {
		db.ready.again([]receipt{r})
		return fmt.Errorf("release task %s: %w", lease.ID, err)
	}
	return nil
}

// release makes a task due that was handed out.
func (tx *tx) release(t receipt, due int64) error {
	_, err := tx.exec(`UPDATE task SET visible_at = ?, lease = 0 WHERE seq = ? AND lease = ?`, due, t.seq, t.handout)
	tx.wakeAt(due)
	return err
}

// Wake meets queue.Queue.
func (db *DB) Wake(ctx context.Context, key string, limit int) (n int, err error) {
	err = db.write(ctx, func(tx *tx) (err error) {
		now := db.taskTime(tx)
		n, err = tx.exec(`UPDATE task SET visible_at = ?1 WHERE seq IN
			(SELECT seq FROM task WHERE waits_for = ?2 AND lease = 0 AND visible_at > ?1 ORDER BY seq LIMIT ?3)`, now, key, limit)
		if n > 0 {
			tx.wakeAt(now)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("wake what waits for %s: %w", key, err)
	}
	return n, nil
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

func (tx *tx) removeTask(r receipt) error {
	n, err := tx.exec(`DELETE FROM task WHERE seq = ? AND lease = ?`, r.seq, r.handout)
	tx.tasks -= n
	return err
}

// freeTasks makes all tasks due that someone had in hand. Nobody has when a
// program starts. It is done once, so the statement is not kept. It counts all tasks.
func (s *session) freeTasks(ctx context.Context, now time.Time) (n int64, err error) {
	if _, err := s.conn.ExecContext(ctx, `UPDATE task SET visible_at = min(visible_at, ?), lease = 0 WHERE lease <> 0`, micros(now)); err != nil {
		return 0, err
	}
	return n, s.conn.QueryRowContext(ctx, `SELECT count(*) FROM task`).Scan(&n)
}
