package dynamostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// smsRow is the attribute v of an SMS. The key has its time and id, and how its
// sending ended are attributes of their own.
type smsRow struct {
	Endpoint string `json:"endpoint"`
	Text     string `json:"text"`
	SignID   string `json:"sign,omitempty"`
}

func (r row) sms(project string) (store.SMS, error) {
	var m smsRow
	if err := r.decode(&m); err != nil {
		return store.SMS{}, err
	}
	at, id, _ := strings.Cut(r.sk[len(smsPrefix):], "#")
	accepted, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return store.SMS{}, fmt.Errorf("row %s: %w", r.key, err)
	}
	sms := store.SMS{
		ID: id, Project: project, Endpoint: m.Endpoint, Text: m.Text, SignID: m.SignID, AcceptedAt: time.UnixMilli(accepted).UTC(),
		Status: smn.SMSStatus(r.num("status")), Reason: r.str("reason"),
	}
	if r.has("finished") {
		sms.FinishedAt = time.UnixMilli(r.num("finished")).UTC()
	}
	return sms, nil
}

// maxSMS is how many SMS one transaction stores: each, where it is, and the hour that
// counts them.
const maxSMS = (maxTransact - 1) / 2

// PutSMS meets store.DirectSMS.
func (db *DB) PutSMS(ctx context.Context, sms []store.SMS, tasks ...queue.Task) error {
	left := slices.SortedFunc(slices.Values(sms), func(a, b store.SMS) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), a.AcceptedAt.Compare(b.AcceptedAt))
	})
	for len(left) > 0 {
		hour, k := smsHourKey(left[0].Project, left[0].AcceptedAt), 1
		for k < min(len(left), maxSMS) && smsHourKey(left[k].Project, left[k].AcceptedAt) == hour {
			k++
		}
		if err := db.putSMS(ctx, hour, left[:k]); err != nil {
			return fmt.Errorf("put %d SMS: %w", len(sms), err)
		}
		left = left[k:]
	}
	if err := db.putTasks(ctx, tasks...); err != nil {
		return fmt.Errorf("put %d SMS: %w", len(sms), err)
	}
	return nil
}

// putSMS stores those of some SMS of an hour that are not there.
func (db *DB) putSMS(ctx context.Context, hour key, sms []store.SMS) error {
	for len(sms) > 0 {
		gone := ttl(db.smsExpiry(sms[len(sms)-1].AcceptedAt))
		writes := []write{update(hour, "SET #ttl = ? ADD n ?", gone, n(len(sms)))}
		places := make([]key, len(sms))
		for i := range sms {
			m := &sms[i]
			places[i] = smsPlaceKey(m.ID)
			message := put(smsKey(m.Project, m.AcceptedAt, m.ID), item{"status": n(m.Status), "ttl": gone, "v": body(smsRow{m.Endpoint, m.Text, m.SignID})})
			if !m.FinishedAt.IsZero() {
				message.attrs["reason"], message.attrs["finished"] = s(m.Reason), n(m.FinishedAt.UnixMilli())
			}
			place := put(places[i], item{"project": s(m.Project), "row": s(message.key.sk), "ttl": gone}).whenAbsent(db.now())
			writes = append(writes, message, place)
		}
		err := db.transact(ctx, writes...)
		if !errors.Is(err, errCondition) {
			return err
		}
		there, err := db.getMany(ctx, places)
		if err != nil {
			return err
		}
		sms = slices.DeleteFunc(slices.Clone(sms), func(m store.SMS) bool {
			_, found := there[smsPlaceKey(m.ID)]
			return found
		})
	}
	return nil
}

// smsKept is how long an SMS is kept.
const smsKept = 14 * 24 * time.Hour

// smsExpiry is when the SMS of the hour of a moment expire: all at once, so that
// their count is right until then. They are kept from when they come, should that be
// long after they were accepted.
func (db *DB) smsExpiry(accepted time.Time) time.Time {
	late := max(db.now().Sub(accepted).Truncate(time.Hour), 0)
	return accepted.Truncate(time.Hour).Add(time.Hour + late + smsKept)
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
	place, found, err := db.get(ctx, smsPlaceKey(id))
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
	place, found, err := db.get(ctx, smsPlaceKey(id))
	if err != nil || !found {
		return err
	}
	_, err = db.write(ctx, update(smsRowKey(place), "SET #status = ?, reason = ?, finished = ?", n(status), s(reason), n(at.UnixMilli())).
		when(present+" AND #status = ?", n(smn.SMSAccepted)))
	return err
}
