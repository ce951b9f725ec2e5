package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	pollers       = 2  // events under way at once
	batchSize     = 10 // tasks of an event
	pollWait      = 1  // seconds
	visibility    = 360
	deliver       = "deliver"
	deliverLimit  = time.Minute
	afterAFailure = time.Second
)

// poller takes tasks from the queue to the function deliver, as an event source
// mapping does: what the function has not named as failed is removed.
type poller struct {
	client    *sqs.Client
	url       string
	functions *functions
	log       io.Writer
}

func newPoller(q Queue, f *functions, log io.Writer) *poller {
	return &poller{client: sqs.NewFromConfig(q.AWS), url: q.URL, functions: f, log: log}
}

func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.poll(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(p.log, "queue:", err)
			select {
			case <-time.After(afterAFailure):
			case <-ctx.Done():
			}
		}
	}
}

func (p *poller) poll(ctx context.Context) error {
	got, err := p.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &p.url, MaxNumberOfMessages: batchSize, WaitTimeSeconds: pollWait, VisibilityTimeout: visibility,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil || len(got.Messages) == 0 {
		return err
	}
	event, err := json.Marshal(eventOf(got.Messages))
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	answer, err := p.functions.invoke(within, deliver, event)
	if err != nil {
		return err // the tasks come again when they are visible
	}
	var failed events.SQSEventResponse
	if err := json.Unmarshal(answer, &failed); err != nil {
		return fmt.Errorf("read the answer of %s: %w", deliver, err)
	}
	return p.remove(ctx, got.Messages, failed)
}

func eventOf(messages []types.Message) (e events.SQSEvent) {
	for i := range messages {
		m := &messages[i]
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle),
			Body: aws.ToString(m.Body), Md5OfBody: aws.ToString(m.MD5OfBody),
			Attributes: m.Attributes, EventSource: "aws:sqs", AWSRegion: "us-east-1",
			EventSourceARN: "arn:aws:sqs:us-east-1:000000000000:tasks",
		})
	}
	return e
}

func (p *poller) remove(ctx context.Context, messages []types.Message, failed events.SQSEventResponse) error {
	kept := map[string]bool{}
	for _, f := range failed.BatchItemFailures {
		kept[f.ItemIdentifier] = true
	}
	var done []types.DeleteMessageBatchRequestEntry
	for i, m := range messages {
		if !kept[aws.ToString(m.MessageId)] {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(done) == 0 {
		return nil
	}
	_, err := p.client.DeleteMessageBatch(context.WithoutCancel(ctx), &sqs.DeleteMessageBatchInput{QueueUrl: &p.url, Entries: done})
	return err
}
