package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tocsin/shared/store"
)

// DeleteSubscription meets store.Subscriptions.
func (db *DB) DeleteSubscription(ctx context.Context, k store.SubscriptionKey) error {
	outcomes, err := db.deleteSubscriptions(ctx, []store.SubscriptionKey{k})
	if err == nil {
		err = outcomes[0]
	}
	if err != nil {
		return fmt.Errorf("delete subscription %s: %w", k.ID, err)
	}
	return nil
}

// DeleteSubscriptions meets store.Subscriptions.
func (db *DB) DeleteSubscriptions(ctx context.Context, keys []store.SubscriptionKey) ([]error, error) {
	outcomes, err := db.deleteSubscriptions(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("delete %d subscriptions: %w", len(keys), err)
	}
	return outcomes, nil
}

func (db *DB) deleteSubscriptions(ctx context.Context, keys []store.SubscriptionKey) ([]error, error) {
	return db.eachTopic(ctx, keys, func(t roster, there []foundSubscription, _ []error) error {
		rows := make([]row, len(there))
		for i, found := range there {
			rows[i] = found.row
		}
		last, writes, err := db.removal(ctx, t, rows)
		if err != nil {
			return err
		}
		change, values := counting(last)
		writes = append(writes, update(rosterKey(t.topicID), change+", #rows ?", append(values, n(-len(rows)))...).when("#first = ?", s(t.first)))
		if len(writes) > maxTransact {
			return errTooMany
		}
		return db.transact(ctx, writes...)
	})
}

// removal gives the writes that remove subscriptions, but for that of the roster,
// which counts what the last block loses by chunk.
func (db *DB) removal(ctx context.Context, t roster, rows []row) (last map[int]int64, writes []write, err error) {
	ids := make([]string, len(rows))
	chunks := map[string]int{} // by id
	for i, r := range rows {
		sub, err := t.subscription(r)
		if err != nil {
			return nil, nil, err
		}
		ids[i], chunks[sub.ID] = sub.ID, chunkOf(sub.Seq)
		writes = append(writes,
			remove(r.key).when(present),
			remove(guardKey(t.topicID, sub)),
			remove(healthKey(t.topicID, sub.Seq)),
			remove(listedSubscriptionKey(t.project, sub.ID)),
		)
	}
	blocks, err := db.blocksOf(ctx, t, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, first := range slices.Sorted(maps.Keys(blocks)) {
		b, by := blocks[first], map[int]int64{}
		for _, id := range b.ids {
			by[chunks[id]]--
		}
		change, values := counting(by)
		switch {
		case first == t.first:
			last = by
		case first != "" && b.rows() == int64(len(b.ids)): // the one before it takes what may come yet
			writes = append(writes, remove(blockKey(t.topicID, first)).when("#version = ?", n(b.version)))
		default:
			writes = append(writes, update(blockKey(t.topicID, first), change, values...).when(present))
		}
	}
	counted, err := db.drop(ctx, projectSubscriptions(t.project), ids...)
	return last, append(writes, counted...), err
}

// leaveSubscriptions gives the writes that let nothing find the subscriptions of a
// topic any more. They go into the transaction that deletes the topic; with
// errCondition someone subscribed meanwhile: ask again. Whatever they are,
// clearSubscriptions removes the rows then.
func (db *DB) leaveSubscriptions(ctx context.Context, project, topicID string) ([]write, error) {
	t, found, err := db.roster(ctx, project, topicID)
	if err != nil {
		return nil, err
	}
	if !found {
		return []write{check(rosterKey(topicID), absent)}, nil
	}
	return []write{
		remove(rosterKey(topicID)).when("#version = ?", n(t.version)),
		put(blockKey(topicID, t.first), t.block.item()),
		put(deletedTopicKey(project, topicID), nil),
	}, nil
}

// clearSubscriptions removes some of what a deleted topic has left of its
// subscriptions, and says whether there may be more.
func (db *DB) clearSubscriptions(ctx context.Context, project, topicID string) (more bool, err error) {
	k := deletedTopicKey(project, topicID)
	if _, found, err := db.get(ctx, k); err != nil || !found {
		return false, err
	}
	pk := rosterKey(topicID).pk
	var rows []row
	for r, err := range db.query(ctx, query{pk: pk, prefix: subscriptionPrefix, limit: maxPart}) {
		if err != nil {
			return false, err
		}
		rows = append(rows, r)
	}
	if len(rows) > 0 {
		return true, db.clearRows(ctx, project, topicID, rows)
	}
	var left []write
	for r, err := range db.query(ctx, query{pk: pk, limit: maxLeft}) {
		if err != nil {
			return false, err
		}
		left = append(left, remove(r.key))
	}
	if err := db.batch(ctx, left...); err != nil || len(left) == maxLeft {
		return true, err
	}
	_, err = db.write(ctx, remove(k))
	return false, err
}

// maxLeft is how many rows are removed at once that nothing counts.
const maxLeft = 200

// clearRows removes subscriptions of a deleted topic, or fewer, or none when someone
// else is about it.
func (db *DB) clearRows(ctx context.Context, project, topicID string, rows []row) error {
	for {
		t := roster{topicID: topicID, project: project, block: block{first: highest}} // no block is in it
		_, writes, err := db.removal(ctx, t, rows)
		if err == nil && len(writes) > maxTransact && len(rows) > 1 {
			rows = rows[:len(rows)/2]
			continue
		}
		if err == nil {
			err = db.transact(ctx, writes...)
		}
		if errors.Is(err, errCondition) {
			return nil
		}
		return err
	}
}
