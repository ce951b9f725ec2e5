package sqsqueue

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/awsjson"
)

// API is what a Queue asks of SQS, by the names that SQS gives the calls. Client
// answers.
type API interface {
	SendMessageBatch(ctx context.Context, in SendMessageBatch) (failed []Failed, err error)
	ReceiveMessage(ctx context.Context, in ReceiveMessage) ([]Message, error)
	DeleteMessageBatch(ctx context.Context, in DeleteMessageBatch) (failed []Failed, err error)
	ChangeMessageVisibility(ctx context.Context, in ChangeMessageVisibility) error
}

// What is asked, and what is answered. Times are in seconds.
type (
	// SendMessageBatch puts messages.
	SendMessageBatch struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []SendEntry
	}
	// SendEntry is a message to be put.
	SendEntry struct {
		ID             string `json:"Id"`
		MessageBody    string
		DelaySeconds   int32
		MessageGroupID string `json:"MessageGroupId,omitempty"`
	}
	// ReceiveMessage asks for messages.
	ReceiveMessage struct {
		QueueURL                    string `json:"QueueUrl"`
		MaxNumberOfMessages         int32
		VisibilityTimeout           int32
		WaitTimeSeconds             int32
		MessageSystemAttributeNames []string
	}
	// Message is one that was handed out.
	Message struct {
		MessageID     string `json:"MessageId"`
		ReceiptHandle string
		Body          string
		Attributes    map[string]string
	}
	// DeleteMessageBatch removes messages.
	DeleteMessageBatch struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []DeleteEntry
	}
	// DeleteEntry is a message to be removed.
	DeleteEntry struct {
		ID            string `json:"Id"`
		ReceiptHandle string
	}
	// ChangeMessageVisibility says when a message is handed out again.
	ChangeMessageVisibility struct {
		QueueURL          string `json:"QueueUrl"`
		ReceiptHandle     string
		VisibilityTimeout int32
	}
	// Failed is an entry with which nothing was done.
	Failed struct {
		ID          string `json:"Id"`
		Code        string
		Message     string // in words
		SenderFault bool   // it is of no use to try it again
	}
)

// Client asks SQS.
type Client struct{ *awsjson.Client }

var _ API = Client{}

// NewClient gives a client, which asks for nothing before the first call.
func NewClient(cfg aws.Config) Client {
	return Client{awsjson.New(awsjson.Service{Name: "sqs", Target: "AmazonSQS", Version: "1.0"}, cfg)}
}

// SendMessageBatch implements API.
func (c Client) SendMessageBatch(ctx context.Context, in SendMessageBatch) ([]Failed, error) {
	var out struct{ Failed []Failed }
	err := c.Call(ctx, "SendMessageBatch", in, &out)
	return out.Failed, err
}

// ReceiveMessage implements API.
func (c Client) ReceiveMessage(ctx context.Context, in ReceiveMessage) ([]Message, error) {
	var out struct{ Messages []Message }
	err := c.Call(ctx, "ReceiveMessage", in, &out)
	return out.Messages, err
}

// DeleteMessageBatch implements API.
func (c Client) DeleteMessageBatch(ctx context.Context, in DeleteMessageBatch) ([]Failed, error) {
	var out struct{ Failed []Failed }
	err := c.Call(ctx, "DeleteMessageBatch", in, &out)
	return out.Failed, err
}

// ChangeMessageVisibility implements API.
func (c Client) ChangeMessageVisibility(ctx context.Context, in ChangeMessageVisibility) error {
	return c.Call(ctx, "ChangeMessageVisibility", in, nil)
}
