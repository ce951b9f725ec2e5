package sqsqueue

import (
	"context"
	"fmt"
	"log/slog"
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
		due, early := Sort(ctx, q.log, q.now(), messages)
		if err = PutAgain(ctx, q, early); err == nil {
			err = q.Ack(ctx, early...)
		}
		switch {
		case len(due) > 0 && err != nil: // the early ones come again when their lease ends
			q.log.LogAttrs(ctx, slog.LevelWarn, "receive tasks that are not due", slog.String("error", err.Error()))
			return due, nil
		case len(due) > 0 || err != nil:
			return due, err
		}
	}
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
