// Package sqsqueue keeps tasks in a standard queue of SQS. A Queue meets
// queue.Queue, as far as SQS can: what it cannot is what the port leaves open to
// queues outside of the store. It remembers nothing, so any number of them work on
// one queue.
//
// A message is the JSON of one task. SQS delays a message by 15 minutes at most; a
// task that is due later carries its time in NotBefore, comes early, and is put
// again until it is due.
package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/awsjson"
	"tocsin/shared/queue"
)

// Limits of SQS.
const (
	maxBatch = 10               // messages in one request
	maxDelay = 15 * time.Minute // of a new message
	maxLease = 12 * time.Hour   // of a message, from when it was handed out
	maxWait  = 20 * time.Second // of a request for messages

	// MaxTask is how many bytes the JSON of a task may have, and those of one
	// request together: what every queue takes, whatever its own limit says.
	MaxTask = 256 << 10
)

// Config is what New needs.
type Config struct {
	Client API    // a Client
	URL    string // of the queue
	// Fair names the group of each task to SQS, so that a crowd of one topic holds
	// up the tasks of others less: the queue is a fair one then.
	Fair bool
	Now  func() time.Time // what is due by; nil means time.Now
	Log  *slog.Logger     // gets what no caller can be told; nil for nothing
}

// Queue is a queue of SQS. Its methods may be called from many goroutines at once.
// There is nothing to close.
type Queue struct {
	api  API
	url  string
	fair bool
	now  func() time.Time
	log  *slog.Logger
}

var _ queue.Queue = (*Queue)(nil)

// New gives a queue, which is not looked at before the first call.
func New(cfg Config) (*Queue, error) {
	switch {
	case cfg.Client == nil:
		return nil, errors.New("open queue: no client given")
	case cfg.URL == "":
		return nil, errors.New("open queue: no URL given")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Queue{api: cfg.Client, url: cfg.URL, fair: cfg.Fair, now: cfg.Now, log: cfg.Log}, nil
}

// Put implements queue.Queue, but for two promises: SQS does not know which tasks
// wait, so one that is put twice is there twice; and it takes ten tasks at once, so
// of more than ten some can be there after an error. Putting again mends it. A task
// of more than MaxTask bytes is an error, and then none is put.
func (q *Queue) Put(ctx context.Context, tasks ...queue.Task) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries := make([]SendEntry, len(tasks))
	for i, task := range tasks {
		body, err := encode(task)
		if err != nil {
			return err
		}
		entries[i] = SendEntry{
			ID: strconv.Itoa(i), MessageBody: body,
			DelaySeconds: seconds(min(task.NotBefore.Sub(q.now()), maxDelay)),
		}
		if q.fair && task.Group != "" {
			entries[i].MessageGroupID = task.Group
		}
	}
	for len(entries) > 0 {
		n := fitting(entries)
		if err := q.send(ctx, entries[:n]); err != nil {
			return fmt.Errorf("send %d tasks: %w", n, err)
		}
		entries = entries[n:]
	}
	return nil
}

// fitting is how many of the entries fit into one request.
func fitting(entries []SendEntry) (n int) {
	for size := 0; n < min(len(entries), maxBatch); n++ {
		if size += len(entries[n].MessageBody); size > MaxTask {
			break
		}
	}
	return n
}

func (q *Queue) send(ctx context.Context, entries []SendEntry) error {
	byID := func(e SendEntry) string { return e.ID }
	refused, err := untilTaken(ctx, entries, byID, func(some []SendEntry) ([]Failed, error) {
		return q.api.SendMessageBatch(ctx, SendMessageBatch{QueueURL: q.url, Entries: some})
	})
	if err == nil && len(refused) > 0 {
		err = fmt.Errorf("SQS refuses %d of them: %s", len(refused), refused[0].Code)
	}
	return err
}

// Ack implements queue.Queue. SQS may remove a task also by a receipt of before,
// when it is in the hands of someone else: it is done all the same.
func (q *Queue) Ack(ctx context.Context, leases ...queue.Lease) error {
	for len(leases) > 0 {
		n := min(len(leases), maxBatch)
		entries := make([]DeleteEntry, n)
		for i, lease := range leases[:n] {
			entries[i] = DeleteEntry{ID: strconv.Itoa(i), ReceiptHandle: lease.Receipt}
		}
		if err := q.remove(ctx, entries); err != nil {
			return fmt.Errorf("delete %d tasks: %w", n, err)
		}
		leases = leases[n:]
	}
	return nil
}

func (q *Queue) remove(ctx context.Context, entries []DeleteEntry) error {
	byID := func(e DeleteEntry) string { return e.ID }
	refused, err := untilTaken(ctx, entries, byID, func(some []DeleteEntry) ([]Failed, error) {
		return q.api.DeleteMessageBatch(ctx, DeleteMessageBatch{QueueURL: q.url, Entries: some})
	})
	for _, r := range refused {
		if err == nil && !isStale(r.Code, r.Message) {
			err = fmt.Errorf("SQS refuses it: %s", r.Code)
		}
	}
	return err
}

// Release implements queue.Queue. The delay is in whole seconds, rounded up, and
// twelve hours at most, less what the task has been in hand. With a receipt of
// before, SQS may also give back what is in the hands of someone else; it is then
// done twice.
func (q *Queue) Release(ctx context.Context, lease queue.Lease, delay time.Duration) error {
	err := q.api.ChangeMessageVisibility(ctx, ChangeMessageVisibility{
		QueueURL: q.url, ReceiptHandle: lease.Receipt,
		VisibilityTimeout: seconds(min(delay, maxLease-margin)),
	})
	if refusal, is := errors.AsType[*awsjson.Error](err); is && isStale(refusal.Code, refusal.Text) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("release task %s: %w", lease.ID, err)
	}
	return nil
}

// margin is how long a task may have been in hand when it is released for as long
// as can be.
const margin = 15 * time.Minute

// isStale says whether an answer is about a receipt that is not the last one, has
// ended, or is of a task that is gone. One of its codes says many things, and only the
// words behind it which.
func isStale(code, words string) bool {
	switch code {
	case "ReceiptHandleIsInvalid", "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight": // as older parts of SQS spell it
		return true
	case "InvalidParameterValue":
		return strings.Contains(words, "The receipt handle has expired") ||
			strings.Contains(words, "Message does not exist or is not available for visibility timeout change")
	}
	return false
}

// Wake implements queue.Queue: SQS cannot find what waits.
func (q *Queue) Wake(context.Context, string, int) (int, error) { return 0, nil }

// seconds is how SQS is told a time: whole, rounded up.
func seconds(d time.Duration) int32 {
	return int32(max(d+time.Second-1, 0) / time.Second)
}
