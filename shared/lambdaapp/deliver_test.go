package lambdaapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// tasks is the queue behind a batch; it notes what it is told.
type tasks struct {
	queue.Queue
	mu       sync.Mutex
	err      error
	put      []queue.Task
	removed  []string                 // receipts
	released map[string]time.Duration // by receipt
}

func (q *tasks) Ack(_ context.Context, leases ...queue.Lease) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, lease := range leases {
		q.removed = append(q.removed, lease.Receipt)
	}
	return q.err
}

func (q *tasks) Put(_ context.Context, some ...queue.Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.put = append(q.put, some...)
	return q.err
}

func (q *tasks) Release(_ context.Context, lease queue.Lease, delay time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.released == nil {
		q.released = map[string]time.Duration{}
	}
	q.released[lease.Receipt] = delay
	return q.err
}

// working is a worker that a test writes down.
type working func(ctx context.Context, q queue.Queue)

func (w working) Run(ctx context.Context, q queue.Queue) error {
	w(ctx, q)
	return nil
}

func handle(t *testing.T, ctx context.Context, w working, q queue.Queue, records ...events.SQSMessage) []string {
	t.Helper()
	newest := func(context.Context) (working, error) { return w, nil }
	response, err := deliverHandler(newest, q, noMetrics, slog.New(slog.DiscardHandler))(ctx, events.SQSEvent{Records: records})
	require.NoError(t, err)
	return failures(response)
}

func failures(r events.SQSEventResponse) (ids []string) {
	for _, f := range r.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func record(id string, task queue.Task) events.SQSMessage {
	body, err := json.Marshal(task)
	if err != nil {
		panic(err) // a task can be written
	}
	return events.SQSMessage{
		MessageId: id, ReceiptHandle: "receipt of " + id, Body: string(body),
		Attributes: map[string]string{"ApproximateReceiveCount": "3"},
	}
}

func fanOut() queue.Task { return queue.NewFanOut("project", "topic", smn.NewID(), 0) }

// noMetrics are written nowhere.
var noMetrics = newMetrics(io.Discard, "", time.Now)

// How late a task is taken counts from when it was due, or sent if that was later. One
// that was taken before does not count: it may have been given back for a while.
func TestTasksThatAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := newMetrics(&out, "stack", time.Now)
		b := newBatch(&tasks{}, func() {})
		due := fanOut()
		due.NotBefore = time.Now().Add(-3 * time.Second)
		sent := func(ago time.Duration, received string, task queue.Task) events.SQSMessage {
			r := record("sent "+ago.String()+" ago", task)
			r.Attributes["SentTimestamp"] = strconv.FormatInt(time.Now().Add(-ago).UnixMilli(), 10)
			r.Attributes["ApproximateReceiveCount"] = received
			return r
		}
		b.fill(t.Context(), events.SQSEvent{Records: []events.SQSMessage{
			sent(time.Hour, "1", due), sent(2*time.Second, "1", due), sent(time.Second, "1", fanOut()),
			sent(30*time.Minute, "2", fanOut()),
		}}, m, slog.New(slog.DiscardHandler))
		require.Len(t, b.waiting, 4)
		m.flush()
		require.Contains(t, out.String(), `"TaskLate":[3,2,1]`)
	})
}

// What the worker acknowledges is done, everything else comes again.
func TestBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &tasks{}
		early := fanOut()
		early.NotBefore = time.Now().Add(time.Hour).UTC()
		began := time.Now()
		again := handle(t, t.Context(), func(ctx context.Context, batch queue.Queue) {
			leases, err := batch.Receive(ctx, 2, time.Minute)
			require.NoError(t, err)
			require.Len(t, leases, 2)
			require.Equal(t, 3, leases[0].Received)
			more, err := batch.Receive(ctx, 2, time.Minute)
			require.NoError(t, err)
			require.Len(t, more, 1)
			require.NoError(t, batch.Ack(ctx, leases[0]))
			require.NoError(t, batch.Release(ctx, leases[1], time.Minute))
			require.NoError(t, batch.Ack(ctx, more...))
			_, err = batch.Receive(ctx, 2, time.Minute)
			require.ErrorIs(t, err, context.Canceled, "there is nothing more to do")
		}, q, record("done", fanOut()), record("released", fanOut()), record("early", early), events.SQSMessage{MessageId: "no task", Body: "?"}, record("done, too", fanOut()))
		require.Equal(t, []string{"released", "no task"}, again)
		require.Equal(t, map[string]time.Duration{"receipt of released": time.Minute}, q.released)
		require.Equal(t, []queue.Task{early}, q.put)
		require.Equal(t, []string{"receipt of early"}, q.removed, "it is in the queue again, and must not be there twice")
		require.Equal(t, began, time.Now())
	})
}

// What was sent to a person is removed before the answer: nothing else tells a process
// that is given the batch again, since this one was killed.
func TestWhatWasSentToAPersonIsRemovedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &tasks{}
		sms := queue.NewDirect(queue.Direct{MessageID: smn.NewID(), Project: smn.NewID(), Protocol: smn.SMS, Attempt: 1}, time.Time{})
		notice := queue.NewNotice(queue.Notice{MessageID: smn.NewID(), Kind: queue.Subscribed, Attempt: 1}, time.Time{})
		work := func(ctx context.Context, batch queue.Queue) {
			leases, err := batch.Receive(ctx, 10, time.Minute)
			require.NoError(t, err)
			require.NoError(t, batch.Ack(ctx, leases...))
		}
		require.Empty(t, handle(t, t.Context(), work, q, record("sms", sms), record("chunk", fanOut()), record("notice", notice)))
		require.Equal(t, []string{"receipt of sms", "receipt of notice"}, q.removed)

		broken := &tasks{err: errors.New("no way")}
		require.Empty(t, handle(t, t.Context(), work, broken, record("sms", sms)), "the answer removes it as well")
	})
}

// Nothing is begun in the last seconds of the function, and what was not handed out
// by then comes again.
func TestBatchEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		again := handle(t, ctx, func(ctx context.Context, batch queue.Queue) {
			_, err := batch.Receive(ctx, 1, time.Minute)
			require.NoError(t, err)
			<-ctx.Done()
			require.Equal(t, 20*time.Second, time.Since(began))
			_, err = batch.Receive(ctx, 1, time.Minute)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}, &tasks{}, record("in hand", fanOut()), record("waiting", fanOut()))
		require.Equal(t, []string{"in hand", "waiting"}, again)
	})
}

// A batch without anything that is due needs no worker.
func TestBatchWithoutWork(t *testing.T) {
	early := fanOut()
	early.NotBefore = time.Now().Add(time.Hour)
	idle := func(context.Context, queue.Queue) { t.Error("there is nothing to do") }
	require.Empty(t, handle(t, t.Context(), idle, &tasks{}, record("early", early)))
	require.Empty(t, handle(t, t.Context(), idle, &tasks{}))
	broken := &tasks{err: errors.New("no way")}
	require.Equal(t, []string{"early"}, handle(t, t.Context(), idle, broken, record("early", early)), "it is not lost")
}

func TestNoWorker(t *testing.T) {
	failure := errors.New("no secrets")
	_, err := deliverHandler(func(context.Context) (working, error) { return nil, failure }, &tasks{}, noMetrics, slog.Default())(t.Context(), events.SQSEvent{})
	require.ErrorIs(t, err, failure)
}
