package dynamostore

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func failureOf(m store.Message) store.Failure {
	return store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID(), Project: m.Project, TopicID: m.TopicID, Attempts: 1, At: moment}
}

func retryOf(f store.Failure, due time.Time) queue.Task {
	return queue.NewRetry(f.Project, f.TopicID, queue.Retry{
		MessageID: f.MessageID, SubscriptionID: f.SubscriptionID, Attempt: f.Attempts + 1,
	}, due)
}

// A claim whose answer is lost is sent again, and is not another's then.
func TestClaimSentTwice(t *testing.T) {
	db, q := open(t)
	key := store.ChunkKey{MessageID: smn.NewID()}
	next := queue.NewFanOut("p", "t", key.MessageID, 1)
	fail(db).after = lostAnswer()
	claim, err := db.ClaimChunk(t.Context(), key, moment, moment.Add(time.Minute), next)
	require.NoError(t, err)
	require.Equal(t, store.Claim{State: store.ClaimGranted, Until: moment.Add(time.Minute)}, claim)
	require.Equal(t, []string{next.ID}, tasks(t, q))
	claim, err = db.ClaimChunk(t.Context(), key, moment, moment.Add(time.Minute), next)
	require.NoError(t, err)
	require.Equal(t, store.ClaimLeased, claim.State)
}

// Wherever FinishChunk ends early, whoever claims the chunk next does it again.
func TestFinishChunkEndsEarly(t *testing.T) {
	m := newMessage("text")
	key := store.ChunkKey{MessageID: m.ID}
	f := failureOf(m)
	retry := retryOf(f, time.Time{})
	for name, c := range map[string]struct {
		end   func(*DB, queue.Queue)
		tasks []string // put before that
	}{
		"before its failures": {func(db *DB, _ queue.Queue) { fail(db).before = func(string) error { return errFault } }, nil},
		"before its tasks":    {func(db *DB, q queue.Queue) { db.queue = deaf{q} }, nil},
		"before its row": {func(db *DB, _ queue.Queue) {
			fail(db).before = func(operation string) error {
				if operation == "UpdateItem" {
					return errFault
				}
				return nil
			}
		}, []string{retry.ID}},
	} {
		t.Run(name, func(t *testing.T) {
			db, q := open(t)
			api, until := db.api, moment.Add(time.Minute)
			claim := func(now time.Time) store.ClaimState {
				claim, err := db.ClaimChunk(t.Context(), key, now, now.Add(time.Minute))
				require.NoError(t, err)
				return claim.State
			}
			finish := func() error {
				return db.FinishChunk(t.Context(), key, store.Tally{Matched: 3}, []store.Failure{f}, retry)
			}
			require.Equal(t, store.ClaimGranted, claim(moment))
			c.end(db, q)
			require.ErrorIs(t, finish(), errFault)
			db.api, db.queue = api, q
			require.Equal(t, c.tasks, tasks(t, q))
			require.Equal(t, store.ClaimLeased, claim(moment))
			require.Equal(t, store.ClaimGranted, claim(until))
			require.NoError(t, finish())
			require.Equal(t, []string{retry.ID}, tasks(t, q))
			require.Equal(t, store.ClaimDone, claim(until))
			report, err := db.GetReport(t.Context(), key.MessageID)
			require.NoError(t, err)
			require.Equal(t, store.Report{Tally: store.Tally{Matched: 3}, Retrying: 1}, report)
		})
	}
}

// A chunk whose end fails for good, with all that a chunk can have.
func TestFinishChunkOfDead(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	m := newMessage("text")
	require.NoError(t, db.PutMessage(t.Context(), m, firstTask(m)))
	var failures []store.Failure
	for range store.ChunkSize {
		f := failureOf(m)
		f.Dead = true
		failures = append(failures, f)
	}
	require.NoError(t, db.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: store.ChunkSize}, failures))
	list, err := db.ListDead(t.Context(), store.DeadQuery{TopicID: m.TopicID, Limit: 2 * store.ChunkSize})
	require.NoError(t, err)
	require.Len(t, list, store.ChunkSize)
	report, err := db.GetReport(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, store.Report{Tally: store.Tally{Matched: store.ChunkSize}, Dead: store.ChunkSize}, report)
}

// The task of the attempt that failed comes again when PutFailure ends early. It must
// find the failure as it was, or it would have nothing to do.
func TestPutFailureEndsEarly(t *testing.T) {
	now := moment
	db, q := openAt(t, &now)
	f := failureOf(newMessage("text"))
	require.NoError(t, db.PutFailure(t.Context(), f))
	later := f
	later.Attempts = 2
	retry := retryOf(later, moment.Add(5*time.Second))
	for _, end := range []func(){
		func() { db.queue = deaf{q} },
		func() { fail(db).before = func(string) error { return errFault } },
	} {
		api := db.api
		end()
		require.ErrorIs(t, db.PutFailure(t.Context(), later, retry), errFault)
		db.api, db.queue = api, q
		got, err := db.GetFailure(t.Context(), f.MessageID, f.SubscriptionID)
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	require.NoError(t, db.PutFailure(t.Context(), later, retry))
	got, err := db.GetFailure(t.Context(), f.MessageID, f.SubscriptionID)
	require.NoError(t, err)
	require.Equal(t, later, got)
}

// counter is a queue that counts what is put.
type counter struct {
	queue.Queue
	put []string
}

func (c *counter) Put(_ context.Context, tasks ...queue.Task) error {
	for _, task := range tasks {
		c.put = append(c.put, task.ID)
	}
	return nil
}

// A task may come before its row only if it is put again when the row is there.
func TestPutFailureTakesLong(t *testing.T) {
	now := moment
	db, q := openAt(t, &now)
	counted := &counter{Queue: q}
	db.queue = counted
	f := failureOf(newMessage("text"))
	retry := retryOf(f, moment.Add(5*time.Second))
	require.NoError(t, db.PutFailure(t.Context(), f, retry))
	require.Equal(t, []string{retry.ID}, counted.put)
	fail(db).before = func(string) error { now = now.Add(5 * time.Second); return nil }
	require.NoError(t, db.PutFailure(t.Context(), f, retry))
	require.Equal(t, []string{retry.ID, retry.ID, retry.ID}, counted.put)
}

// noting notes what is put.
type noting struct {
	queue.Queue
	puts *[]string
}

func (q noting) Put(ctx context.Context, tasks ...queue.Task) error {
	for _, task := range tasks {
		*q.puts = append(*q.puts, task.ID)
	}
	return q.Queue.Put(ctx, tasks...)
}

// A task that falls due while its row is written is put again, since who took it may
// have found no row; but not one that was only put off: both would go on for ever.
func TestTasksThatAreDueAtOnce(t *testing.T) {
	now := moment
	db, q := openAt(t, &now)
	var puts []string
	db.queue = noting{q, &puts}
	for deferred, times := range map[int]int{0: 2, 1: 1} {
		m := newMessage("text")
		f := failureOf(m)
		r := queue.Retry{MessageID: m.ID, SubscriptionID: f.SubscriptionID, Attempt: 2, Deferred: deferred}
		task := queue.NewRetry(m.Project, m.TopicID, r, now)
		puts = nil
		require.NoError(t, db.PutFailure(t.Context(), f, task))
		require.Len(t, puts, times, "deferred %d times", deferred)
	}
}
