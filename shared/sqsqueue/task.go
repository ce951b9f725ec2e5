package sqsqueue

import (
	"encoding/json"
	"fmt"
	"strings"

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

// Decode reads a message: its body, the receipt of this hand-out, and how often it
// was handed out. The error tells nothing of the body.
func Decode(body, receipt string, received int) (queue.Lease, error) {
	lease := queue.Lease{Receipt: receipt, Received: max(received, 1)}
	if err := json.Unmarshal([]byte(body), &lease.Task); err != nil || lease.ID == "" {
		return queue.Lease{}, fmt.Errorf("the message of %d bytes is no task", len(body))
	}
	return lease, nil
}
