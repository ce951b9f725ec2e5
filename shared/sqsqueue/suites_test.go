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
func create(t *testing.T) (*sqs.Client, string) {
	t.Helper()
	client := sqs.NewFromConfig(emulators.Moto(t))
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("test-" + smn.NewID())})
	require.NoError(t, err)
	return client, *out.QueueUrl
}

func open(t *testing.T, cfg sqsqueue.Config) *sqsqueue.Queue {
	t.Helper()
	q, err := sqsqueue.New(cfg)
	require.NoError(t, err)
	return q
}
