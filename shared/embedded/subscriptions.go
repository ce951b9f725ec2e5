package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

const subscriptionColumns = `t.id, t.name, s.id, s.seq, s.protocol, s.endpoint, s.remark, s.extension, s.filters, s.subscriber, s.status, s.version, s.created_at, s.name, s.style, s.styled_at`

// subscriptionRow is where the columns of a subscription are read to.
type subscriptionRow struct {
	store.Subscription
	extension, filters, name, style sql.NullString
	created                         int64
	styled                          sql.NullInt64
}

func (r *subscriptionRow) dest() []any {
	return []any{
		&r.TopicID, &r.TopicName, &r.ID, &r.Seq, &r.Protocol, &r.Endpoint, &r.Remark,
		&r.extension, &r.filters, &r.Subscriber, &r.Status, &r.Version, &r.created,
		&r.name, &r.style, &r.styled,
	}
}

func (r *subscriptionRow) subscription(project string) (store.Subscription, error) {
	r.Project, r.CreatedAt, r.Name = project, timeOf(r.created), r.name.String
	if r.styled.Valid {
		r.StyledAt = timeOf(r.styled.Int64)
	}
	if err := errors.Join(fromJSON(r.extension, &r.Extension), fromJSON(r.filters, &r.Filters), fromJSON(r.style, &r.Style)); err != nil {
		return store.Subscription{}, fmt.Errorf("read subscription %s: %w", r.ID, err)
	}
	return r.Subscription, nil
}

// topicKeys are a topic's place in the database and its counters.
type topicKeys struct {
	key, project  int64
	name          string
	subscriptions int
	nextSeq       int64
}

func (s *session) topicKeys(project, topicID string) (t topicKeys, found bool, err error) {
	found, err = s.get(`SELECT t.key, t.project, t.name, t.subscriptions, t.next_seq
		FROM topic t JOIN project p ON p.key = t.project WHERE t.id = ? AND p.id = ?`,
		[]any{topicID, project}, &t.key, &t.project, &t.name, &t.subscriptions, &t.nextSeq)
	return t, found, err
}

// addition is an item of AddSubscriptions, prepared for writing.
type addition struct {
	store.Subscription
	extension, filters, style any // JSON or nil
	task                      []taskRow
	flow                      flow.Limit
}

func additionsOf(items []store.AddSubscription) ([]addition, error) {
	additions := make([]addition, len(items))
	for i := range items {
		a := addition{Subscription: items[i].Subscription, flow: items[i].Flow}
		a.CreatedAt = timeOf(micros(a.CreatedAt))
		if len(a.Extension.Header) == 0 {
			a.Extension.Header = nil
		}
		if len(a.Filters) == 0 {
			a.Filters = nil
		}
		var err, err2, err3 error
		a.extension, err = toJSON(a.Extension)
		a.filters, err2 = toJSON(a.Filters)
		a.style, err3 = toJSON(a.Style)
		if err := errors.Join(err, err2, err3); err != nil {
			return nil, fmt.Errorf("encode subscription %s: %w", a.ID, err)
		}
		if items[i].Task.ID != "" {
			if a.task, err = rowsOf([]queue.Task{items[i].Task}); err != nil {
				return nil, err
			}
		}
		additions[i] = a
	}
	return additions, nil
}

// AddSubscriptions meets store.Subscriptions.
func (db *DB) AddSubscriptions(ctx context.Context, project, topicID string, items []store.AddSubscription, limit int) ([]store.AddedSubscription, error) {
	additions, err := additionsOf(items)
	if err != nil {
		return nil, err
	}
	added := make([]store.AddedSubscription, len(items))
	err = db.write(ctx, func(tx *tx) error {
		topic, found, err := tx.topicKeys(project, topicID)
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		created := 0
		for i := range additions {
			if added[i], err = db.addSubscription(tx, project, topicID, &topic, &additions[i], limit); err != nil {
				return err
			}
			if added[i].Created {
				created++
			}
		}
		if created == 0 {
			return nil
		}
		tx.touch(topicID)
		if _, err := tx.exec(`UPDATE topic SET subscriptions = ?, next_seq = ? WHERE key = ?`,
			topic.subscriptions, topic.nextSeq, topic.key); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE project SET subscriptions = subscriptions + ? WHERE key = ?`, created, topic.project)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add subscriptions to topic %s: %w", topicID, err)
	}
	return added, nil
}

// addSubscription adds one and counts it in topic, which the caller writes.
func (db *DB) addSubscription(tx *tx, project, topicID string, topic *topicKeys, a *addition, limit int) (added store.AddedSubscription, err error) {
	var row subscriptionRow
	which, args := `s.protocol = ? AND s.endpoint = ? AND s.name IS NULL`, []any{topic.key, string(a.Protocol), a.Endpoint}
	if a.Name != "" {
		which, args = `s.name = ?`, []any{topic.key, a.Name}
	}
	found, err := tx.get(`SELECT `+subscriptionColumns+` FROM subscription s JOIN topic t ON t.key = s.topic
		WHERE s.topic = ? AND `+which, args, row.dest()...)
	if err != nil {
		return added, err
	}
	if found {
		added.Subscription, err = row.subscription(project)
		return added, err
	}
	added.Subscription = a.Subscription
	added.Project, added.TopicID, added.TopicName = project, topicID, topic.name
	if topic.subscriptions >= limit {
		added.Err = store.ErrLimit
		return added, nil
	}
	if err := tx.count(a.flow, a.CreatedAt); err != nil {
		if !isThrottled(err) {
			return added, err
		}
		added.Err = err
		return added, nil
	}
	added.Seq, added.Version, added.Created = topic.nextSeq, 0, true
	topic.nextSeq++
	topic.subscriptions++
	if _, err := tx.exec(`INSERT INTO subscription
		(project, topic, id, seq, protocol, endpoint, remark, extension, filters, subscriber, status, version, created_at, name, style)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
		topic.project, topic.key, a.ID, added.Seq, string(a.Protocol), a.Endpoint, a.Remark, a.extension, a.filters, a.Subscriber,
		int(a.Status), micros(a.CreatedAt), textColumn(a.Name), a.style); err != nil {
		return added, err
	}
	return added, db.putTasks(tx, a.task)
}

// GetSubscription meets store.Subscriptions.
func (db *DB) GetSubscription(ctx context.Context, key store.SubscriptionKey) (sub store.Subscription, err error) {
	err = db.read(ctx, func(s *session) error {
		var row subscriptionRow
		found, err := s.get(`SELECT `+subscriptionColumns+` FROM topic t
			JOIN project p ON p.key = t.project JOIN subscription s ON s.topic = t.key
			WHERE t.id = ? AND p.id = ? AND s.id = ?`, []any{key.TopicID, key.Project, key.ID}, row.dest()...)
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		sub, err = row.subscription(key.Project)
		return err
	})
	if err != nil {
		return store.Subscription{}, fmt.Errorf("get subscription %s: %w", key.ID, err)
	}
	return sub, nil
}

// FindSubscription meets store.Subscriptions.
func (db *DB) FindSubscription(ctx context.Context, project, topicID, name string) (sub store.Subscription, err error) {
	err = db.read(ctx, func(s *session) error {
		list, err := s.subscriptions(project, `s.name = ? AND s.topic = (SELECT t.key FROM topic t
			JOIN project p ON p.key = t.project WHERE t.id = ? AND p.id = ?)`, name, topicID, project)
		if err != nil || len(list) == 0 {
			return notFoundUnless(err)
		}
		sub = list[0]
		return nil
	})
	if err != nil {
		return store.Subscription{}, fmt.Errorf("find subscription %s: %w", name, err)
	}
	return sub, nil
}

// ListSubscriptions meets store.Subscriptions.
func (db *DB) ListSubscriptions(ctx context.Context, q store.SubscriptionQuery) (page store.SubscriptionPage, err error) {
	err = db.snapshot(ctx, func(s *session) (err error) {
		var owner int64
		var found bool
		column := `s.project`
		if q.TopicID == "" {
			found, err = s.get(`SELECT key, subscriptions FROM project WHERE id = ?`, []any{q.Project}, &owner, &page.Total)
		} else {
			var topic topicKeys
			topic, found, err = s.topicKeys(q.Project, q.TopicID)
			owner, page.Total, column = topic.key, topic.subscriptions, `s.topic`
		}
		if err != nil || !found {
			return err
		}
		filter, args := filterOf(q)
		alive := ``
		if q.TopicID == "" {
			alive = notDeleted
		}
		if filter != "" {
			if _, err = s.get(`SELECT count(*) FROM subscription s WHERE `+column+` = ?`+alive+filter,
				append([]any{owner}, args...), &page.Total); err != nil {
				return err
			}
		}
		args = append(append([]any{owner, q.After}, args...), q.Limit, q.Offset)
		page.Subscriptions, err = s.subscriptions(q.Project, `s.key IN (SELECT s.key FROM subscription s
			WHERE `+column+` = ? AND s.id > ?`+alive+filter+` ORDER BY s.id LIMIT ? OFFSET ?)`, args...)
		slices.SortFunc(page.Subscriptions, func(a, b store.Subscription) int { return strings.Compare(a.ID, b.ID) })
		return err
	})
	if err != nil {
		return store.SubscriptionPage{}, fmt.Errorf("list subscriptions of project %s: %w", q.Project, err)
	}
	return page, nil
}

// filterOf spells the filters of q. The plus signs keep them from choosing the
// index: the list is read in the order of ids, so that a page needs no sorting.
func filterOf(q store.SubscriptionQuery) (filter string, args []any) {
	and := func(condition string, value any) {
		filter += ` AND ` + condition
		args = append(args, value)
	}
	if q.Protocol != "" {
		and(`+s.protocol = ?`, string(q.Protocol))
	}
	if q.Status != nil {
		and(`+s.status = ?`, int(*q.Status))
	}
	if q.Endpoint != "" {
		and(`+s.endpoint = ?`, q.Endpoint)
	}
	if q.Remark != "" {
		and(`instr(s.remark, ?) > 0`, q.Remark)
	}
	return filter, args
}

// subscriptions reads those that a condition names. It looks for them by an index
// of their own and then for their topics, never the other way round.
func (s *session) subscriptions(project, where string, args ...any) (list []store.Subscription, err error) {
	err = s.each(`SELECT `+subscriptionColumns+` FROM subscription s CROSS JOIN topic t ON t.key = s.topic
		WHERE `+where, args, func(rows *sql.Rows) error {
		var row subscriptionRow
		if err := rows.Scan(row.dest()...); err != nil {
			return err
		}
		sub, err := row.subscription(project)
		list = append(list, sub)
		return err
	})
	return list, err
}

// GetChunk meets store.Subscriptions.
func (db *DB) GetChunk(ctx context.Context, project, topicID string, n int) (store.Chunk, error) {
	chunk, err := db.recent.chunk(chunkName{project, topicID, n}, func() (store.Chunk, error) { return db.readChunk(ctx, project, topicID, n) })
	if err != nil {
		return store.Chunk{}, fmt.Errorf("get chunk %d of topic %s: %w", n, topicID, err)
	}
	return chunk, nil
}

func (db *DB) readChunk(ctx context.Context, project, topicID string, n int) (chunk store.Chunk, err error) {
	chunk.Next = -1
	err = db.snapshot(ctx, func(s *session) error {
		topic, found, err := s.topicKeys(project, topicID)
		if err != nil || !found {
			return err
		}
		from := int64(n) * store.ChunkSize
		to := from + store.ChunkSize
		if chunk.Subscriptions, err = s.subscriptions(project,
			`s.topic = ? AND s.seq >= ? AND s.seq < ? ORDER BY s.seq`, topic.key, from, to); err != nil {
			return err
		}
		if to >= topic.nextSeq {
			return nil
		}
		var next int64
		found, err = s.get(`SELECT seq FROM subscription WHERE topic = ? AND seq >= ? ORDER BY seq LIMIT 1`,
			[]any{topic.key, to}, &next)
		if found {
			chunk.Next = int(next / store.ChunkSize)
		}
		return err
	})
	return chunk, err
}

// ChangeStatus meets store.Subscriptions.
func (db *DB) ChangeStatus(ctx context.Context, key store.SubscriptionKey, version int, to smn.Status, tasks ...queue.Task) error {
	rows, err := rowsOf(tasks)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *tx) error {
		topic, found, err := tx.topicKeys(key.Project, key.TopicID)
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		tx.touch(key.TopicID)
		changed, err := tx.exec(`UPDATE subscription SET status = ?, version = version + 1
			WHERE topic = ? AND id = ? AND version = ?`, int(to), topic.key, key.ID, version)
		if err != nil {
			return err
		}
		if changed == 0 {
			return tx.conflictOrNotFound(topic.key, key.ID)
		}
		if to == smn.Confirmed {
			if err := tx.forgetConfirmations(topic.key, key.ID); err != nil {
				return err
			}
		}
		return db.putTasks(tx, rows)
	})
	if err != nil {
		return fmt.Errorf("change status of subscription %s: %w", key.ID, err)
	}
	return nil
}

// conflictOrNotFound is why a change of a subscription has changed nothing.
func (tx *tx) conflictOrNotFound(topic int64, id string) error {
	var there int
	found, err := tx.get(`SELECT 1 FROM subscription WHERE topic = ? AND id = ?`, []any{topic, id}, &there)
	if err == nil && found {
		return store.ErrConflict
	}
	return notFoundUnless(err)
}

// SetRemark meets store.Subscriptions.
func (db *DB) SetRemark(ctx context.Context, key store.SubscriptionKey, remark string) error {
	err := db.write(ctx, func(tx *tx) error {
		topic, found, err := tx.topicKeys(key.Project, key.TopicID)
		if err != nil || !found {
			return notFoundUnless(err)
		}
		tx.touch(key.TopicID)
		changed, err := tx.exec(`UPDATE subscription SET remark = ? WHERE topic = ? AND id = ?`, remark, topic.key, key.ID)
		if err != nil || changed == 0 {
			return notFoundUnless(err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set remark of subscription %s: %w", key.ID, err)
	}
	return nil
}

// SetStyle meets store.Subscriptions.
func (db *DB) SetStyle(ctx context.Context, key store.SubscriptionKey, from, to smn.Style, at time.Time) error {
	before, err := toJSON(from)
	after, err2 := toJSON(to)
	if err = errors.Join(err, err2); err == nil {
		err = db.write(ctx, func(tx *tx) error {
			topic, found, err := tx.topicKeys(key.Project, key.TopicID)
			if err != nil || !found {
				return notFoundUnless(err)
			}
			tx.touch(key.TopicID)
			changed, err := tx.exec(`UPDATE subscription SET style = ?, styled_at = ? WHERE topic = ? AND id = ? AND style IS ?`,
				after, micros(at), topic.key, key.ID, before)
			if err != nil || changed > 0 {
				return err
			}
			return tx.conflictOrNotFound(topic.key, key.ID)
		})
	}
	if err != nil {
		return fmt.Errorf("set style of subscription %s: %w", key.ID, err)
	}
	return nil
}

// notFoundUnless is the error of a look-up that found nothing, unless it failed.
func notFoundUnless(err error) error {
	if err != nil {
		return err
	}
	return store.ErrNotFound
}

// SetFilters meets store.Subscriptions.
func (db *DB) SetFilters(ctx context.Context, changes []store.FilterChange, onlyNew bool) ([]error, error) {
	columns := make([]any, len(changes)) // JSON or nil
	for i, change := range changes {
		if len(change.Filters) == 0 {
			continue
		}
		var err error
		if columns[i], err = toJSON(change.Filters); err != nil {
			return nil, fmt.Errorf("encode filters of subscription %s: %w", change.ID, err)
		}
	}
	outcomes := make([]error, len(changes))
	err := db.write(ctx, func(tx *tx) error {
		for i, change := range changes {
			outcomes[i] = tx.setFilters(change.SubscriptionKey, columns[i], onlyNew)
			if err := outcomes[i]; err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("set filters of %d subscriptions: %w", len(changes), err)
	}
	return outcomes, nil
}

func (tx *tx) setFilters(key store.SubscriptionKey, column any, onlyNew bool) error {
	topic, found, err := tx.topicKeys(key.Project, key.TopicID)
	if err != nil || !found {
		return notFoundUnless(err)
	}
	var has bool
	found, err = tx.get(`SELECT filters IS NOT NULL FROM subscription WHERE topic = ? AND id = ?`, []any{topic.key, key.ID}, &has)
	switch {
	case err != nil || !found:
		return notFoundUnless(err)
	case has && onlyNew:
		return store.ErrConflict
	}
	tx.touch(key.TopicID)
	_, err = tx.exec(`UPDATE subscription SET filters = ? WHERE topic = ? AND id = ?`, column, topic.key, key.ID)
	return err
}

// DeleteSubscription meets store.Subscriptions.
func (db *DB) DeleteSubscription(ctx context.Context, key store.SubscriptionKey) error {
	err := db.write(ctx, func(tx *tx) error { return tx.deleteSubscription(key) })
	if err != nil {
		return fmt.Errorf("delete subscription %s: %w", key.ID, err)
	}
	return nil
}

// DeleteSubscriptions meets store.Subscriptions.
func (db *DB) DeleteSubscriptions(ctx context.Context, keys []store.SubscriptionKey) ([]error, error) {
	outcomes := make([]error, len(keys))
	err := db.write(ctx, func(tx *tx) error {
		for i, key := range keys {
			outcomes[i] = tx.deleteSubscription(key)
			if err := outcomes[i]; err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("delete %d subscriptions: %w", len(keys), err)
	}
	return outcomes, nil
}

func (tx *tx) deleteSubscription(key store.SubscriptionKey) error {
	topic, found, err := tx.topicKeys(key.Project, key.TopicID)
	if err != nil || !found {
		return notFoundUnless(err)
	}
	tx.touch(key.TopicID)
	if _, err := tx.exec(`DELETE FROM health WHERE topic = ?1 AND seq = (SELECT seq FROM subscription WHERE topic = ?1 AND id = ?2)`,
		topic.key, key.ID); err != nil {
		return err
	}
	deleted, err := tx.exec(`DELETE FROM subscription WHERE topic = ? AND id = ?`, topic.key, key.ID)
	if err != nil || deleted == 0 {
		return notFoundUnless(err)
	}
	if _, err := tx.exec(`UPDATE topic SET subscriptions = subscriptions - 1 WHERE key = ?`, topic.key); err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE project SET subscriptions = subscriptions - 1 WHERE key = ?`, topic.project)
	return err
}
