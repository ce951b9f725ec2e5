package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// maxRevival is how long a redelivery may take from the row of a failure to its task.
// If it has not come so far by then it will not any more, and the failure counts as
// dead again.
const maxRevival = time.Minute

// deadPage is how many places of a list are read at least, where some may not count.
const deadPage = 25

// ListDead meets store.Reports.
func (db *DB) ListDead(ctx context.Context, q store.DeadQuery) (list []store.DeadFailure, err error) {
	prefix, below := "", ""
	if q.MessageID != "" {
		prefix = deadPlace(q.MessageID, q.SubscriptionID)
	}
	if q.After != (store.DeadKey{}) {
		below = deadPlace(q.After.MessageID, q.After.SubscriptionID)
	}
	for size := max(q.Limit, deadPage); len(list) < q.Limit; {
		places, err := db.newest(ctx, deadList(q.TopicID), prefix, below, size)
		if err != nil {
			return nil, fmt.Errorf("list dead deliveries of topic %s: %w", q.TopicID, err)
		}
		dead, err := db.deadAt(ctx, q, places)
		if err != nil {
			return nil, fmt.Errorf("list dead deliveries of topic %s: %w", q.TopicID, err)
		}
		list = append(list, dead...)
		if len(places) < size {
			break
		}
		below = places[size-1].sk
	}
	return list[:min(q.Limit, len(list))], nil
}

// deadAt gives the dead failures at places of a list: those that still are, and whose
// messages are there.
func (db *DB) deadAt(ctx context.Context, q store.DeadQuery, places []row) (list []store.DeadFailure, err error) {
	var failures, heads []key
	for _, place := range places {
		messageID, subscriptionID, _ := strings.Cut(place.sk, "#")
		if q.SubscriptionID != "" && q.SubscriptionID != subscriptionID {
			continue
		}
		failures = append(failures, failureKey(messageID, subscriptionID))
		heads = append(heads, headKey(q.TopicID, messageID))
	}
	messages, err := db.getMany(ctx, slices.Compact(slices.Clone(heads)))
	if err != nil {
		return nil, err
	}
	rows, err := db.getMany(ctx, failures)
	if err != nil {
		return nil, err
	}
	for i, k := range failures {
		r, found := rows[k]
		head, kept := messages[heads[i]]
		if !found || !kept || !db.isDead(r) {
			continue
		}
		f, err := r.failure(head.sk)
		if err != nil {
			return nil, err
		}
		f.Dead = true
		list = append(list, store.DeadFailure{ListedFailure: store.ListedFailure{Failure: f}, Message: head.head()})
	}
	listed := make([]*store.ListedFailure, len(list))
	for i := range list {
		listed[i] = &list[i].ListedFailure
	}
	return list, db.addProtocols(ctx, listed)
}

// isDead says whether a failure is dead, or was left halfway by a redelivery.
func (db *DB) isDead(r row) bool {
	return r.has("dead") || r.has("revived") && r.num("revived") <= db.now().Add(-maxRevival).UnixMilli()
}

// Steps of Redeliver.
const (
	redeliverStep = 100 // deliveries
	redeliverSide = 10  // of them side by side
)

// Redeliver meets store.Reports. The rows come before the tasks, which have nothing to
// do for what is dead, and the places in the list go last: what a call leaves halfway
// is still found there.
func (db *DB) Redeliver(ctx context.Context, items []store.Redelivery) (redelivered int, err error) {
	if err := db.keepLonger(ctx, items); err != nil {
		return 0, fmt.Errorf("redeliver: %w", err)
	}
	for step := range slices.Chunk(items, redeliverStep) {
		n, err := db.redeliver(ctx, step)
		redelivered += n
		if err != nil {
			return redelivered, fmt.Errorf("redeliver: %w", err)
		}
	}
	return redelivered, nil
}

func (db *DB) redeliver(ctx context.Context, items []store.Redelivery) (int, error) {
	revived := make([]bool, len(items))
	failed := sideBySide(len(items), redeliverSide, func(i int) (err error) {
		revived[i], err = db.revive(ctx, items[i].Failure)
		return err
	})
	var tasks []queue.Task
	for i, item := range items {
		if revived[i] {
			tasks = append(tasks, item.Task)
		}
	}
	if err := db.putTasks(ctx, tasks...); err != nil {
		return 0, errors.Join(failed, err)
	}
	err := sideBySide(len(items), redeliverSide, func(i int) error {
		if !revived[i] {
			return nil
		}
		// Unless it has died again since.
		_, err := db.write(ctx, remove(deadKey(items[i].Failure)).when("#at <= ?", ms(items[i].At)))
		if errors.Is(err, errCondition) {
			return nil
		}
		return err
	})
	return len(tasks), errors.Join(failed, err)
}

// revive puts a failure in the place of a dead one, if it is that.
func (db *DB) revive(ctx context.Context, f store.Failure) (bool, error) {
	holder, now := token(), db.now()
	attrs := db.failureItem(f)
	attrs["holder"], attrs["revived"] = s(holder), ms(now)
	there, err := db.write(ctx, put(failureKey(f.MessageID, f.SubscriptionID), attrs).
		when("attribute_exists(dead) OR revived <= ?", ms(now.Add(-maxRevival))))
	if errors.Is(err, errCondition) {
		return there.str("holder") == holder, nil // then the answer was lost
	}
	return err == nil, err
}

// keepLonger lets messages stay until what is revived now has been dead again for
// smn.KeepDead, and their reports with them.
func (db *DB) keepLonger(ctx context.Context, items []store.Redelivery) error {
	messages := make(map[key]string, len(items)) // by the key of their head
	for _, item := range items {
		messages[headKey(item.TopicID, item.MessageID)] = item.MessageID
	}
	heads, err := db.getMany(ctx, slices.Collect(maps.Keys(messages)))
	if err != nil {
		return err
	}
	until := db.now().Add(smn.DefaultTimeToLive + smn.KeepDead)
	for k, head := range heads {
		if head.num("ttl") >= until.Unix() {
			continue
		}
		end := until.Add(keepMessages - smn.KeepDead) // so it need not be done for each redelivery
		if err := db.keepReport(ctx, messages[k], end); err != nil {
			return err
		}
		for _, k := range []key{messageKey(messages[k]), k} {
			if err := db.keepRow(ctx, k, ttl(end)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepReport lets the report of a message outlive a time.
func (db *DB) keepReport(ctx context.Context, messageID string, end time.Time) error {
	var short []key
	for r, err := range db.query(ctx, reportRows(messageID)) {
		if err != nil {
			return err
		}
		if r.num("ttl") <= end.Unix() {
			short = append(short, r.key)
		}
	}
	return sideBySide(len(short), redeliverSide, func(i int) error { return db.keepRow(ctx, short[i], db.reportTTL()) })
}

func (db *DB) keepRow(ctx context.Context, k key, end value) error {
	_, err := db.write(ctx, update(k, "SET #ttl = ?", end).when(present))
	if errors.Is(err, errCondition) {
		return nil // it is gone
	}
	return err
}

// sideBySide does n things, some of them at once, and gives the errors.
func sideBySide(n, atOnce int, do func(i int) error) error {
	var group sync.WaitGroup
	failed, places := make([]error, n), make(chan struct{}, atOnce)
	for i := range n {
		places <- struct{}{}
		group.Go(func() {
			failed[i] = do(i)
			<-places
		})
	}
	group.Wait()
	return errors.Join(failed...)
}
