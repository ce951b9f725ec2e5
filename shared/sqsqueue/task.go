package sqsqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/queue"
)

// unsendable are the characters that SQS refuses and JSON leaves as they are.
var unsendable = strings.NewReplacer("\ufffe", `\ufffe`, "\uffff", `\uffff`)

// encode makes the body of a message.
func encode(task queue.Task) (string, error) {
	body, err := json.Marshal(task)
	if err != nil {
		return "", fmt.Errorf("task %s: %w", task.ID, err)
	}
	text := unsendable.Replace(string(body))
	if len(text) > MaxTask {
		return "", fmt.Errorf("task %s has %d bytes; the queue takes %d", task.ID, len(text), MaxTask)
	}
	return text, nil
}

// receiveCount is the attribute that says how often a message was handed out.
const receiveCount = "ApproximateReceiveCount"

// Decode reads a message. One that does not say how often it was handed out is taken
// for new. The error tells nothing of the body.
func Decode(m Message) (queue.Lease, error) {
	received, _ := strconv.Atoi(m.Attributes[receiveCount])
	lease := queue.Lease{Receipt: m.ReceiptHandle, Received: max(received, 1)}
	if err := json.Unmarshal([]byte(m.Body), &lease.Task); err != nil || lease.ID == "" {
		return queue.Lease{}, fmt.Errorf("the message of %d bytes is no task", len(m.Body))
	}
	return lease, nil
}

// Sort reads messages and says which of their tasks are due by now, and which have
// come early, since SQS delays by 15 minutes at most. What is no task is logged, and
// left to the dead-letter queue.
func Sort(ctx context.Context, log *slog.Logger, now time.Time, messages []Message) (due, early []queue.Lease) {
	for _, m := range messages {
		lease, err := Decode(m)
		switch {
		case err != nil:
			log.LogAttrs(ctx, slog.LevelError, "a message is no task", slog.String("sqs_message_id", m.MessageID))
		case lease.NotBefore.After(now):
			early = append(early, lease)
		default:
			due = append(due, lease)
		}
	}
	return due, early
}

// PutAgain puts tasks into a queue again that have come early. If that is done, they
// can be acknowledged; if not, they come again as they are.
func PutAgain(ctx context.Context, q queue.Queue, early []queue.Lease) error {
	if len(early) == 0 {
		return nil
	}
	tasks := make([]queue.Task, len(early))
	for i, lease := range early {
		tasks[i] = lease.Task
	}
	if err := q.Put(ctx, tasks...); err != nil {
		return fmt.Errorf("put off tasks that are not due: %w", err)
	}
	return nil
}
