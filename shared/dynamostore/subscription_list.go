package dynamostore

import (
	"context"
	"fmt"
	"strings"

	"tocsin/shared/store"
)

// ListSubscriptions meets store.Subscriptions. With a filter it reads the whole list.
func (db *DB) ListSubscriptions(ctx context.Context, q store.SubscriptionQuery) (store.SubscriptionPage, error) {
	list := db.listOfProject
	if q.TopicID != "" {
		list = db.listOfTopic
	}
	page, err := list(ctx, q)
	if err != nil {
		return store.SubscriptionPage{}, fmt.Errorf("list subscriptions of project %s: %w", q.Project, err)
	}
	return page, nil
}

func (db *DB) listOfTopic(ctx context.Context, q store.SubscriptionQuery) (page store.SubscriptionPage, err error) {
	t, found, err := db.roster(ctx, q.Project, q.TopicID)
	if err != nil || !found {
		return page, err
	}
	if isFiltered(q) {
		return db.filtered(ctx, topicSubscriptions(q.TopicID), q, t.subscription)
	}
	l := counted{directory: topicSubscriptions(q.TopicID), total: int(t.n)}
	if q.Offset > 0 {
		if l.counts, err = db.blocksOfTopic(ctx, t); err != nil {
			return page, err
		}
	}
	rows, err := db.rowsOf(ctx, l, nil, part{after: q.After, offset: q.Offset, limit: q.Limit})
	if err != nil {
		return page, err
	}
	page.Total = l.total
	page.Subscriptions, err = subscriptionsOf(rows, t.subscription)
	return page, err
}

// blocksOfTopic gives all blocks of a topic as those of its directory.
func (db *DB) blocksOfTopic(ctx context.Context, t roster) ([]row, error) {
	last := row{blockKey(t.topicID, t.first), t.block.item()}
	if t.first == "" {
		return []row{last}, nil
	}
	blocks, err := db.blocksBetween(ctx, last.pk, blockPrefix, "", t.first)
	if k := len(blocks) - 1; k >= 0 && blocks[k].sk == last.sk { // it has just been closed
		blocks = blocks[:k]
	}
	return append(blocks, last), err
}

func (db *DB) listOfProject(ctx context.Context, q store.SubscriptionQuery) (page store.SubscriptionPage, err error) {
	p := part{after: q.After, offset: q.Offset, limit: q.Limit}
	deleted := map[string]bool{}
	for r, err := range db.query(ctx, query{pk: deletedTopicKey(q.Project, "").pk, prefix: deletedPrefix}) {
		if err != nil {
			return page, err
		}
		topicID := r.sk[len(deletedPrefix):]
		deleted[topicID] = true
		p.without = append(p.without, topicSubscriptions(topicID))
	}
	p.hidden = func(r row) bool { return deleted[r.str("topic")] }
	read := func(r row) (store.Subscription, error) { return r.listedSubscription(q.Project) }
	if isFiltered(q) {
		return db.filtered(ctx, projectSubscriptions(q.Project), q, read, p.hidden)
	}
	rows, total, err := db.page(ctx, projectSubscriptions(q.Project), p)
	if err != nil {
		return page, err
	}
	page.Total = total
	page.Subscriptions, err = subscriptionsOf(rows, read)
	return page, err
}

// listedSubscription reads a copy.
func (r row) listedSubscription(project string) (store.Subscription, error) {
	sub, err := r.subscription()
	sub.Project, sub.TopicID, sub.TopicName = project, r.str("topic"), r.str("name")
	return sub, err
}

func subscriptionsOf(rows []row, read func(row) (store.Subscription, error)) (list []store.Subscription, err error) {
	for _, r := range rows {
		sub, err := read(r)
		if err != nil {
			return nil, err
		}
		list = append(list, sub)
	}
	return list, nil
}

func isFiltered(q store.SubscriptionQuery) bool {
	return q.Protocol != "" || q.Status != nil || q.Endpoint != "" || q.Remark != ""
}

func fits(sub store.Subscription, q store.SubscriptionQuery) bool {
	return (q.Protocol == "" || sub.Protocol == q.Protocol) &&
		(q.Status == nil || sub.Status == *q.Status) &&
		(q.Endpoint == "" || sub.Endpoint == q.Endpoint) &&
		strings.Contains(sub.Remark, q.Remark)
}

// filtered reads a list for those that fit.
func (db *DB) filtered(ctx context.Context, d directory, q store.SubscriptionQuery, read func(row) (store.Subscription, error), hidden ...func(row) bool) (page store.SubscriptionPage, err error) {
	skip := q.Offset
next:
	for r, err := range db.query(ctx, query{pk: d.pk, prefix: d.rows}) {
		if err != nil {
			return page, err
		}
		for _, isHidden := range hidden {
			if isHidden(r) {
				continue next
			}
		}
		sub, err := read(r)
		if err != nil {
			return page, err
		}
		if !fits(sub, q) {
			continue
		}
		page.Total++
		switch {
		case sub.ID <= q.After || len(page.Subscriptions) == q.Limit:
		case skip > 0:
			skip--
		default:
			page.Subscriptions = append(page.Subscriptions, sub)
		}
	}
	return page, nil
}
