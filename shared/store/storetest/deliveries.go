package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var deliveryCases = []testCase{
	{"a chunk is claimed, leased and done", testClaimChunk},
	{"a chunk can be claimed again when its lease has ended", testClaimExpires},
	{"of many claims at once one is granted", testClaimAtOnce},
	{"chunks are claimed one by one", testClaimOthers},
	{"what was delivered of a chunk is not forgotten", testSaveChunk},
	{"finishing twice counts once", testFinishTwice},
	{"finishing without a claim counts", testFinishUnclaimed},
	{"failures come and go", testFailures},
	{"a failure is overwritten", testFailureOverwritten},
}

func (e env) claim(t *testing.T, key store.ChunkKey, now, until time.Time, next ...queue.Task) store.Claim {
	t.Helper()
	claim, err := e.ClaimChunk(t.Context(), key, now, until, next...)
	require.NoError(t, err)
	return claim
}

func failureOf(messageID string) store.Failure {
	return store.Failure{
		MessageID: messageID, SubscriptionID: smn.NewID(), Project: smn.NewID(), TopicID: smn.NewID(), Attempts: 1,
		Next: moment.Add(time.Minute), Status: 503, Reason: "Service Unavailable ✗", At: moment,
	}
}

func retryOf(f store.Failure) queue.Task {
	return queue.NewRetry(smn.NewID(), smn.NewID(), queue.Retry{
		MessageID: f.MessageID, SubscriptionID: f.SubscriptionID, Attempt: f.Attempts + 1,
	}, time.Time{})
}

func testClaimChunk(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID(), Chunk: 3}
	until := moment.Add(time.Minute)
	next, dropped := queue.NewFanOut("project", "topic", key.MessageID, 4), queue.NewFanOut("project", "topic", key.MessageID, 5)

	require.Equal(t, store.Claim{State: store.ClaimGranted, Until: until}, e.claim(t, key, moment, until, next))
	require.Equal(t, store.Claim{State: store.ClaimLeased, Until: until},
		e.claim(t, key, moment.Add(time.Second), until.Add(time.Hour), dropped))
	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 7}, nil))
	require.Equal(t, store.ClaimDone, e.claim(t, key, moment, until, dropped).State)
	require.Equal(t, store.ClaimDone, e.claim(t, key, until.Add(time.Hour), until.Add(2*time.Hour), dropped).State)
	require.Equal(t, map[string]queue.Task{next.ID: next}, e.tasks(t, 1))
}

func testClaimExpires(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID()}
	until := moment.Add(time.Minute)
	e.claim(t, key, moment, until)
	require.Equal(t, store.ClaimLeased, e.claim(t, key, until.Add(-time.Millisecond), until.Add(time.Hour)).State)
	later := until.Add(time.Minute)
	next := queue.NewFanOut("project", "topic", key.MessageID, 1)
	require.Equal(t, store.Claim{State: store.ClaimGranted, Until: later}, e.claim(t, key, until, later, next))
	require.Equal(t, store.Claim{State: store.ClaimLeased, Until: later}, e.claim(t, key, until, later.Add(time.Hour)))
	e.tasks(t, 1)
}

func testClaimAtOnce(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID()}
	granted := 0
	for _, claim := range atOnce(t, 20, func(i int) (store.Claim, error) {
		return e.ClaimChunk(context.Background(), key, moment, moment.Add(time.Minute), queue.NewFanOut("project", "topic", key.MessageID, i))
	}) {
		if claim.State == store.ClaimGranted {
			granted++
		}
	}
	require.Equal(t, 1, granted)
	e.tasks(t, 1)
}

func testClaimOthers(t *testing.T, e env) {
	message := smn.NewID()
	for _, key := range []store.ChunkKey{{MessageID: message}, {MessageID: message, Chunk: 1}, {MessageID: smn.NewID()}} {
		require.Equal(t, store.ClaimGranted, e.claim(t, key, moment, moment.Add(time.Minute)).State)
	}
}

func testSaveChunk(t *testing.T, e env) {
	key, other := store.ChunkKey{MessageID: smn.NewID()}, store.ChunkKey{MessageID: smn.NewID()}
	until := moment.Add(time.Minute)
	require.Zero(t, e.claim(t, key, moment, until).Sent)
	var sent store.Places
	for _, seq := range []int64{0, 63, 64, store.ChunkSize - 1, 3*store.ChunkSize + 100} {
		sent.Add(seq)
		require.True(t, sent.Has(seq))
		require.NoError(t, e.SaveChunk(t.Context(), key, sent))
	}
	require.Equal(t, 5, sent.Len())
	require.False(t, sent.Has(1))
	var late store.Places // of someone whose lease is over
	late.Add(7)
	require.NoError(t, e.SaveChunk(t.Context(), key, late))
	require.NoError(t, e.SaveChunk(t.Context(), key, store.Places{}))
	sent.Join(late)
	require.Equal(t, 6, sent.Len())
	// What is written after that is behind it.
	require.NoError(t, e.PutFailure(t.Context(), failureOf(smn.NewID())))
	require.Equal(t, store.Claim{State: store.ClaimGranted, Until: until.Add(time.Minute), Sent: sent},
		e.claim(t, key, until, until.Add(time.Minute)))
	require.Zero(t, e.claim(t, other, moment, until).Sent)
	require.Zero(t, e.report(t, key.MessageID), "only what is finished counts")

	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 5}, nil))
	require.NoError(t, e.SaveChunk(t.Context(), key, store.Places{}), "it is finished: nothing to do")
	require.NoError(t, e.PutFailure(t.Context(), failureOf(smn.NewID())))
	require.Equal(t, store.ClaimDone, e.claim(t, key, until.Add(time.Hour), until.Add(2*time.Hour)).State)
	require.Equal(t, 5, e.report(t, key.MessageID).Matched)
}

func testFinishTwice(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID()}
	f := failureOf(key.MessageID)
	retry := retryOf(f)
	e.claim(t, key, moment, moment.Add(time.Minute))
	for range 2 {
		require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 10}, []store.Failure{f}, retry))
	}
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 10}, Retrying: 1}, e.report(t, key.MessageID))
	require.Equal(t, []store.Failure{f}, e.failures(t, key.MessageID))
	require.Equal(t, 9, e.report(t, key.MessageID).Delivered())
	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 12}, nil))
	require.Equal(t, 12, e.report(t, key.MessageID).Matched, "set, not added to")
	require.Equal(t, map[string]queue.Task{retry.ID: retry}, e.tasks(t, 1))
}

func testFinishUnclaimed(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID()}
	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 0}, nil))
	require.Equal(t, store.ClaimDone, e.claim(t, key, moment, moment.Add(time.Minute)).State)
	require.Zero(t, e.report(t, key.MessageID))
}

func testFailures(t *testing.T, e env) {
	key := store.ChunkKey{MessageID: smn.NewID()}
	first, second := failureOf(key.MessageID), failureOf(key.MessageID) // ids ascend
	require.NoError(t, e.FinishChunk(t.Context(), key, store.Tally{Matched: 5}, []store.Failure{second, first}, retryOf(first), retryOf(second)))
	require.Equal(t, []store.Failure{first, second}, e.failures(t, key.MessageID))
	e.tasks(t, 2)
	found, err := e.GetFailure(t.Context(), key.MessageID, first.SubscriptionID)
	require.NoError(t, err)
	require.Equal(t, first, found)

	stranger := failureOf(smn.NewID())
	require.NoError(t, e.PutFailure(t.Context(), stranger))
	require.NoError(t, e.ResolveFailure(t.Context(), key.MessageID, stranger.SubscriptionID, smn.HTTPS), "of another message: nothing to do")
	require.NoError(t, e.ResolveFailure(t.Context(), key.MessageID, first.SubscriptionID, smn.HTTPS))
	require.NoError(t, e.ResolveFailure(t.Context(), key.MessageID, first.SubscriptionID, smn.HTTPS), "again: nothing to do")
	require.Equal(t, store.Report{Tally: store.Tally{Matched: 5}, Retrying: 1}, e.report(t, key.MessageID))
	require.Equal(t, []store.Failure{second}, e.failures(t, key.MessageID))
	require.Equal(t, []store.Failure{stranger}, e.failures(t, stranger.MessageID))
	_, err = e.GetFailure(t.Context(), key.MessageID, first.SubscriptionID)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = e.GetFailure(t.Context(), stranger.MessageID, second.SubscriptionID)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.noTasks(t)
}

func testFailureOverwritten(t *testing.T, e env) {
	f := failureOf(smn.NewID())
	require.NoError(t, e.PutFailure(t.Context(), f, retryOf(f)))
	f.Attempts, f.Status, f.Reason = 2, 0, "connection refused"
	retry := retryOf(f)
	require.NoError(t, e.PutFailure(t.Context(), f, retry))
	require.Equal(t, []store.Failure{f}, e.failures(t, f.MessageID))
	require.Contains(t, e.tasks(t, 2), retry.ID)

	f.Attempts, f.Dead, f.Next = 3, true, time.Time{}
	require.NoError(t, e.PutFailure(t.Context(), f))
	require.Equal(t, []store.Failure{f}, e.failures(t, f.MessageID))
	e.noTasks(t)
}
