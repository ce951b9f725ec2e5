package lambdaapp

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/sqsqueue"
)

// LastSend is how long before its end a function begins its last attempt: the longest
// one has time to finish, and what has come of it to be written.
const LastSend = deliver.MaxAttempt + 10*time.Second

// worker does the tasks of a queue until ctx ends. *deliver.Worker does.
type worker interface {
	Run(ctx context.Context, q queue.Queue) error
}

// deliverHandler does the tasks of SQS events, and says which of them SQS must
// give again. newest gives the worker to do them with; tasks is the queue that
// the events are from.
//
// A task has been done when it is not named in the answer. When the process is
// killed there is no answer, so that all of the event's come again.
func deliverHandler[W worker](newest func(context.Context) (W, error), tasks queue.Queue, m *metrics, log *slog.Logger) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		w, err := newest(ctx)
		if err != nil {
			return events.SQSEventResponse{}, err // all are given again
		}
		sending, settled := context.WithCancel(ctx)
		defer settled()
		if end, ok := ctx.Deadline(); ok {
			var cancel context.CancelFunc
			sending, cancel = context.WithDeadline(sending, end.Add(-LastSend))
			defer cancel()
		}
		b := newBatch(tasks, settled)
		b.fill(ctx, event, m, log)
		if len(b.waiting) > 0 {
			err = w.Run(sending, b)
		}
		return b.response(event), err
	}
}

// batch is the queue of one event: it hands out the event's tasks, and notes what
// becomes of them.
type batch struct {
	queue.Queue // takes what is put, and what is given back
	settled     func()

	mu      sync.Mutex
	waiting []queue.Lease
	inHand  int             // leases that were neither acknowledged nor given back
	done    map[string]bool // by receipt
}

func newBatch(tasks queue.Queue, settled func()) *batch {
	return &batch{Queue: tasks, settled: settled, done: map[string]bool{}}
}

// fill reads the event. Tasks that come before their time are put again; what is no
// task is left to the dead-letter queue.
func (b *batch) fill(ctx context.Context, event events.SQSEvent, metrics *metrics, log *slog.Logger) {
	now := time.Now()
	messages, sent := make([]sqsqueue.Message, len(event.Records)), map[string]string{}
	for i, m := range event.Records {
		messages[i] = sqsqueue.Message{MessageID: m.MessageId, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Attributes: m.Attributes}
		sent[m.ReceiptHandle] = m.Attributes["SentTimestamp"]
	}
	due, early := sqsqueue.Sort(ctx, log, now, messages)
	b.waiting, b.inHand = due, len(due)
	for _, lease := range due {
		if lease.Received == 1 { // who comes again may have been given back for a while, which SentTimestamp does not show
			metrics.Taken(now.Sub(since(sent[lease.Receipt], lease.Task)))
		}
	}
	if err := sqsqueue.PutAgain(ctx, b.Queue, early); err != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "receive tasks that are not due", slog.String("error", err.Error()))
		return // they come again
	}
	for _, lease := range early {
		b.done[lease.Receipt] = true
	}
	_ = b.Queue.Ack(ctx, early...) // else the answer does it, if this process lives so long
}

// since is when a task could have been taken first, which was sent at so many
// milliseconds.
func since(sent string, task queue.Task) time.Time {
	ms, err := strconv.ParseInt(sent, 10, 64)
	if at := time.UnixMilli(ms); err == nil && at.After(task.NotBefore) {
		return at
	}
	return task.NotBefore
}

// Receive hands out each task of the event once, and then waits for the end.
func (b *batch) Receive(ctx context.Context, limit int, _ time.Duration) ([]queue.Lease, error) {
	if leases := b.take(ctx, limit); len(leases) > 0 {
		return leases, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (b *batch) take(ctx context.Context, limit int) []queue.Lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	n := min(limit, len(b.waiting))
	leases := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return leases
}

// Ack notes that tasks are done. SQS removes them by the answer. Those that send one
// message to one person are removed at once, too: nothing else tells a process that
// is given the batch again, since this one was killed, that they were sent.
func (b *batch) Ack(ctx context.Context, leases ...queue.Lease) error {
	for _, lease := range leases {
		if lease.Direct != nil || lease.Notice != nil || lease.Detection != nil {
			_ = b.Queue.Ack(ctx, lease) // else the answer does it
		}
	}
	b.mu.Lock()
	for _, lease := range leases {
		b.done[lease.Receipt] = true
	}
	b.mu.Unlock()
	b.settle(len(leases))
	return nil
}

// Release lets SQS hand out a task again after the delay.
func (b *batch) Release(ctx context.Context, lease queue.Lease, delay time.Duration) error {
	defer b.settle(1)
	return b.Queue.Release(ctx, lease, delay)
}

// settle ends the waiting when nothing is in hand any more.
func (b *batch) settle(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inHand -= n; b.inHand == 0 {
		b.settled()
	}
}

// response names the messages that are not done.
func (b *batch) response(event events.SQSEvent) (r events.SQSEventResponse) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range event.Records {
		if !b.done[m.ReceiptHandle] {
			r.BatchItemFailures = append(r.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return r
}
