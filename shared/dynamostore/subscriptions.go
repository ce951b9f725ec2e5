package dynamostore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// subscriptionRow is the attribute v of a subscription, and of its copy in the list
// of the project: what never changes.
type subscriptionRow struct {
	Protocol   smn.Protocol   `json:"p"`
	Endpoint   string         `json:"e"`
	Extension  *smn.Extension `json:"x,omitempty"`
	Subscriber string         `json:"by,omitempty"`
	CreatedAt  int64          `json:"at"` // milliseconds of Unix time
}

// subscriptionItem is what a subscription and its copy both have.
func subscriptionItem(sub store.Subscription) item {
	v := subscriptionRow{Protocol: sub.Protocol, Endpoint: sub.Endpoint, Subscriber: sub.Subscriber, CreatedAt: sub.CreatedAt.UnixMilli()}
	if !isZero(sub.Extension) {
		v.Extension = &sub.Extension
	}
	attrs := item{"seq": n(sub.Seq), "status": n(sub.Status), "version": n(sub.Version), "v": body(v)}
	if sub.Remark != "" {
		attrs["remark"] = s(sub.Remark)
	}
	if len(sub.Filters) > 0 {
		attrs["filters"] = body(sub.Filters)
	}
	return attrs
}

func isZero(x smn.Extension) bool {
	return len(x.Header) == 0 && x.Retry == nil && x.Keyword == "" && x.SignSecret == "" && x.ClientID == "" && x.ClientSecret == ""
}

// subscription reads a row, of either kind, but for its topic and project.
func (r row) subscription() (store.Subscription, error) {
	var v subscriptionRow
	if err := r.decode(&v); err != nil {
		return store.Subscription{}, err
	}
	sub := store.Subscription{
		SubscriptionKey: store.SubscriptionKey{ID: r.sk[len(subscriptionPrefix):]},
		Seq:             r.num("seq"), Protocol: v.Protocol, Endpoint: v.Endpoint, Remark: r.str("remark"), Subscriber: v.Subscriber,
		Status: smn.Status(r.num("status")), Version: int(r.num("version")), CreatedAt: time.UnixMilli(v.CreatedAt).UTC(),
	}
	if v.Extension != nil {
		sub.Extension = *v.Extension
	}
	if r.has("filters") {
		if err := json.Unmarshal([]byte(r.str("filters")), &sub.Filters); err != nil {
			return sub, fmt.Errorf("filters of row %s: %w", r.key, err)
		}
	}
	return sub, nil
}

// subscription reads a row of a topic.
func (t *roster) subscription(r row) (store.Subscription, error) {
	sub, err := r.subscription()
	sub.Project, sub.TopicID, sub.TopicName = t.project, t.topicID, t.name
	return sub, err
}

// GetSubscription meets store.Subscriptions.
func (db *DB) GetSubscription(ctx context.Context, k store.SubscriptionKey) (store.Subscription, error) {
	sub, err := db.getSubscription(ctx, k)
	if err != nil {
		return store.Subscription{}, fmt.Errorf("get subscription %s: %w", k.ID, err)
	}
	return sub, nil
}

func (db *DB) getSubscription(ctx context.Context, k store.SubscriptionKey) (sub store.Subscription, err error) {
	t, rows, err := db.rosterAnd(ctx, k.Project, k.TopicID, subscriptionKey(k.TopicID, k.ID))
	if err != nil {
		return sub, err
	}
	r, found := rows[subscriptionKey(k.TopicID, k.ID)]
	if !found {
		return sub, store.ErrNotFound
	}
	return t.subscription(r)
}

// rosterAnd reads the roster of a topic of a project together with other rows of the
// topic. Without a roster there are none.
func (db *DB) rosterAnd(ctx context.Context, project, topicID string, keys ...key) (roster, map[key]row, error) {
	rows, err := db.getMany(ctx, append(keys, rosterKey(topicID)))
	if err != nil {
		return roster{}, nil, err
	}
	r, found := rows[rosterKey(topicID)]
	if !found || r.str("project") != project {
		return roster{}, nil, nil
	}
	return r.roster(topicID), rows, nil
}

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
		if writes = append(writes, touched...); len(writes) > maxTransact {
			return errTooMany
		}
		return db.transact(ctx, writes...)
	})
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

// ChangeStatus meets store.Subscriptions.
func (db *DB) ChangeStatus(ctx context.Context, k store.SubscriptionKey, version int, to smn.Status, tasks ...queue.Task) error {
	var endpoint flow.Limit
	err := db.applyOne(ctx, change{
		SubscriptionKey: k,
		refuse: func(r row) error {
			if r.num("version") != int64(version) {
				return store.ErrConflict
			}
			sub, err := r.subscription()
			endpoint = flow.Confirmations(sub.Protocol, sub.Endpoint)
			return err
		},
		update: expression{"SET #status = ? ADD #version ?", []value{n(to), n(1)}},
		when:   expression{"#version = ?", []value{n(version)}},
	})
	if err == nil && to == smn.Confirmed {
		err = db.forgetFlow(ctx, endpoint)
	}
	if err == nil {
		err = db.putTasks(ctx, tasks...)
	}
	if err != nil {
		return fmt.Errorf("change status of subscription %s: %w", k.ID, err)
	}
	return nil
}

// forgetFlow begins anew for a recipient, if anything of it was counted.
func (db *DB) forgetFlow(ctx context.Context, limit flow.Limit) error {
	for _, w := range forget(limit) {
		_, there, err := db.get(ctx, w.key)
		if err == nil && there {
			_, err = db.write(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) applyOne(ctx context.Context, c change) error {
	outcomes, err := db.apply(ctx, c)
	if err == nil {
		err = outcomes[0]
	}
	return err
}

// SetRemark meets store.Subscriptions.
func (db *DB) SetRemark(ctx context.Context, k store.SubscriptionKey, remark string) error {
	err := db.applyOne(ctx, change{SubscriptionKey: k, update: expression{"SET #remark = ?", []value{s(remark)}}})
	if err != nil {
		return fmt.Errorf("set remark of subscription %s: %w", k.ID, err)
	}
	return nil
}

// SetFilters meets store.Subscriptions.
func (db *DB) SetFilters(ctx context.Context, changes []store.FilterChange, onlyNew bool) ([]error, error) {
	list := make([]change, len(changes))
	for i, c := range changes {
		list[i] = change{SubscriptionKey: c.SubscriptionKey, update: expression{text: "REMOVE #filters"}}
		if len(c.Filters) > 0 {
			list[i].update = expression{"SET #filters = ?", []value{body(c.Filters)}}
		}
		if onlyNew {
			list[i].refuse = func(r row) error {
				if r.has("filters") {
					return store.ErrConflict
				}
				return nil
			}
			list[i].when = expression{text: "attribute_not_exists(#filters)"}
		}
	}
	outcomes, err := db.apply(ctx, list...)
	if err != nil {
		return nil, fmt.Errorf("set filters of %d subscriptions: %w", len(changes), err)
	}
	return outcomes, nil
}
