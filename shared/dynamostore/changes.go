package dynamostore

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tocsin/shared/store"
)

// maxPart is how many subscriptions one transaction changes or removes.
const maxPart = 20

// errTooMany is of a transaction that would have too many writes.
var errTooMany = errors.New("too many writes for one transaction")

// eachTopic does something with subscriptions that are there, those of one topic at
// once, and none twice at once. Do sets the outcome of what it refuses; it is called
// again, with what there is then, when it returns errCondition, and with fewer when
// it returns errTooMany. The others' outcome is store.ErrNotFound.
func (db *DB) eachTopic(ctx context.Context, keys []store.SubscriptionKey, do func(t roster, there []foundSubscription, outcomes []error) error) ([]error, error) {
	outcomes := make([]error, len(keys))
	left := make([]int, len(keys))
	for i := range left {
		left[i] = i
	}
	var pause backoff
	for most := maxPart; len(left) > 0; {
		part, rest := partOf(keys, left, most)
		var want []key
		for _, i := range part {
			want = append(want, subscriptionKey(keys[i].TopicID, keys[i].ID))
		}
		t, rows, err := db.rosterAnd(ctx, keys[part[0]].Project, keys[part[0]].TopicID, want...)
		if err != nil {
			return nil, err
		}
		var there []foundSubscription
		for j, i := range part {
			outcomes[i] = store.ErrNotFound
			if r, found := rows[want[j]]; found {
				outcomes[i] = nil
				there = append(there, foundSubscription{i, keys[i].ID, r})
			}
		}
		if len(there) > 0 {
			err = do(t, there, outcomes)
		}
		switch {
		case errors.Is(err, errTooMany) && most > 1:
			most /= 2
		case errors.Is(err, errCondition):
			if err := pause.waitForOthers(ctx, err); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			left, most, pause = rest, maxPart, backoff{}
		}
	}
	return outcomes, nil
}

// waitForOthers waits until it may be one's turn. Whoever is in the way is quick, and
// with each time one less.
func (b *backoff) waitForOthers(ctx context.Context, why error) error {
	b.tries = min(b.tries, maxOthers)
	return b.wait(ctx, why)
}

// maxOthers bounds the pauses, as the number of tries after which they do not grow.
const maxOthers = 3

// foundSubscription is a subscription that is there.
type foundSubscription struct {
	place int // of its key among those that were asked for
	id    string
	row
}

// partOf takes some of one topic, none of them twice.
func partOf(keys []store.SubscriptionKey, left []int, most int) (part, rest []int) {
	first, taken := keys[left[0]], map[store.SubscriptionKey]bool{}
	for _, i := range left {
		k := keys[i]
		if k.Project == first.Project && k.TopicID == first.TopicID && !taken[k] && len(part) < most {
			taken[k] = true
			part = append(part, i)
		} else {
			rest = append(rest, i)
		}
	}
	return part, rest
}

// change is a change of a subscription's attributes.
type change struct {
	store.SubscriptionKey
	refuse func(row) error // why the row that is there must not be changed; nil for never
	update expression
	when   expression // what refuse has seen; empty for nothing
}

// apply changes subscriptions, each with its copy. The answer has one item for each:
// nil, why it was refused, or store.ErrNotFound.
func (db *DB) apply(ctx context.Context, changes ...change) ([]error, error) {
	keys := make([]store.SubscriptionKey, len(changes))
	for i := range changes {
		keys[i] = changes[i].SubscriptionKey
	}
	return db.eachTopic(ctx, keys, func(t roster, there []foundSubscription, outcomes []error) error {
		var writes []write
		var ids []string
		for _, found := range there {
			c := changes[found.place]
			if c.refuse != nil {
				if outcomes[found.place] = c.refuse(found.row); outcomes[found.place] != nil {
					continue
				}
			}
			change := update(found.key, c.update.text, c.update.values...).when(present)
			if c.when.text != "" {
				change = change.when(c.when.text, c.when.values...)
			}
			writes = append(writes, change, update(listedSubscriptionKey(t.project, found.id), c.update.text, c.update.values...).when(present))
			ids = append(ids, found.id)
		}
		if len(writes) == 0 {
			return nil
		}
		touched, err := db.touch(ctx, t, ids)
		if err != nil {
			return err
		}
		return db.transact(ctx, append(writes, touched...)...)
	})
}

func (db *DB) applyOne(ctx context.Context, c change) error {
	outcomes, err := db.apply(ctx, c)
	if err == nil {
		err = outcomes[0]
	}
	return err
}

// touch gives the writes that say that subscriptions have changed.
func (db *DB) touch(ctx context.Context, t roster, ids []string) (writes []write, err error) {
	blocks, err := db.blocksOf(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	for _, first := range slices.Sorted(maps.Keys(blocks)) {
		writes = append(writes, t.update(first, "ADD #version ?", n(1)))
	}
	return writes, nil
}

// idsOfBlock is a block and some ids that belong to it.
type idsOfBlock struct {
	block
	ids []string
}

// blocksOf finds the blocks that ids belong to, by where they begin.
func (db *DB) blocksOf(ctx context.Context, t roster, ids []string) (map[string]idsOfBlock, error) {
	blocks := map[string]idsOfBlock{}
	ids = slices.Sorted(slices.Values(ids))
	for i := len(ids) - 1; i >= 0; {
		b := t.block
		if ids[i] < t.first {
			var err error
			if b, err = db.closedBlock(ctx, t.topicID, ids[i]); err != nil {
				return nil, err
			}
		}
		of := idsOfBlock{block: b}
		for ; i >= 0 && ids[i] >= b.first; i-- {
			of.ids = append(of.ids, ids[i])
		}
		blocks[b.first] = of
	}
	return blocks, nil
}

// update updates the block that begins at an id, unless it is another by now.
func (t *roster) update(first, text string, values ...value) write {
	if first == t.first {
		return update(rosterKey(t.topicID), text, values...).when("#first = ?", s(first))
	}
	return update(blockKey(t.topicID, first), text, values...).when(present)
}
