package sqsqueue_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/queue"
	"tocsin/shared/queue/queuetest"
	"tocsin/shared/smn"
	"tocsin/shared/sqsqueue"
)

func TestQueue(t *testing.T) {
	queuetest.RunLoose(t, func(t *testing.T) queue.Queue {
		client, url := create(t)
		return open(t, sqsqueue.Config{Client: client, URL: url, Fair: true})
	})
}

// create makes an empty queue.
func create(t *testing.T) (sqsqueue.Client, string) {
	t.Helper()
	cfg := emulators.Moto(t)
	out, err := sqs.NewFromConfig(cfg).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("test-" + smn.NewID())})
	require.NoError(t, err)
	return sqsqueue.NewClient(cfg), *out.QueueUrl
}

func open(t *testing.T, cfg sqsqueue.Config) *sqsqueue.Queue {
	t.Helper()
	q, err := sqsqueue.New(cfg)
	require.NoError(t, err)
	return q
}
