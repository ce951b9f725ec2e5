package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// AddSubscriptions meets store.Subscriptions. What is counted for flow is counted
// first, by itself: when someone else is faster with the last place or the same
// endpoint, one message too many may have been counted.
func (db *DB) AddSubscriptions(ctx context.Context, project, topicID string, items []store.AddSubscription, limit int) ([]store.AddedSubscription, error) {
	a := addition{db: db, project: project, topicID: topicID, limit: int64(limit), items: slices.Clone(items), counted: map[string]error{}}
	for i := range a.items {
		sub := &a.items[i].Subscription
		sub.Project, sub.TopicID, sub.Version, sub.CreatedAt = project, topicID, 0, kept(sub.CreatedAt)
		if len(sub.Extension.Header) == 0 {
			sub.Extension.Header = nil
		}
		if len(sub.Filters) == 0 {
			sub.Filters = nil
		}
	}
	added := make([]store.AddedSubscription, 0, len(items))
	var pause backoff
	for most := maxAdded; len(a.items) > 0; {
		some, err := a.addPart(ctx, most)
		switch {
		case errors.Is(err, errTooMany) && most > 1:
			most /= 2
			continue
		case errors.Is(err, errCondition):
			err = pause.waitForOthers(ctx, err)
		case err == nil:
			pause = backoff{}
		}
		if err != nil {
			return nil, fmt.Errorf("add subscriptions to topic %s: %w", topicID, err)
		}
		added, a.items = append(added, some...), a.items[len(some):]
	}
	return added, nil
}

// maxAdded is how many subscriptions one transaction adds.
const maxAdded = 30

// addition is what is left of a call of AddSubscriptions.
type addition struct {
	db      *DB
	project string
	topicID string
	limit   int64
	items   []store.AddSubscription
	counted map[string]error // by id: nil when it was counted for flow, or why it must not be added
}

// addPart adds the first of the items, so many as fit one transaction, and says what
// became of them. When it returns errCondition someone else was faster, and nothing
// was added.
func (a *addition) addPart(ctx context.Context, most int) ([]store.AddedSubscription, error) {
	p := plan{call: a, roster: roster{topicID: a.topicID}, items: a.items[:min(most, len(a.items))]}
	err := p.begin(ctx)
	if err == nil {
		err = p.read(ctx)
	}
	if err == nil {
		err = p.count(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, item := range p.items {
		if more, err := p.add(ctx, item); err != nil || !more {
			if err != nil {
				return nil, err
			}
			break
		}
	}
	if err := p.commit(ctx); err != nil {
		return nil, err
	}
	if err := p.uncount(ctx); err != nil {
		return nil, err
	}
	return p.added, a.db.putTasks(ctx, p.tasks...)
}

// uncount takes back what was counted for items that were not added after all, since
// somebody was faster: their caller counts what it sends them instead.
func (p *plan) uncount(ctx context.Context) error {
	for i, added := range p.added {
		item := p.items[i]
		refused, counted := p.call.counted[item.ID]
		if !counted || refused != nil || len(item.Flow.Windows) == 0 || added.Created || added.ID == item.ID && added.Err == nil {
			continue
		}
		if err := p.call.db.uncount(ctx, item.CreatedAt, item.Flow); err != nil {
			return err
		}
		delete(p.call.counted, item.ID)
	}
	return nil
}

// plan is one transaction that adds subscriptions, and what they will have become.
type plan struct {
	call   *addition
	items  []store.AddSubscription
	first  bool                       // whether the topic has no roster yet
	there  map[key]store.Subscription // by the keys of their guards
	roster                            // as it will be
	before roster                     // as it is
	writes []write
	ids    []string // of those that are new
	added  []store.AddedSubscription
	tasks  []queue.Task
}

// read finds the subscriptions that are there already.
func (p *plan) read(ctx context.Context) error {
	var guards []key
	for _, item := range p.items {
		if k := guardKey(p.topicID, item.Subscription); !slices.Contains(guards, k) {
			guards = append(guards, k)
		}
	}
	rows, err := p.call.db.getMany(ctx, guards)
	if err != nil {
		return err
	}
	owners := map[key]key{} // of guards, by the key of the subscription
	var keys []key
	for _, guard := range guards {
		if r, found := rows[guard]; found {
			k := subscriptionKey(p.topicID, r.str("id"))
			owners[k] = guard
			keys = append(keys, k)
		}
	}
	rows, err = p.call.db.getMany(ctx, keys)
	if err != nil {
		return err
	}
	p.there = map[key]store.Subscription{}
	for _, k := range keys {
		r, found := rows[k]
		if !found {
			return errCondition // it has just gone
		}
		if p.there[owners[k]], err = p.subscription(r); err != nil {
			return err
		}
	}
	return nil
}

// begin reads the roster, or makes the first one of a topic.
func (p *plan) begin(ctx context.Context) error {
	r, found, err := p.call.db.get(ctx, rosterKey(p.topicID))
	if err == nil && found {
		p.roster, p.before = r.roster(p.topicID), r.roster(p.topicID)
		if p.project != p.call.project {
			err = store.ErrNotFound
		}
		return err
	}
	listed, found, err := p.call.db.get(ctx, listedTopicKey(p.call.project, p.topicID))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return err
	}
	topic, err := listed.topic()
	p.roster = roster{topicID: p.topicID, project: topic.Project, name: topic.Name, block: block{chunks: map[int]int64{}}}
	p.first = true
	return err
}

// count counts for flow what the topic has room for. That takes a while, so the
// roster is read again then.
func (p *plan) count(ctx context.Context) error {
	room, seen := p.call.limit-p.n, map[key]bool{}
	recipients := map[string][]store.AddSubscription{} // what is to be counted of each, in the order of the items
	for _, item := range p.items {
		guard := guardKey(p.topicID, item.Subscription)
		refused, known := p.call.counted[item.ID]
		if _, is := p.there[guard]; is || seen[guard] || refused != nil {
			continue
		}
		if room--; room < 0 {
			break
		}
		seen[guard] = true
		switch {
		case known:
		case len(item.Flow.Windows) == 0:
			p.call.counted[item.ID] = nil
		default:
			recipients[item.Flow.Key] = append(recipients[item.Flow.Key], item)
		}
	}
	if len(recipients) == 0 {
		return nil
	}
	if err := p.call.countAll(ctx, recipients); err != nil {
		return err
	}
	return p.begin(ctx)
}

// maxCounting is how many recipients are counted at the same time.
const maxCounting = 8

func (a *addition) countAll(ctx context.Context, recipients map[string][]store.AddSubscription) error {
	var (
		mu     sync.Mutex
		group  sync.WaitGroup
		failed error
		places = make(chan struct{}, maxCounting)
	)
	for _, items := range recipients {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			for _, item := range items {
				outcomes, err := a.db.admit(ctx, item.CreatedAt, []store.Admission{{Limit: item.Flow}})
				mu.Lock()
				if err == nil {
					a.counted[item.ID] = outcomes[0]
				} else {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return failed
}

// add plans one item, and says whether others may go with it.
func (p *plan) add(ctx context.Context, item store.AddSubscription) (more bool, err error) {
	sub := item.Subscription
	sub.TopicName = p.name
	guard := guardKey(p.topicID, sub)
	refused, counted := p.call.counted[sub.ID]
	old, is := p.there[guard]
	switch {
	case is:
		if old.ID == sub.ID && old.Version == 0 && !slices.Contains(p.ids, sub.ID) {
			p.tasks = append(p.tasks, item.Task) // it is this call's: the first try was not heard of
		}
		p.added = append(p.added, store.AddedSubscription{Subscription: old})
		return true, nil
	case p.n >= p.call.limit:
		p.added = append(p.added, store.AddedSubscription{Subscription: sub, Err: store.ErrLimit})
		return true, nil
	case refused != nil:
		p.added = append(p.added, store.AddedSubscription{Subscription: sub, Err: refused})
		return true, nil
	case !counted: // there is room only since another was refused
		return false, nil
	}
	late := p.isLate(sub.ID)
	if len(p.ids) > 0 && (late || p.mayGrow(sub.ID)) {
		return false, nil // begin with it
	}
	if late {
		if err := p.addLate(ctx, sub.ID); err != nil {
			return false, err
		}
	} else if closed, is := p.grow(sub.ID); is {
		p.writes = append(p.writes, put(blockKey(p.topicID, closed.first), closed.item()).when(absent))
	}
	sub.Seq = p.place(sub.ID)
	p.writes = append(p.writes, p.rowsOf(sub)...)
	p.ids, p.tasks = append(p.ids, sub.ID), append(p.tasks, item.Task)
	p.there[guard] = sub
	p.added = append(p.added, store.AddedSubscription{Subscription: sub, Created: true})
	return !late, nil
}

// rowsOf makes the rows of a new subscription.
func (p *plan) rowsOf(sub store.Subscription) []write {
	attrs, copied := subscriptionItem(sub), subscriptionItem(sub)
	copied["topic"], copied["name"] = s(p.topicID), s(p.name)
	return []write{
		put(subscriptionKey(p.topicID, sub.ID), attrs).when(absent),
		put(guardKey(p.topicID, sub), item{"id": s(sub.ID)}).when(absent),
		put(listedSubscriptionKey(p.project, sub.ID), copied),
	}
}

// addLate counts a row in a block that is not the last.
func (p *plan) addLate(ctx context.Context, id string) error {
	b, err := p.call.db.closedBlock(ctx, p.topicID, id)
	if err != nil {
		return err
	}
	change, values := counting(map[int]int64{chunkOf(p.seq): 1})
	p.writes = append(p.writes, update(blockKey(p.topicID, b.first), change, values...).when(present))
	return nil
}

// commit adds what is planned, unless someone else was faster.
func (p *plan) commit(ctx context.Context) error {
	if len(p.ids) == 0 {
		return nil
	}
	p.writes = append(p.writes, p.writeRoster())
	if p.first {
		p.writes = append(p.writes, check(listedTopicKey(p.project, p.topicID), present))
	}
	counted, err := p.call.db.add(ctx, projectSubscriptions(p.project), p.ids...)
	if err != nil {
		return err
	}
	if p.writes = append(p.writes, counted...); len(p.writes) > maxTransact {
		return errTooMany
	}
	return p.call.db.transact(ctx, p.writes...)
}

// writeRoster gives out the places, unless others have been given out. What else
// changes in the roster meanwhile does not matter, unless another block is opened.
func (p *plan) writeRoster() write {
	k := rosterKey(p.topicID)
	p.version = p.before.version + 1
	switch {
	case p.first:
		return put(k, p.roster.item()).when(absent)
	case p.block.first != p.before.block.first || p.from != p.before.from:
		return put(k, p.roster.item()).when("#version = ?", n(p.before.version))
	}
	more := map[int]int64{}
	for chunk, k := range p.chunks {
		if k -= p.before.chunks[chunk]; k > 0 {
			more[chunk] = k
		}
	}
	change, values := counting(more)
	return update(k, "SET #seq = ?, #highest = ? "+change+", #rows ?",
		slices.Concat([]value{n(p.seq), s(p.highest)}, values, []value{n(p.n - p.before.n)})...).when("#seq = ?", n(p.before.seq))
}
