package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/dynamostore"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/sqsqueue"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// faults is a way to AWS on which one request in ten is refused for now, the answer to
// one in ten is lost after it was obeyed, one transaction in three meets another, SQS
// leaves a message of one batch in three behind, and gives tasks again that it has just
// given.
type faults struct {
	mu     sync.Mutex
	chance *rand.Rand
	given  []byte         // the last answer with tasks
	lost   bool           // an answer with tasks was
	calls  map[string]int // of each operation
	count  map[string]int
}

// The faults, as they are counted.
const (
	throttled  = "throttled"
	overloaded = "overloaded" // a part of the table
	conflict   = "conflict"
	answerLost = "answer lost"
	givenTwice = "given twice"
	leftBehind = "left behind"
)

// next is the fault of the next call of an operation, empty for none.
func (f *faults) next(service, operation string) (fault string, given []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dice, call := f.chance.IntN(10), f.calls[operation]
	f.calls[operation]++
	switch {
	case operation == "TransactWriteItems" && call%3 == 0:
		fault = conflict
	case operation == "SendMessageBatch" && call%3 == 0:
		fault = leftBehind
	case operation == "ReceiveMessage" && f.given != nil && (dice == 2 || f.count[givenTwice] == 0): // once for sure
		fault, given, f.given = givenTwice, f.given, nil
	case dice == 0 && service != "AmazonSQS" && f.count[overloaded] < f.count[throttled]:
		fault = overloaded
	case dice == 0:
		fault = throttled
	case dice == 1 && (operation != "ReceiveMessage" || !f.lost): // each costs a lease
		fault = answerLost
	default:
		return "", nil
	}
	f.count[fault]++
	return fault, given
}

func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	asked, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	fault, given := f.next(service, operation)
	switch fault {
	case throttled:
		return made(r, http.StatusBadRequest, []byte(`{"__type":"ThrottlingException","message":"slow down"}`)), nil
	case overloaded:
		return made(r, http.StatusBadRequest, []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`)), nil
	case conflict:
		return made(r, http.StatusBadRequest, meetsAnother(asked)), nil
	case givenTwice:
		return made(r, http.StatusOK, given), nil
	case leftBehind:
		return leaveBehind(r, asked)
	}
	resp, body, err := forward(r, asked)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	tasks := bytes.Contains(body, []byte("ReceiptHandle"))
	if fault == answerLost {
		f.lost = f.lost || tasks
		return nil, errors.New("connection reset")
	}
	if tasks {
		f.given = body
	}
	return resp, nil
}

// forward sends a request with a body, and reads the answer.
func forward(r *http.Request, asked []byte) (*http.Response, []byte, error) {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(asked)), int64(len(asked))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, body, err
}

// meetsAnother is the answer to a transaction of which the last row is in the hands of
// another.
func meetsAnother(asked []byte) []byte {
	var in struct{ TransactItems []json.RawMessage }
	must(json.Unmarshal(asked, &in))
	type reason struct{ Code, Message string }
	reasons := slices.Repeat([]reason{{Code: "None"}}, len(in.TransactItems))
	reasons[len(reasons)-1] = reason{"TransactionConflict", "Transaction is ongoing for the item"}
	answer, err := json.Marshal(map[string]any{
		"__type":              "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons",
		"CancellationReasons": reasons,
	})
	must(err)
	return answer
}

// leaveBehind puts all messages of a batch but the last, and says so.
func leaveBehind(r *http.Request, asked []byte) (*http.Response, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []map[string]any
	}
	must(json.Unmarshal(asked, &in))
	last := len(in.Entries) - 1
	answer := map[string]any{}
	failed := map[string]any{"Id": in.Entries[last]["Id"], "Code": "InternalError", "Message": "try again", "SenderFault": false}
	if in.Entries = in.Entries[:last]; last > 0 { // SQS takes no empty batch
		fewer, err := json.Marshal(in)
		must(err)
		resp, body, err := forward(r, fewer)
		if err != nil || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		must(json.Unmarshal(body, &answer))
	}
	answer["Failed"] = []any{failed}
	body, err := json.Marshal(answer)
	must(err)
	return made(r, http.StatusOK, body), nil
}

// must is for JSON that this test and the programs under it write.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func made(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(bytes.NewReader(body)),
	}
}

// arrivals notes which messages have come to which paths.
type arrivals struct {
	mu   sync.Mutex
	seen map[[2]string]int
	all  int
}

func (a *arrivals) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var push wire.Push
	if errors.Join(err, json.Unmarshal(body, &push)) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[[2]string{push.MessageID, r.URL.Path}]++
	a.all++
}

// TestFaultsOfAWS: two workers on a table and a queue that fail all the time deliver
// everything that was acknowledged, and most of it once.
func TestFaultsOfAWS(t *testing.T) {
	const endpoints, messages = 40, 30
	way := &faults{chance: rand.New(rand.NewPCG(1, 2)), calls: map[string]int{}, count: map[string]int{}}
	name := "faults-" + smn.NewID()
	plainTable, plainQueue := emulators.DynamoDB(t), emulators.Moto(t)
	require.NoError(t, dynamostore.CreateTable(t.Context(), dynamostore.NewClient(plainTable), name))
	created, err := sqs.NewFromConfig(plainQueue).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)})
	require.NoError(t, err)
	for _, c := range []*aws.Config{&plainTable, &plainQueue} {
		c.HTTPClient = &http.Client{Transport: way, Timeout: 30 * time.Second}
	}
	q, err := sqsqueue.New(sqsqueue.Config{Client: sqsqueue.NewClient(plainQueue), URL: *created.QueueUrl})
	require.NoError(t, err)
	db, err := dynamostore.New(dynamostore.Config{Client: dynamostore.NewClient(plainTable), Table: name, Queue: q})
	require.NoError(t, err)
	mails := openEmbedded(t)
	in := installOn(t, db, q, mails)
	installOn(t, db, q, mails) // the second worker

	came := &arrivals{seen: map[[2]string]int{}}
	server := httptest.NewServer(came)
	t.Cleanup(server.Close)
	owner := smn.WithCaller(t.Context(), smntest.Owner)
	topic, err := in.broker.CreateTopic(owner, smn.CreateTopicInput{Name: "alerts"})
	require.NoError(t, err)
	addConfirmed(t, db, server.URL, endpoints)

	var acknowledged []string
	var mu sync.Mutex
	var publishers sync.WaitGroup
	for range 3 {
		publishers.Go(func() {
			for i := range messages / 3 {
				message := smn.PublishInput{TopicURN: topic.URN, Message: "it burns"}
				if i%2 == 0 {
					message.IdempotencyKey = smn.NewID() // a transaction
				}
				id, err := in.broker.Publish(owner, message)
				if err == nil { // what was refused is the publisher's to repeat
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
				}
			}
		})
	}
	publishers.Wait()
	require.Greater(t, len(acknowledged), messages/2)

	missing := func() (n int) {
		came.mu.Lock()
		defer came.mu.Unlock()
		for _, id := range acknowledged {
			for i := range endpoints {
				if came.seen[[2]string{id, "/" + strconv.Itoa(i)}] == 0 {
					n++
				}
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return missing() == 0 }, 3*time.Minute, 50*time.Millisecond)
	came.mu.Lock()
	defer came.mu.Unlock()
	way.mu.Lock() // the workers go on
	defer way.mu.Unlock()
	t.Logf("%d acknowledged, %d deliveries, %d repeats; %v", len(acknowledged), len(came.seen), came.all-len(came.seen), way.count)
	require.Less(t, came.all, 2*len(came.seen), "most is delivered once")
	for _, fault := range []string{throttled, overloaded, conflict, answerLost, givenTwice, leftBehind} {
		require.Positive(t, way.count[fault], fault)
	}
}

// addConfirmed adds confirmed endpoints to the topic of the owner.
func addConfirmed(t *testing.T, db store.Store, url string, n int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	topic, err := db.GetTopic(ctx, smntest.Owner.Project, "alerts")
	require.NoError(t, err)
	var items []store.AddSubscription
	for i := range n {
		items = append(items, store.AddSubscription{Subscription: store.Subscription{
			SubscriptionKey: store.SubscriptionKey{Project: topic.Project, TopicID: topic.ID, ID: smn.NewID()},
			Protocol:        smn.HTTP, Endpoint: url + "/" + strconv.Itoa(i), Status: smn.Confirmed, CreatedAt: time.Now(),
		}})
	}
	added, err := db.AddSubscriptions(ctx, topic.Project, topic.ID, items, n)
	require.NoError(t, err)
	for _, a := range added {
		require.NoError(t, a.Err)
	}
}
