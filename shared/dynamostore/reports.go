package dynamostore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// GetReport meets store.Reports. What is left to fan out is told by the chunks, since
// tasks cannot be found.
func (db *DB) GetReport(ctx context.Context, messageID string) (store.Report, error) {
	report, chunks, err := db.countReport(ctx, messageID)
	if err == nil && !isFannedOut(chunks) {
		_, report.FanningOut, err = db.get(ctx, messageKey(messageID))
	}
	if err != nil {
		return store.Report{}, fmt.Errorf("report on message %s: %w", messageID, err)
	}
	return report, nil
}

// countReport gives the counts of a message, and its chunks by their number.
func (db *DB) countReport(ctx context.Context, messageID string) (report store.Report, chunks map[string]row, err error) {
	chunks = make(map[string]row)
	for r, err := range db.query(ctx, reportRows(messageID)) {
		number, isChunk := strings.CutPrefix(r.sk, fanOutPrefix)
		switch {
		case err != nil:
			return report, nil, err
		case isChunk:
			chunks[number] = r
			report.Matched += int(r.num("matched"))
			report.Filtered += int(r.num("filtered"))
			report.Waiting += int(r.num("waiting"))
		case r.has("dead"):
			report.Dead++
		default:
			report.Retrying++
		}
	}
	return report, chunks, nil
}

// reportRows are the chunks and the failures of a message.
func reportRows(messageID string) query {
	return query{pk: messageKey(messageID).pk, from: fanOutPrefix, to: failurePrefix + highest}
}

// isFannedOut says whether all chunks are finished, from the first one to that which
// did not pass anything on. Later rounds of a chunk are none of these.
func isFannedOut(chunks map[string]row) bool {
	for number := int64(0); ; {
		chunk, begun := chunks[strconv.FormatInt(number, 10)]
		if !begun || !chunk.has("matched") {
			return false
		}
		next := chunk.num("next")
		if next <= number {
			return true
		}
		number = next
	}
}

// ListFailures meets store.Reports.
func (db *DB) ListFailures(ctx context.Context, q store.FailureQuery) (list []store.ListedFailure, err error) {
	page := query{pk: messageKey(q.MessageID).pk, prefix: failurePrefix, limit: q.Limit}
	if q.After != "" {
		page.behind = failurePrefix + q.After
	}
	for r, err := range db.query(ctx, page) {
		var f store.Failure
		if err == nil {
			f, err = r.failure(q.MessageID)
		}
		if err != nil {
			return nil, fmt.Errorf("list failures of message %s: %w", q.MessageID, err)
		}
		list = append(list, store.ListedFailure{Failure: f})
	}
	listed := make([]*store.ListedFailure, len(list))
	for i := range list {
		listed[i] = &list[i]
	}
	if err := db.addProtocols(ctx, listed); err != nil {
		return nil, fmt.Errorf("list failures of message %s: %w", q.MessageID, err)
	}
	return list, nil
}

// ListMessages meets store.Reports.
func (db *DB) ListMessages(ctx context.Context, q store.MessageQuery) ([]store.MessageHead, error) {
	if q.After != "" {
		if _, found, err := db.get(ctx, messageKey(q.After)); err != nil || !found {
			return nil, err
		}
	}
	rows, err := db.newest(ctx, headList(q.TopicID), "", q.After, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list messages of topic %s: %w", q.TopicID, err)
	}
	list := make([]store.MessageHead, len(rows))
	for i, r := range rows {
		list[i] = r.head()
	}
	return list, nil
}

// addProtocols fills in the protocols of subscriptions that are there.
func (db *DB) addProtocols(ctx context.Context, list []*store.ListedFailure) error {
	of := make(map[key]smn.Protocol, len(list))
	for _, f := range list {
		of[subscriptionKey(f.TopicID, f.SubscriptionID)] = ""
	}
	rows, err := db.getMany(ctx, slices.Collect(maps.Keys(of)))
	if err != nil {
		return err
	}
	for k, r := range rows {
		sub, err := r.subscription()
		if err != nil {
			return err
		}
		of[k] = sub.Protocol
	}
	for _, f := range list {
		f.Protocol = of[subscriptionKey(f.TopicID, f.SubscriptionID)]
	}
	return nil
}
