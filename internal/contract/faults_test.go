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
// one in ten is lost after it was obeyed, and SQS gives tasks again that it has just
// given.
type faults struct {
	mu     sync.Mutex
	chance *rand.Rand
	given  []byte // the last answer with tasks
	count  map[string]int
}

func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	receives := strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ReceiveMessage")
	f.mu.Lock()
	dice, given := f.chance.IntN(10), f.given
	switch {
	case dice == 0:
		f.count["refused"]++
	case dice == 1:
		f.count["answer lost"]++
	case dice == 2 && receives && given != nil:
		f.count["given twice"]++
		f.given = nil
	}
	f.mu.Unlock()
	switch {
	case dice == 0:
		return made(r, http.StatusBadRequest, []byte(`{"__type":"ThrottlingException","message":"slow down"}`)), nil
	case dice == 2 && receives && given != nil:
		return made(r, http.StatusOK, given), nil
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !receives && dice != 1 {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && dice == 1 {
		err = errors.New("connection reset")
	}
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte("ReceiptHandle")) {
		f.mu.Lock()
		f.given = body
		f.mu.Unlock()
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
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
	way := &faults{chance: rand.New(rand.NewPCG(1, 2)), count: map[string]int{}}
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
			for range messages / 3 {
				id, err := in.broker.Publish(owner, smn.PublishInput{TopicURN: topic.URN, Message: "it burns"})
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
	t.Logf("%d acknowledged, %d deliveries, %d repeats; %v", len(acknowledged), len(came.seen), came.all-len(came.seen), way.count)
	require.Less(t, came.all, 2*len(came.seen), "most is delivered once")
	for _, fault := range []string{"refused", "answer lost", "given twice"} {
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
