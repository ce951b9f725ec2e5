package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// smsRow is the attribute v of an SMS. How its sending ended are attributes of their
// own.
type smsRow struct {
	ID         string    `json:"id"`
	Endpoint   string    `json:"endpoint"`
	Text       string    `json:"text"`
	SignID     string    `json:"sign,omitempty"`
	AcceptedAt time.Time `json:"accepted"`
}

func (r row) sms(project string) (store.SMS, error) {
	var m smsRow
	err := r.decode(&m)
	sms := store.SMS{
		ID: m.ID, Project: project, Endpoint: m.Endpoint, Text: m.Text, SignID: m.SignID, AcceptedAt: m.AcceptedAt,
		Status: smn.SMSStatus(r.num("status")), Reason: r.str("reason"),
	}
	if r.has("finished") {
		sms.FinishedAt = time.UnixMilli(r.num("finished")).UTC()
	}
	return sms, err
}

// smsOfCall is how many SMS one transaction stores: a row of each, where its id
// tells it, and the hour that counts them.
const smsOfCall = (maxTransact - 1) / 2

// PutSMS meets store.DirectSMS.
func (db *DB) PutSMS(ctx context.Context, sms []store.SMS, tasks ...queue.Task) error {
	byHour := slices.SortedFunc(slices.Values(sms), func(a, b store.SMS) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), a.AcceptedAt.Compare(b.AcceptedAt))
	})
	for len(byHour) > 0 {
		first := byHour[0]
		k := slices.IndexFunc(byHour, func(m store.SMS) bool {
			return m.Project != first.Project || !hourOf(m.AcceptedAt).Equal(hourOf(first.AcceptedAt))
		})
		if k < 0 {
			k = len(byHour)
		}
		k = min(k, smsOfCall)
		if err := db.putSMS(ctx, byHour[:k]); err != nil {
			return fmt.Errorf("put %d SMS: %w", len(sms), err)
		}
		byHour = byHour[k:]
	}
	if err := db.putTasks(ctx, tasks...); err != nil {
		return fmt.Errorf("put %d SMS: %w", len(sms), err)
	}
	return nil
}

// putSMS stores those of some SMS that are not there. They are of one project and
// one hour.
func (db *DB) putSMS(ctx context.Context, sms []store.SMS) error {
	for len(sms) > 0 {
		project, hour := sms[0].Project, hourOf(sms[0].AcceptedAt)
		gone := ttl(db.smsExpiry(sms[len(sms)-1].AcceptedAt))
		writes := []write{update(smsHourKey(project, hour), "SET #ttl = ? ADD n ?", gone, n(len(sms)))}
		var names []key
		for i := range sms {
			m := &sms[i]
			row := smsKey(project, m.AcceptedAt, m.ID)
			values := item{"status": n(m.Status), "ttl": gone, "v": body(smsRow{m.ID, m.Endpoint, m.Text, m.SignID, kept(m.AcceptedAt)})}
			if m.Reason != "" {
				values["reason"] = s(m.Reason)
			}
			if !m.FinishedAt.IsZero() {
				values["finished"] = n(m.FinishedAt.UnixMilli())
			}
			names = append(names, smsIDKey(m.ID))
			writes = append(writes,
				put(row, values),
				put(smsIDKey(m.ID), item{"project": s(project), "row": s(row.sk), "ttl": gone}).when(absent),
			)
		}
		err := db.transact(ctx, writes...)
		if !errors.Is(err, errCondition) {
			return err
		}
		there, err := db.getMany(ctx, names)
		if err != nil {
			return err
		}
		sms = slices.DeleteFunc(slices.Clone(sms), func(m store.SMS) bool {
			_, found := there[smsIDKey(m.ID)]
			return found
		})
	}
	return nil
}

// hourOf is when the hour of a moment began.
func hourOf(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }

// smsExpiry is when the SMS of the hour of a moment expire: all at once, so that
// their count is right until then. They are kept from when they come, should that be
// long after they were accepted.
func (db *DB) smsExpiry(accepted time.Time) time.Time {
	late := max(db.now().Sub(accepted).Truncate(time.Hour), 0)
	return hourOf(accepted).Add(time.Hour + late + db.retention)
}

// GetSMS meets store.DirectSMS.
func (db *DB) GetSMS(ctx context.Context, project, id string) (store.SMS, error) {
	m, err := db.getSMS(ctx, project, id)
	if err != nil {
		return store.SMS{}, fmt.Errorf("get SMS %s: %w", id, err)
	}
	return m, nil
}

func (db *DB) getSMS(ctx context.Context, project, id string) (store.SMS, error) {
	place, found, err := db.get(ctx, smsIDKey(id))
	if err != nil {
		return store.SMS{}, err
	}
	if !found || place.str("project") != project {
		return store.SMS{}, store.ErrNotFound
	}
	r, found, err := db.get(ctx, smsRowKey(place))
	if err != nil {
		return store.SMS{}, err
	}
	if !found {
		return store.SMS{}, store.ErrNotFound
	}
	return r.sms(project)
}

// FinishSMS meets store.DirectSMS.
func (db *DB) FinishSMS(ctx context.Context, id string, status smn.SMSStatus, reason string, at time.Time) error {
	err := db.finishSMS(ctx, id, status, reason, at)
	if err != nil && !errors.Is(err, errCondition) { // it has ended already, or is gone
		return fmt.Errorf("finish SMS %s: %w", id, err)
	}
	return nil
}

func (db *DB) finishSMS(ctx context.Context, id string, status smn.SMSStatus, reason string, at time.Time) error {
	place, found, err := db.get(ctx, smsIDKey(id))
	if err != nil || !found {
		return err
	}
	_, err = db.write(ctx, update(smsRowKey(place), "SET #status = ?, reason = ?, finished = ?", n(status), s(reason), n(at.UnixMilli())).
		when(present+" AND #status = ?", n(smn.SMSAccepted)))
	return err
}
