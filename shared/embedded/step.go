package embedded

import (
	"context"
	"time"
)

// What is removed in the background goes in steps: transactions of a few rows and
// a moment, since everybody who writes waits for them.
const (
	stepRows  = 1000
	stepTime  = 400 * time.Microsecond
	stepPart  = 64 // rows that one statement removes, after which the time is looked at
	leastRest = 3  // times as long as a step has taken nothing is removed after it
	stepRest  = 20 * time.Millisecond
	hurried   = 30 * time.Second // after which the rest is as short as it can be
)

// pace is when a round of steps began. It rests long between them at first, when
// somebody may wait for each write, and ever less as there turns out to be much to
// remove: as much must be able to go as comes.
type pace struct{ began time.Time }

func newPace() pace { return pace{time.Now()} }

func (p pace) rest(took, soFar time.Duration) time.Duration {
	return max(leastRest*took, stepRest-stepRest*soFar/hurried)
}

// step is how much of a step is left.
type step struct {
	began time.Time
	rows  int           // that may still be removed
	part  int           // rows that were offered last
	then  time.Duration // when
	over  bool
}

func newStep() step { return step{began: time.Now(), rows: stepRows, part: 2} }

// room is how many rows may be removed now; 0 ends the step. It begins with few,
// since a row can have a hundred pages, and goes on with as many as there seems to
// be time for. However slow the machine is, a step does not end before it has
// removed something.
func (s *step) room() int {
	now := time.Since(s.began)
	if s.rows <= 0 || now >= stepTime && s.rows < stepRows {
		s.over = true
		return 0
	}
	part := 2 * s.part
	if took := now - s.then; took > 0 {
		part = min(part, 1+int(int64(s.part)*int64(stepTime-now)/int64(took)))
	}
	s.part, s.then = min(max(part, 1), stepPart, s.rows), now
	return s.part
}

// removed counts rows that are gone.
func (s *step) removed(rows int) { s.rows -= rows }

// step runs one step with the next group of writes, and rests if there is more to
// do: it tells whether remove has found the end of its room. Like any operation,
// remove may run twice.
func (db *DB) step(ctx context.Context, p pace, remove func(*tx, *step) error) (more bool, err error) {
	select {
	case <-db.closing:
		return false, ErrClosed
	default:
	}
	var s step
	var took time.Duration
	err = db.writeUnhurried(ctx, func(tx *tx) error {
		s = newStep()
		err := remove(tx, &s)
		took = time.Since(s.began)
		return err
	})
	if err != nil || !s.over {
		return false, err
	}
	select { // who ends a rest sees so at the next step
	case <-time.After(p.rest(took, time.Since(p.began))):
	case <-ctx.Done():
	case <-db.closing:
	}
	return true, nil
}

// remove runs a statement that deletes rows, of which the last argument is the
// limit, until it finds no more or the step is over.
func (tx *tx) remove(s *step, query string, args ...any) (gone int, err error) {
	for room := s.room(); room > 0; room = s.room() {
		n, err := tx.exec(query, append(args, room)...)
		gone += n
		s.removed(n)
		if err != nil || n < room {
			return gone, err
		}
	}
	return gone, nil
}
