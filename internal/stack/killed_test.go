package stack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/internal/runtimeapi"
	"tocsin/internal/stack"
	"tocsin/shared/awsjson"
	"tocsin/shared/broker"
	"tocsin/shared/dynamostore"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/sqsqueue"
	"tocsin/shared/store"
)

const project = "0123456789abcdef0123456789abcdef"

// endpoints notes how often each of its paths was called.
type endpoints struct {
	mu    sync.Mutex
	calls map[string]int
	all   int

	after   int           // calls that come before the process is to be killed
	reached chan struct{} // closed then
	killed  chan struct{} // what comes later waits for this
}

func (e *endpoints) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.calls[r.URL.Path]++
	e.all++
	all := e.all
	e.mu.Unlock()
	if all == e.after {
		close(e.reached)
	}
	if all >= e.after {
		<-e.killed
	}
}

func (e *endpoints) seen() (paths, calls int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls), e.all
}

// A process that is killed in the middle of an event loses nothing: the event comes
// again, and at most the chunk in hand is delivered twice.
func TestKilledInTheMiddle(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function: left out with -short")
	}
	emulators.DynamoDB(t)
	emulators.Moto(t)
	ctx := t.Context()
	cloud, err := stack.NewCloud(ctx)
	require.NoError(t, err)
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	output, err := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "tocsin/functions/deliver").CombinedOutput()
	require.NoError(t, err, "%s", output)

	const subscriptions = store.ChunkSize + 44
	receiver := &endpoints{calls: map[string]int{}, after: 100, reached: make(chan struct{}), killed: make(chan struct{})}
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	tasks, err := sqsqueue.New(sqsqueue.Config{Client: sqsqueue.NewClient(cloud.Queue.AWS), URL: cloud.Queue.URL})
	require.NoError(t, err)
	table := dynamostore.NewClient(emulators.DynamoDB(t))
	db, err := dynamostore.New(dynamostore.Config{Client: table, Table: cloud.Env["TOCSIN_TABLE"], Queue: tasks})
	require.NoError(t, err)
	tokens, err := iam.NewConfirmTokens(make([]byte, 32))
	require.NoError(t, err)
	service, err := broker.New(broker.Config{Store: db, Tasks: tasks, Tokens: tokens, Region: "local", AllowPrivateEndpoints: true})
	require.NoError(t, err)
	owner := smn.WithCaller(ctx, smn.Caller{Project: project})
	topic, err := service.CreateTopic(owner, smn.CreateTopicInput{Name: "alerts"})
	require.NoError(t, err)
	subscribe(t, db, server.URL, subscriptions)
	message, err := service.Publish(owner, smn.PublishInput{TopicURN: topic.URN, Message: "it burns"})
	require.NoError(t, err)

	var log lines
	function := runtimeapi.Function{Bootstrap: bootstrap, Env: variables(cloud.Env, server.URL), Log: &log}
	first := run(t, function)
	go func() {
		<-receiver.reached
		first.Close()
		close(receiver.killed)
	}()
	leases, err := tasks.Receive(ctx, 10, time.Second)
	require.NoError(t, err)
	_, err = first.Invoke(within(t), eventOf(t, leases))
	require.Error(t, err, "it was killed")
	before, _ := receiver.seen()
	require.Less(t, before, subscriptions)

	second := run(t, function)
	for {
		paths, calls := receiver.seen()
		require.LessOrEqual(t, calls, subscriptions+store.ChunkSize)
		report, err := service.GetMessageReport(owner, smn.MessageReportInput{TopicURN: topic.URN, MessageID: message})
		require.NoError(t, err)
		if report.Counts.Delivered == subscriptions {
			require.Equal(t, subscriptions, paths)
			require.True(t, report.FannedOut)
			return
		}
		leases, err := tasks.Receive(within(t), 10, 2*time.Second)
		require.NoError(t, err, "%d of %d are delivered; %s", paths, subscriptions, &log)
		endLeases(t, table, cloud.Env["TOCSIN_TABLE"])
		answer, err := second.Invoke(within(t), eventOf(t, leases))
		require.NoError(t, err, &log)
		require.NoError(t, tasks.Ack(ctx, doneOf(t, leases, answer)...))
	}
}

func run(t *testing.T, f runtimeapi.Function) *runtimeapi.Process {
	t.Helper()
	p, err := runtimeapi.Start(t.Context(), f)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// subscribe adds confirmed endpoints to the topic of the test.
func subscribe(t *testing.T, db *dynamostore.DB, url string, n int) {
	t.Helper()
	topic, err := db.GetTopic(t.Context(), project, "alerts")
	require.NoError(t, err)
	for from := 0; from < n; from += 50 {
		var items []store.AddSubscription
		for i := from; i < min(n, from+50); i++ {
			items = append(items, store.AddSubscription{Subscription: store.Subscription{
				SubscriptionKey: store.SubscriptionKey{Project: project, TopicID: topic.ID, ID: smn.NewID()},
				Protocol:        smn.HTTP, Endpoint: url + "/" + strconv.Itoa(i), Status: smn.Confirmed, CreatedAt: time.Now(),
			}})
		}
		added, err := db.AddSubscriptions(t.Context(), project, topic.ID, items, n)
		require.NoError(t, err)
		for _, a := range added {
			require.NoError(t, a.Err)
		}
	}
}

// variables are the environment of a function.
func variables(env map[string]string, publicURL string) []string {
	all := []string{"TOCSIN_PUBLIC_URL=" + publicURL, "HOME=" + os.Getenv("HOME")}
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	return all
}

func eventOf(t *testing.T, leases []queue.Lease) []byte {
	t.Helper()
	var e events.SQSEvent
	for i, lease := range leases {
		body, err := json.Marshal(lease.Task)
		require.NoError(t, err)
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: strconv.Itoa(i), ReceiptHandle: lease.Receipt, Body: string(body),
			Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(lease.Received)},
		})
	}
	event, err := json.Marshal(e)
	require.NoError(t, err)
	return event
}

// doneOf are the leases that the function has not named as failed.
func doneOf(t *testing.T, leases []queue.Lease, answer []byte) (done []queue.Lease) {
	t.Helper()
	var r events.SQSEventResponse
	require.NoError(t, json.Unmarshal(answer, &r))
	failed := map[string]bool{}
	for _, f := range r.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for i, lease := range leases {
		if !failed[strconv.Itoa(i)] {
			done = append(done, lease)
		}
	}
	return done
}

// endLeases is what the time does that passes until SQS gives an event again: nobody
// holds a chunk any more.
func endLeases(t *testing.T, client dynamostore.API, table string) {
	t.Helper()
	type object = map[string]any
	var start object
	for {
		scan := object{"TableName": table, "FilterExpression": "attribute_exists(lease)"}
		if start != nil {
			scan["ExclusiveStartKey"] = start
		}
		var page struct {
			Items            []object
			LastEvaluatedKey object
		}
		require.NoError(t, client.Call(t.Context(), "Scan", scan, &page))
		for _, row := range page.Items {
			err := client.Call(t.Context(), "UpdateItem", object{
				"TableName": table, "Key": object{"pk": row["pk"], "sk": row["sk"]},
				"UpdateExpression": "SET lease = :past", "ConditionExpression": "attribute_exists(lease)",
				"ExpressionAttributeValues": object{":past": object{"N": "1"}},
			}, nil)
			if awsjson.CodeOf(err) != "ConditionalCheckFailedException" {
				require.NoError(t, err)
			}
		}
		if start = page.LastEvaluatedKey; start == nil {
			return
		}
	}
}

// lines is a log that many write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
