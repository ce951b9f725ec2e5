package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/shared/store"
)

// keepCounts is how long the counts of an hour are kept: the three months of which
// SMN gives reports.
const keepCounts = 92 * 24 * time.Hour

const day = 24 * time.Hour

// hourName is the attribute of an hour of the day that a row of counts is for.
func hourName(hour int) string { return fmt.Sprintf("h%02d", hour) }

// resolveSMS removes a failure. If it was there its SMS counts, unless its message or
// the topic is gone.
func (db *DB) resolveSMS(ctx context.Context, messageID string, gone write) error {
	m, err := db.getMessage(ctx, messageID)
	if err == nil {
		_, err = db.there(ctx, listedTopicKey(m.Project, m.TopicID))
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		_, err = db.write(ctx, gone)
		return err
	case err != nil:
		return err
	}
	at := m.AcceptedAt
	err = db.transact(ctx, gone.when(present),
		update(countKey(m.TopicID, at.Format(time.DateOnly), gone.key.sk), "ADD #"+hourName(at.Hour())+" ? SET #ttl = ?",
			n(1), ttl(at.Truncate(day).Add(day+keepCounts))))
	if errors.Is(err, errCondition) {
		return nil // it was counted before
	}
	return err
}

// CountSMS meets store.Statistics.
func (db *DB) CountSMS(ctx context.Context, topicID string, from, to time.Time) (counts []store.SMSCount, err error) {
	from, to = from.UTC().Truncate(time.Hour), to.UTC()
	sums := map[time.Time]int{}
	for r, err := range db.query(ctx, query{
		pk: ownedBy(topicID), from: countPrefix + from.Format(time.DateOnly), to: countPrefix + to.Format(time.DateOnly) + highest,
	}) {
		var begin time.Time
		if err == nil {
			begin, err = time.Parse(time.DateOnly, r.sk[len(countPrefix):][:len(time.DateOnly)])
		}
		if err != nil {
			return nil, fmt.Errorf("count SMS of topic %s: %w", topicID, err)
		}
		for h := range 24 {
			hour := begin.Add(time.Duration(h) * time.Hour)
			if more := int(r.num(hourName(h))); more > 0 && !hour.Before(from) && hour.Before(to) {
				sums[hour] += more
			}
		}
	}
	for _, hour := range slices.SortedFunc(maps.Keys(sums), time.Time.Compare) {
		counts = append(counts, store.SMSCount{Hour: hour, SMS: sums[hour]})
	}
	return counts, nil
}
