package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// Admit meets store.Flow.
func (db *DB) Admit(ctx context.Context, now time.Time, messages ...store.Admission) ([]error, error) {
	outcomes := make([]error, 0, len(messages))
	for part := range slices.Chunk(messages, maxTransact) {
		some, err := db.admit(ctx, now, part)
		if err != nil {
			return nil, fmt.Errorf("admit %d messages: %w", len(messages), err)
		}
		outcomes = append(outcomes, some...)
	}
	return outcomes, nil
}

func (db *DB) admit(ctx context.Context, now time.Time, messages []store.Admission) ([]error, error) {
	limits := make([]flow.Limit, len(messages))
	for i := range messages {
		limits[i] = messages[i].Limit
	}
	var pause backoff
	for { // until nobody is faster
		tally, err := db.tally(ctx, limits...)
		if err != nil {
			return nil, err
		}
		outcomes := make([]error, len(messages))
		var tasks []queue.Task
		for i := range messages {
			if outcomes[i] = tally.take(messages[i].Limit, now); outcomes[i] == nil {
				tasks = append(tasks, messages[i].Task)
			}
		}
		switch writes := tally.writes(); len(writes) {
		case 0:
		case 1:
			_, err = db.write(ctx, writes[0])
		default:
			err = db.transact(ctx, writes...)
		}
		if errors.Is(err, errCondition) {
			if err := pause.wait(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		if err == nil {
			err = db.putTasks(ctx, tasks...)
		}
		return outcomes, err
	}
}

// tally is the counts of some recipients: as they are kept, and as they will be when
// its writes are done.
type tally struct {
	now    time.Time // of the store, which may differ from those that messages are counted at
	counts map[string]*counts
}

// counts are those of one recipient.
type counts struct {
	kept    string // attribute rev of the row that is there; empty when there is none
	windows []flow.Count
	expires time.Duration // from now; 0 while nothing was counted
}

// countRow is one of a list, which is the attribute v.
type countRow struct {
	N     int       `json:"n"`
	Until time.Time `json:"until"`
}

// tally reads the counts of recipients.
func (db *DB) tally(ctx context.Context, limits ...flow.Limit) (*tally, error) {
	t := &tally{now: db.now(), counts: map[string]*counts{}}
	var keys []key
	for _, l := range limits {
		if len(l.Windows) > 0 && t.counts[l.Key] == nil {
			t.counts[l.Key] = &counts{}
			keys = append(keys, flowKey(l.Key))
		}
	}
	rows, err := db.getMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	for recipient, c := range t.counts {
		r, found := rows[flowKey(recipient)]
		if !found {
			continue
		}
		var list []countRow
		if err := r.decode(&list); err != nil {
			return nil, err
		}
		c.kept = r.str("rev")
		for _, one := range list {
			c.windows = append(c.windows, flow.Count(one))
		}
	}
	return t, nil
}

// take counts one message to a recipient that was asked for, or returns
// store.Throttled and counts nothing. The zero limit counts nothing either.
func (t *tally) take(limit flow.Limit, now time.Time) error {
	if len(limit.Windows) == 0 {
		return nil
	}
	c := t.counts[limit.Key]
	after, until := flow.Take(limit.Windows, c.windows, now)
	if !until.IsZero() {
		return store.Throttled{Until: until}
	}
	if len(after) < len(c.windows) { // there were more windows before
		after = append(after, c.windows[len(after):]...)
	}
	c.windows = after
	for _, w := range after {
		c.expires = max(c.expires, w.Until.Sub(now))
	}
	return nil
}

// giveBack takes a message back that was counted and not sent.
func (t *tally) giveBack(limit flow.Limit, now time.Time) {
	c := t.counts[limit.Key]
	c.windows = flow.GiveBack(c.windows, now)
	for _, w := range c.windows {
		c.expires = max(c.expires, w.Until.Sub(now))
	}
}

// uncount takes a message back that admit has counted.
func (db *DB) uncount(ctx context.Context, now time.Time, limit flow.Limit) error {
	var pause backoff
	for { // until nobody is faster
		tally, err := db.tally(ctx, limit)
		if err != nil {
			return err
		}
		tally.giveBack(limit, now)
		for _, w := range tally.writes() {
			_, err = db.write(ctx, w)
		}
		if !errors.Is(err, errCondition) {
			return err
		}
		if err := pause.wait(ctx, err); err != nil {
			return err
		}
	}
}

// writes keeps what was counted, one write for each recipient that was: in one
// transaction with what is counted, or by themselves. Where a condition fails
// someone else has counted meanwhile: start with another tally.
func (t *tally) writes() (writes []write) {
	for _, recipient := range slices.Sorted(maps.Keys(t.counts)) {
		c := t.counts[recipient]
		if c.expires == 0 {
			continue
		}
		list := make([]countRow, len(c.windows))
		for i, w := range c.windows {
			list[i] = countRow{w.N, w.Until.UTC()}
		}
		rev := s(token())
		w := put(flowKey(recipient), item{"rev": rev, "v": body(list), "ttl": ttl(t.now.Add(c.expires))})
		if c.kept == "" {
			w = w.when(absent+" OR #ttl <= ? OR #rev = ?", n(t.now.Unix()), rev)
		} else {
			w = w.when("#rev = ? OR #rev = ?", s(c.kept), rev) // the second when an answer was lost
		}
		writes = append(writes, w)
	}
	return writes
}

// forget begins anew for a recipient.
func forget(limit flow.Limit) (writes []write) {
	if limit.Key == "" {
		return nil
	}
	return []write{remove(flowKey(limit.Key))}
}
