package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"tocsin/shared/store"
)

// ListSMS meets store.DirectSMS. An hour counts its SMS, so a page at an offset is
// found without reading the hours before it. Whoever asks for SMS of some kind has
// all looked at that are of the time.
func (db *DB) ListSMS(ctx context.Context, q store.SMSQuery) (page store.SMSPage, err error) {
	during := span{0, lastMilli}
	if !q.From.IsZero() {
		during.from = milliFrom(q.From)
	}
	if !q.To.IsZero() {
		during.to = milliFrom(q.To)
	}
	switch {
	case during.from >= during.to:
	case q.ID != "":
		page, err = db.listOneSMS(ctx, q)
	case q.Endpoint != "" || q.SignID != "" || q.Status != nil:
		page, err = db.listFittingSMS(ctx, q, during)
	default:
		page, err = db.listCountedSMS(ctx, q, during)
	}
	if err != nil {
		return store.SMSPage{}, fmt.Errorf("list SMS: %w", err)
	}
	return page, nil
}

// span is a time, in milliseconds of Unix time: from one, and before the other.
type span struct{ from, to int64 }

func (a span) and(b span) span { return span{max(a.from, b.from), min(a.to, b.to)} }

// lastMilli is behind all SMS, in as many digits as their times have.
const lastMilli = 9_999_999_999_999

// milliFrom is the first whole millisecond that is not before a moment.
func milliFrom(at time.Time) int64 {
	return min(max(at.Add(time.Millisecond-1).UnixMilli(), 0), lastMilli)
}

// smsPage is a page while it is being filled.
type smsPage struct {
	store.SMSPage
	query store.SMSQuery
}

// fill takes the next SMS that fits.
func (p *smsPage) fill(m store.SMS) {
	if p.Total++; p.Total > p.query.Offset && len(p.SMS) < p.query.Limit {
		p.SMS = append(p.SMS, m)
	}
}

// fitsSMS says whether an SMS is one that a query asks for.
func fitsSMS(m store.SMS, q store.SMSQuery) bool {
	return (q.From.IsZero() || !m.AcceptedAt.Before(q.From)) && (q.To.IsZero() || m.AcceptedAt.Before(q.To)) &&
		(q.Endpoint == "" || m.Endpoint == q.Endpoint) && (q.SignID == "" || m.SignID == q.SignID) && (q.Status == nil || m.Status == *q.Status)
}

func (db *DB) listOneSMS(ctx context.Context, q store.SMSQuery) (store.SMSPage, error) {
	page := smsPage{query: q}
	m, err := db.getSMS(ctx, q.Project, q.ID)
	if errors.Is(err, store.ErrNotFound) {
		return page.SMSPage, nil
	}
	if err == nil && fitsSMS(m, q) {
		page.fill(m)
	}
	return page.SMSPage, err
}

func (db *DB) listFittingSMS(ctx context.Context, q store.SMSQuery, during span) (store.SMSPage, error) {
	page := smsPage{query: q}
	for r, err := range db.query(ctx, smsDuring(q.Project, during)) {
		var m store.SMS
		if err == nil {
			m, err = r.sms(q.Project)
		}
		if err != nil {
			return store.SMSPage{}, err
		}
		if fitsSMS(m, q) {
			page.fill(m)
		}
	}
	return page.SMSPage, nil
}

func (db *DB) listCountedSMS(ctx context.Context, q store.SMSQuery, during span) (page store.SMSPage, err error) {
	hours := query{
		pk: smsPartition(q.Project), from: smsHourPrefix + digits(during.from/milliHour*milliHour), to: smsHourPrefix + digits(during.to-1),
		backward: true,
	}
	skip, begin := q.Offset, int64(-1)
	for hour, err := range db.query(ctx, hours) {
		var some span
		n := 0
		if err == nil {
			some, n, err = db.countHour(ctx, q.Project, hour, during)
		}
		if err != nil {
			return page, err
		}
		page.Total += n
		switch {
		case begin >= 0:
		case skip < n:
			begin = some.to
		default:
			skip -= n
		}
	}
	if begin < 0 {
		return page, nil
	}
	rows := smsDuring(q.Project, span{during.from, begin})
	rows.limit = skip + q.Limit
	for r, err := range db.query(ctx, rows) {
		if skip--; err == nil && skip >= 0 {
			continue
		}
		var m store.SMS
		if err == nil {
			m, err = r.sms(q.Project)
		}
		if err != nil {
			return page, err
		}
		page.SMS = append(page.SMS, m)
	}
	return page, nil
}

const milliHour = int64(time.Hour / time.Millisecond)

// countHour tells which part of an hour a span covers, and how many SMS that has.
func (db *DB) countHour(ctx context.Context, project string, hour row, during span) (part span, n int, err error) {
	begin, err := strconv.ParseInt(hour.sk[len(smsHourPrefix):], 10, 64)
	if err != nil {
		return span{}, 0, fmt.Errorf("row %s: %w", hour.key, err)
	}
	whole := span{begin, begin + milliHour}
	part = whole.and(during)
	if part == whole {
		return part, int(min(hour.num("n"), math.MaxInt32)), nil
	}
	for _, err := range db.query(ctx, smsDuring(project, part)) {
		if err != nil {
			return span{}, 0, err
		}
		n++
	}
	return part, n, nil
}

// smsDuring asks for the SMS of a time, newest first.
func smsDuring(project string, during span) query {
	return query{pk: smsPartition(project), from: smsPrefix + digits(during.from), to: smsPrefix + digits(during.to), backward: true}
}
