package sqsqueue

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"tocsin/shared/queue"
)

// Receive implements queue.Queue. A lease is in whole seconds, rounded up. A message
// that is no task is left to the dead-letter queue.
func (q *Queue) Receive(ctx context.Context, limit int, lease time.Duration) ([]queue.Lease, error) {
	for {
		messages, err := q.poll(ctx, limit, lease)
		if err != nil {
			return nil, err
		}
		due, early := q.sort(ctx, messages)
		if len(early) > 0 {
			err = q.putAgain(ctx, early)
		}
		switch {
		case len(due) > 0 && err != nil: // the early ones come again when their lease ends
			q.log.LogAttrs(ctx, slog.LevelWarn, "put off tasks that are not due", slog.String("error", err.Error()))
			return due, nil
		case len(due) > 0 || err != nil:
			return due, err
		}
	}
}

// receiveCount is the attribute that says how often a message was handed out.
const receiveCount = "ApproximateReceiveCount"

// sort reads messages and says which of them are due.
func (q *Queue) sort(ctx context.Context, messages []Message) (due, early []queue.Lease) {
	now := q.now()
	for _, m := range messages {
		received, _ := strconv.Atoi(m.Attributes[receiveCount])
		lease, err := Decode(m.Body, m.ReceiptHandle, received)
		switch {
		case err != nil:
			q.log.LogAttrs(ctx, slog.LevelError, "a message is no task", slog.String("sqs_message_id", m.MessageID))
		case lease.NotBefore.After(now):
			early = append(early, lease)
		default:
			due = append(due, lease)
		}
	}
	return due, early
}

// putAgain puts tasks again that have come before their time.
func (q *Queue) putAgain(ctx context.Context, early []queue.Lease) error {
	tasks := make([]queue.Task, len(early))
	for i, lease := range early {
		tasks[i] = lease.Task
	}
	if err := q.Put(ctx, tasks...); err != nil {
		return err
	}
	return q.Ack(ctx, early...)
}

// poll asks for messages until there is one. A request that was cut short could take
// messages with it, so when ctx ends it goes on in the background, and gives back
// what it gets.
func (q *Queue) poll(ctx context.Context, limit int, lease time.Duration) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type answer struct {
		messages []Message
		err      error
	}
	answers := make(chan answer) // whoever waits for it has it, or nobody
	go func() {
		asking := context.WithoutCancel(ctx)
		messages, err := q.api.ReceiveMessage(asking, ReceiveMessage{
			QueueURL: q.url, MaxNumberOfMessages: int32(min(max(limit, 1), maxBatch)),
			VisibilityTimeout: max(seconds(min(lease, maxLease)), 1), WaitTimeSeconds: seconds(maxWait),
			MessageSystemAttributeNames: []string{receiveCount},
		})
		var a answer
		if err != nil {
			a.err = fmt.Errorf("receive tasks: %w", err)
		} else {
			a.messages = messages
		}
		select {
		case answers <- a:
		case <-ctx.Done():
			for _, m := range a.messages {
				_ = q.Release(asking, queue.Lease{Receipt: m.ReceiptHandle}, 0) // else its lease ends by itself
			}
		}
	}()
	select {
	case a := <-answers:
		return a.messages, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
