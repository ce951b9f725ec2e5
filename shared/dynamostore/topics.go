package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// topicRow is the attribute v of a topic, and of its copy.
type topicRow struct {
	ID                  string `json:"id"`
	Project             string `json:"project"`
	Name                string `json:"name"`
	DisplayName         string `json:"display,omitempty"`
	EnterpriseProjectID string `json:"enterprise,omitempty"`
	smn.TopicOptions
	CreatedAt time.Time `json:"created"`
	UpdatedAt time.Time `json:"updated"`
}

func (r row) topic() (store.Topic, error) {
	var t topicRow
	err := r.decode(&t)
	return store.Topic(t), err
}

// CreateTopic meets store.Topics.
func (db *DB) CreateTopic(ctx context.Context, t store.Topic, limit int) (store.Topic, bool, error) {
	t.CreatedAt, t.UpdatedAt = kept(t.CreatedAt), kept(t.UpdatedAt)
	topic, created, err := db.createTopic(ctx, t, int64(limit))
	if err != nil {
		return store.Topic{}, false, fmt.Errorf("create topic %s: %w", t.Name, err)
	}
	return topic, created, nil
}

func (db *DB) createTopic(ctx context.Context, t store.Topic, limit int64) (store.Topic, bool, error) {
	named, v := topicKey(t.Project, t.Name), body(topicRow(t))
	var pause backoff
	for { // until nobody is faster
		list, err := db.countedList(ctx, topicBlocks(t.Project)) // before the topic: it may be the one that makes it full
		if err != nil {
			return t, false, err
		}
		there, found, err := db.get(ctx, named)
		if err != nil {
			return t, false, err
		}
		if found {
			topic, err := there.topic()
			return topic, false, err
		}
		if int64(list.total) >= limit {
			return t, false, store.ErrLimit
		}
		counted, err := db.add(ctx, list.directory, t.ID)
		if err != nil {
			return t, false, err
		}
		err = db.transact(ctx,
			put(named, item{"id": s(t.ID), "v": v}).when(absent),
			put(listedTopicKey(t.Project, t.ID), item{"v": v}),
			list.within(limit, counted[0]),
		)
		if !errors.Is(err, errCondition) {
			return t, err == nil, err
		}
		if err := pause.wait(ctx, err); err != nil {
			return t, false, err
		}
	}
}

// GetTopic meets store.Topics.
func (db *DB) GetTopic(ctx context.Context, project, name string) (store.Topic, error) {
	_, t, err := db.topicAt(ctx, topicKey(project, name))
	if err != nil {
		return store.Topic{}, fmt.Errorf("get topic %s: %w", name, err)
	}
	return t, nil
}

// FindTopic meets store.Topics.
func (db *DB) FindTopic(ctx context.Context, project, id string) (store.Topic, error) {
	_, t, err := db.topicAt(ctx, listedTopicKey(project, id))
	if err != nil {
		return store.Topic{}, fmt.Errorf("find topic %s: %w", id, err)
	}
	return t, nil
}

// topicAt reads a topic, or its copy.
func (db *DB) topicAt(ctx context.Context, k key) (row, store.Topic, error) {
	there, found, err := db.get(ctx, k)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return row{}, store.Topic{}, err
	}
	t, err := there.topic()
	return there, t, err
}

// UpdateTopic meets store.Topics.
func (db *DB) UpdateTopic(ctx context.Context, project, topicID string, change store.TopicChange, at time.Time) error {
	if err := db.updateTopic(ctx, listedTopicKey(project, topicID), change, kept(at)); err != nil {
		return fmt.Errorf("update topic %s: %w", topicID, err)
	}
	return nil
}

func (db *DB) updateTopic(ctx context.Context, listed key, change store.TopicChange, at time.Time) error {
	var pause backoff
	for { // until nobody is faster
		there, t, err := db.topicAt(ctx, listed)
		if err != nil {
			return err
		}
		t.UpdatedAt = at
		replace(&t.DisplayName, change.DisplayName)
		replace(&t.MaxMessage, change.MaxMessage)
		replace(&t.Logging, change.Logging)
		after := body(topicRow(t))
		err = db.transact(ctx,
			update(listed, "SET v = ?", after).when("v = ?", there.attrs["v"]),
			update(topicKey(t.Project, t.Name), "SET v = ?", after).when("id = ?", s(t.ID)),
		)
		if !errors.Is(err, errCondition) {
			return err
		}
		if err := pause.wait(ctx, err); err != nil {
			return err
		}
	}
}

// replace changes a field, if it is to change.
func replace[T any](field, to *T) {
	if to != nil {
		*field = *to
	}
}

// kept is a time as it is kept: to the millisecond.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
