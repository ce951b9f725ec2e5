package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// reportTTL is for the rows of a report: they outlive their message, whenever it was
// accepted and whatever clocks say. Without one of them the counts would be wrong.
func (db *DB) reportTTL() value {
	return ttl(db.now().Add(smn.MaxTimeToLive + keepMessages + time.Hour))
}

// ClaimChunk meets store.Deliveries.
func (db *DB) ClaimChunk(ctx context.Context, key store.ChunkKey, now, until time.Time, next ...queue.Task) (store.Claim, error) {
	claim, err := db.claimChunk(ctx, key, now, until, next)
	if err == nil && claim.State == store.ClaimGranted {
		err = db.putTasks(ctx, next...)
	}
	if err != nil {
		return store.Claim{}, fmt.Errorf("claim chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	return claim, nil
}

func (db *DB) claimChunk(ctx context.Context, key store.ChunkKey, now, until time.Time, next []queue.Task) (claim store.Claim, err error) {
	holder := token()
	change, values := "SET lease = ?, holder = ?, #ttl = ?", []value{ms(until), s(holder), db.reportTTL()}
	if number := passedOnTo(next); number > 0 {
		change, values = change+", #next = ?", append(values, n(number))
	} else {
		change += " REMOVE #next"
	}
	there, err := db.write(ctx, update(claimKey(key), change, values...).
		when("attribute_not_exists(matched) AND (attribute_not_exists(lease) OR lease <= ?)", ms(now)))
	switch {
	case err == nil, errors.Is(err, errCondition) && there.str("holder") == holder: // the answer was lost
		claim = store.Claim{State: store.ClaimGranted, Until: kept(until)}
		for _, place := range there.set("sent") {
			claim.Sent.Add(int64(place[0]))
		}
		return claim, nil
	case !errors.Is(err, errCondition):
		return claim, err
	case there.has("matched"):
		return store.Claim{State: store.ClaimDone}, nil
	}
	return store.Claim{State: store.ClaimLeased, Until: there.time("lease")}, nil
}

// passedOnTo is the chunk that tasks pass the rest of a message on to; 0 for none.
func passedOnTo(next []queue.Task) int {
	for _, task := range next {
		if task.FanOut != nil {
			return task.FanOut.Chunk
		}
	}
	return 0
}

// SaveChunk meets store.Deliveries. Places are a set of bytes, to which DynamoDB adds:
// whoever adds to it, and however often, nothing goes. All of them leave the row
// within a KB.
func (db *DB) SaveChunk(ctx context.Context, key store.ChunkKey, sent store.Places) error {
	var places [][]byte
	for place := range int64(store.ChunkSize) {
		if sent.Has(place) {
			places = append(places, []byte{byte(place)})
		}
	}
	if len(places) == 0 {
		return nil
	}
	_, err := db.write(ctx, update(claimKey(key), "ADD sent ?", set(places)).when(present+" AND attribute_not_exists(matched)"))
	if err != nil && !errors.Is(err, errCondition) {
		return fmt.Errorf("save chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	return nil
}

// FinishChunk meets store.Deliveries. The chunk is finished last: who finds it
// unfinished does the rest again. The failures come before the tasks, which have
// nothing to do without them.
func (db *DB) FinishChunk(ctx context.Context, key store.ChunkKey, tally store.Tally, failures []store.Failure, retries ...queue.Task) error {
	err := db.putFailures(ctx, failures...)
	if err == nil {
		err = db.putTasks(ctx, retries...)
	}
	if err == nil {
		_, err = db.write(ctx, update(claimKey(key), "SET matched = ?, filtered = ?, waiting = ?, #ttl = ? REMOVE sent",
			n(tally.Matched), n(tally.Filtered), n(tally.Waiting), db.reportTTL()))
	}
	if err != nil {
		return fmt.Errorf("finish chunk %d of message %s: %w", key.Chunk, key.MessageID, err)
	}
	return nil
}

// PutFailure meets store.Deliveries. The task comes before the row: who makes an
// attempt again because this call ended in between finds its row as it was. A task
// that is due when the row is there may have been too early, so it is put again; but
// not one of an attempt that was only put off, for which the row before does as well.
func (db *DB) PutFailure(ctx context.Context, f store.Failure, retry ...queue.Task) error {
	err := db.putTasks(ctx, retry...)
	if err == nil {
		err = db.putFailures(ctx, f)
	}
	for i := 0; i < len(retry) && err == nil; i++ {
		putOff := retry[i].Retry != nil && retry[i].Retry.Deferred > 0
		if !putOff && !retry[i].NotBefore.After(db.now()) {
			err = db.putTasks(ctx, retry[i])
		}
	}
	if err != nil {
		return fmt.Errorf("put failure of message %s: %w", f.MessageID, err)
	}
	return nil
}

// failureRow is the attribute v of a failure.
type failureRow struct {
	Project  string    `json:"project"`
	TopicID  string    `json:"topic"`
	Attempts int       `json:"attempts,omitempty"`
	Next     time.Time `json:"next,omitzero"`
	Status   int       `json:"status,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
}

// putFailures puts failures of one message. Before a dead one its place in the list
// of its topic is put, which counts only as long as the failure is dead.
func (db *DB) putFailures(ctx context.Context, failures ...store.Failure) error {
	var places, rows []write
	for _, f := range failures {
		if f.Dead {
			places = append(places, put(deadKey(f), item{"at": ms(f.At), "ttl": db.reportTTL()}))
		}
		rows = append(rows, put(failureKey(f.MessageID, f.SubscriptionID), db.failureItem(f)))
	}
	if err := db.batch(ctx, places...); err != nil {
		return err
	}
	return db.batch(ctx, rows...)
}

func (db *DB) failureItem(f store.Failure) item {
	attrs := item{"ttl": db.reportTTL(), "v": body(failureRow{
		Project: f.Project, TopicID: f.TopicID, Attempts: f.Attempts, Next: kept(f.Next), Status: f.Status, Reason: f.Reason, At: kept(f.At),
	})}
	if f.Dead {
		attrs["dead"] = n(1)
	}
	return attrs
}

// failure is the failure of a message that a row holds.
func (r row) failure(messageID string) (store.Failure, error) {
	var v failureRow
	err := r.decode(&v)
	return store.Failure{
		MessageID: messageID, SubscriptionID: r.sk[len(failurePrefix):], Project: v.Project, TopicID: v.TopicID,
		Attempts: v.Attempts, Dead: r.has("dead"), Next: v.Next, Status: v.Status, Reason: v.Reason, At: v.At,
	}, err
}

// GetFailure meets store.Deliveries.
func (db *DB) GetFailure(ctx context.Context, messageID, subscriptionID string) (f store.Failure, err error) {
	r, err := db.there(ctx, failureKey(messageID, subscriptionID))
	if err == nil {
		f, err = r.failure(messageID)
	}
	if err != nil {
		return store.Failure{}, fmt.Errorf("get failure of message %s: %w", messageID, err)
	}
	return f, nil
}

// ResolveFailure meets store.Deliveries.
func (db *DB) ResolveFailure(ctx context.Context, messageID, subscriptionID string, protocol smn.Protocol) (err error) {
	gone := remove(failureKey(messageID, subscriptionID))
	if protocol == smn.SMS {
		err = db.resolveSMS(ctx, messageID, gone)
	} else {
		_, err = db.write(ctx, gone)
	}
	if err != nil {
		return fmt.Errorf("resolve failure of message %s: %w", messageID, err)
	}
	return nil
}
