package dynamostore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// subscriptionRow is the attribute v of a subscription, and of its copy in the list
// of the project: what never changes.
type subscriptionRow struct {
	Name       string         `json:"n,omitempty"`
	Protocol   smn.Protocol   `json:"p"`
	Endpoint   string         `json:"e"`
	Extension  *smn.Extension `json:"x,omitempty"`
	Subscriber string         `json:"by,omitempty"`
	CreatedAt  int64          `json:"at"` // milliseconds of Unix time
}

// subscriptionItem is what a subscription and its copy both have.
func subscriptionItem(sub store.Subscription) item {
	v := subscriptionRow{Name: sub.Name, Protocol: sub.Protocol, Endpoint: sub.Endpoint, Subscriber: sub.Subscriber, CreatedAt: sub.CreatedAt.UnixMilli()}
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
	if sub.Style != (smn.Style{}) {
		attrs["style"] = body(sub.Style)
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
		Seq:             r.num("seq"), Name: v.Name, Protocol: v.Protocol, Endpoint: v.Endpoint, Remark: r.str("remark"), Subscriber: v.Subscriber,
		Status: smn.Status(r.num("status")), Version: int(r.num("version")), CreatedAt: time.UnixMilli(v.CreatedAt).UTC(),
	}
	if v.Extension != nil {
		sub.Extension = *v.Extension
	}
	if r.has("styled") {
		sub.StyledAt = time.UnixMilli(r.num("styled")).UTC()
	}
	if r.has("style") {
		if err := json.Unmarshal([]byte(r.str("style")), &sub.Style); err != nil {
			return sub, fmt.Errorf("style of row %s: %w", r.key, err)
		}
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

// ChangeStatus meets store.Subscriptions, but for one promise: if only the tasks could
// not be stored, the change is made, and who repeats the call gets ErrConflict.
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

// SetRemark meets store.Subscriptions.
func (db *DB) SetRemark(ctx context.Context, k store.SubscriptionKey, remark string) error {
	err := db.applyOne(ctx, change{SubscriptionKey: k, update: expression{"SET #remark = ?", []value{s(remark)}}})
	if err != nil {
		return fmt.Errorf("set remark of subscription %s: %w", k.ID, err)
	}
	return nil
}

// FindSubscription meets store.Subscriptions.
func (db *DB) FindSubscription(ctx context.Context, project, topicID, name string) (sub store.Subscription, err error) {
	guard, found, err := db.get(ctx, guardKey(topicID, store.Subscription{Name: name}))
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err == nil {
		sub, err = db.getSubscription(ctx, store.SubscriptionKey{Project: project, TopicID: topicID, ID: guard.str("id")})
	}
	if err != nil {
		return store.Subscription{}, fmt.Errorf("find subscription %s: %w", name, err)
	}
	return sub, nil
}

// SetStyle meets store.Subscriptions.
func (db *DB) SetStyle(ctx context.Context, k store.SubscriptionKey, from, to smn.Style, at time.Time) error {
	is := expression{"#style = ?", []value{body(from)}}
	if from == (smn.Style{}) {
		is.text = "attribute_not_exists(#style) OR #style = ?"
	}
	err := db.applyOne(ctx, change{
		SubscriptionKey: k,
		refuse: func(r row) error {
			sub, err := r.subscription()
			if err == nil && sub.Style != from {
				err = store.ErrConflict
			}
			return err
		},
		update: expression{"SET #style = ?, #styled = ?", []value{body(to), n(at.UnixMilli())}},
		when:   is,
	})
	if err != nil {
		return fmt.Errorf("set style of subscription %s: %w", k.ID, err)
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
