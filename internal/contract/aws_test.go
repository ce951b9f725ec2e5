package contract

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/dynamostore"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/sqsqueue"
)

// TestOnAWS runs the contract over the table of DynamoDB and a queue of SQS, on
// emulators. Mails that there is no way out for go to an outbox, as AWS has none.
func TestOnAWS(t *testing.T)      { smntest.Run(t, inProcess(installOnAWS)) }
func TestNamedOnAWS(t *testing.T) { smntest.RunNamed(t, inProcess(installOnAWS)) }

func installOnAWS(t *testing.T) installation {
	t.Helper()
	name := "contract-" + smn.NewID()
	table := dynamostore.NewClient(emulators.DynamoDB(t))
	require.NoError(t, dynamostore.CreateTable(t.Context(), table, name))
	tasks := sqs.NewFromConfig(emulators.Moto(t))
	queue, err := tasks.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)})
	require.NoError(t, err)
	q, err := sqsqueue.New(sqsqueue.Config{Client: sqsqueue.NewClient(emulators.Moto(t)), URL: *queue.QueueUrl})
	require.NoError(t, err)
	db, err := dynamostore.New(dynamostore.Config{Client: table, Table: name, Queue: q})
	require.NoError(t, err)
	return installOn(t, db, q, openEmbedded(t))
}
