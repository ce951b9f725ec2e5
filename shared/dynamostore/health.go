package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/store"
)

// healthRow is the attribute v of a health.
type healthRow struct {
	Failures    int       `json:"failures"`
	Since       time.Time `json:"since"`
	Parks       int       `json:"parks,omitempty"`
	ParkedUntil time.Time `json:"until,omitzero"`
	Status      int       `json:"status,omitempty"`
	Reason      string    `json:"reason,omitempty"`
}

// health reads a row, but for the topic.
func (r row) health() (store.Health, error) {
	var v healthRow
	err := r.decode(&v)
	return store.Health{
		SubscriptionKey: store.SubscriptionKey{Project: r.str("project"), ID: r.str("id")}, Seq: r.num("seq"),
		Failures: v.Failures, Since: v.Since, Parks: v.Parks, ParkedUntil: v.ParkedUntil, Status: v.Status, Reason: v.Reason,
	}, err
}

// PutHealth meets store.EndpointHealth. A health that is there goes with its
// subscription, so only the first one has to look for that.
func (db *DB) PutHealth(ctx context.Context, h store.Health) error {
	err := db.putHealth(ctx, h)
	if err != nil {
		return fmt.Errorf("put health of subscription %s: %w", h.ID, err)
	}
	return nil
}

func (db *DB) putHealth(ctx context.Context, h store.Health) error {
	v := healthRow{
		Failures: h.Failures, Since: kept(h.Since), Parks: h.Parks, ParkedUntil: h.ParkedUntil.UTC(), Status: h.Status, Reason: h.Reason,
	}
	health := put(healthKey(h.TopicID, h.Seq), item{"id": s(h.ID), "project": s(h.Project), "seq": n(h.Seq), "v": body(v)})
	_, err := db.write(ctx, health.when("#id = ? AND #project = ?", s(h.ID), s(h.Project)))
	if !errors.Is(err, errCondition) {
		return err
	}
	_, found, err := db.roster(ctx, h.Project, h.TopicID)
	if err != nil || !found {
		return err
	}
	err = db.transact(ctx, check(subscriptionKey(h.TopicID, h.ID), present).when("#seq = ?", n(h.Seq)), health)
	if errors.Is(err, errCondition) {
		return nil
	}
	return err
}

// ClearHealth meets store.EndpointHealth.
func (db *DB) ClearHealth(ctx context.Context, k store.SubscriptionKey) error {
	sub, found, err := db.get(ctx, subscriptionKey(k.TopicID, k.ID))
	if err == nil && found {
		_, err = db.write(ctx, remove(healthKey(k.TopicID, sub.num("seq"))).when("#project = ?", s(k.Project)))
	}
	if err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("clear health of subscription %s: %w", k.ID, err)
	}
	return nil
}

// GetHealth meets store.EndpointHealth.
func (db *DB) GetHealth(ctx context.Context, k store.SubscriptionKey) (store.Health, error) {
	h, err := db.getHealth(ctx, k)
	if err != nil {
		return store.Health{}, fmt.Errorf("get health of subscription %s: %w", k.ID, err)
	}
	return h, nil
}

func (db *DB) getHealth(ctx context.Context, k store.SubscriptionKey) (h store.Health, err error) {
	sub, err := db.getSubscription(ctx, k)
	if err != nil {
		return h, err
	}
	r, found, err := db.get(ctx, healthKey(k.TopicID, sub.Seq))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err == nil {
		h, err = r.health()
	}
	h.TopicID = k.TopicID
	return h, err
}

// ListHealth meets store.EndpointHealth.
func (db *DB) ListHealth(ctx context.Context, project, topicID string, number int) (list []store.Health, err error) {
	first := int64(number) * store.ChunkSize
	from, to := healthKey(topicID, first), healthKey(topicID, first+store.ChunkSize-1)
	for r, err := range db.query(ctx, query{pk: from.pk, from: from.sk, to: to.sk}) {
		var h store.Health
		if err == nil {
			h, err = r.health()
		}
		if err != nil {
			return nil, fmt.Errorf("list health of topic %s: %w", topicID, err)
		}
		h.TopicID = topicID
		list = append(list, h)
	}
	if len(list) > 0 { // of a topic that is there
		if _, found, err := db.roster(ctx, project, topicID); err != nil || !found {
			return nil, err
		}
	}
	return list, nil
}
