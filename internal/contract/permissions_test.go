package contract

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"tocsin/events"
	"tocsin/internal/emulators"
	"tocsin/internal/sam"
	"tocsin/shared/broker"
	"tocsin/shared/dynamostore"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/sqsqueue"
	"tocsin/shared/store"
)

// TestPermissions runs the contract through the functions as they stand on AWS, each
// asking table and queue by itself, and compares what each has asked for with what
// its policy allows, both ways. Secrets are left out, which no case is about.
func TestPermissions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long with the race detector, and races nobody")
	}
	if _, whole := any((*dynamostore.DB)(nil)).(store.Store); !whole {
		t.Skip("the store on DynamoDB is not whole")
	}
	dynamo, others := emulators.DynamoDB(t), emulators.Moto(t)
	w := sam.NewWatch(t, map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": *dynamo.BaseEndpoint, "AWS_ENDPOINT_URL": *others.BaseEndpoint})
	ran := t.Run("contract", func(t *testing.T) {
		smntest.Run(t, func(t *testing.T) smntest.Env {
			c := newCloud(t, w, dynamo, others)
			worker := c.function(t, "DeliverFunction")
			in := installOn(t, worker.store, worker.queue, openEmbedded(t))
			gateway := c.gateway(t, in.api)
			return smntest.Env{Region: region, As: func(caller smn.Caller) smn.Service {
				return in.client(t, caller, "https://api.example.com", gateway)
			}}
		})
	})
	ran = t.Run("notify", func(t *testing.T) {
		c := newCloud(t, w, dynamo, others)
		owner := smn.WithCaller(t.Context(), smntest.Owner)
		topic, err := c.broker(t, "CreateTopicFunction").CreateTopic(owner, smn.CreateTopicInput{Name: "alarms"})
		require.NoError(t, err)
		event, err := events.Files.ReadFile("notify-alarm.json")
		require.NoError(t, err)
		notify := lambdaapp.NotifyHandler(c.broker(t, "NotifyFunction"), lambdaapp.NotifyTopics{Default: topic.URN})
		first, err := notify(t.Context(), event)
		require.NoError(t, err)
		second, err := notify(t.Context(), event)
		require.NoError(t, err)
		require.Equal(t, first.MessageID, second.MessageID)
	}) && ran
	ran = t.Run("mns", func(t *testing.T) {
		c := newCloud(t, w, dynamo, others)
		door := c.broker(t, "MnsFunction")
		walkMNS(t, door, func(h http.Handler) http.RoundTripper { return direct{h} })
		owner := smn.WithCaller(t.Context(), smntest.Owner)
		topic, err := c.broker(t, "CreateTopicFunction").CreateTopic(owner, smn.CreateTopicInput{Name: "attributed"})
		require.NoError(t, err)
		attribute := smn.UpdateTopicAttributeInput{TopicURN: topic.URN, Name: smn.Introduction, Value: "of SMN"}
		require.NoError(t, c.broker(t, "ManageFunction").UpdateTopicAttribute(owner, attribute))
		require.NoError(t, door.DeleteTopic(owner, smn.TopicInput{TopicURN: topic.URN}), "what is attached goes with it")
	}) && ran
	if !ran {
		return // what a case did not come to was not asked for
	}
	stack := sam.NewStack(t, sam.Read(t), nil)
	faults := map[string][]string{}
	for function, all := range w.Differences(stack) {
		all = slices.DeleteFunc(all, func(fault string) bool { return strings.Contains(fault, "secretsmanager:") })
		if len(all) > 0 {
			faults[function] = all
		}
	}
	require.Empty(t, faults)
}

// cloud is a table and a queue of their own, and functions that share them.
type cloud struct {
	watch          *sam.Watch
	dynamo, others aws.Config
	table, queue   string
}

func newCloud(t *testing.T, w *sam.Watch, dynamo, others aws.Config) *cloud {
	t.Helper()
	name := "test-" + smn.NewID()
	require.NoError(t, dynamostore.CreateTable(t.Context(), dynamostore.NewClient(dynamo), name))
	queue, err := sqs.NewFromConfig(others).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name + "-tasks")})
	require.NoError(t, err)
	w.Name(name, "Table")
	w.Name(path.Base(*queue.QueueUrl), "Queue")
	return &cloud{watch: w, dynamo: dynamo, others: others, table: name, queue: *queue.QueueUrl}
}

// function is what a function has of table and queue.
type function struct {
	store store.Store
	queue *sqsqueue.Queue
}

func (c *cloud) function(t *testing.T, id string) function {
	t.Helper()
	env, dynamo, others := c.watch.Env(id), c.dynamo, c.others
	dynamo.BaseEndpoint, others.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL_DYNAMODB"]), aws.String(env["AWS_ENDPOINT_URL"])
	queue, err := sqsqueue.New(sqsqueue.Config{Client: sqsqueue.NewClient(others), URL: c.queue, Fair: true})
	require.NoError(t, err)
	db, err := dynamostore.New(dynamostore.Config{Client: dynamostore.NewClient(dynamo), Table: c.table, Queue: queue})
	require.NoError(t, err)
	return function{any(db).(store.Store), queue}
}

// broker is the service as a function has it.
func (c *cloud) broker(t *testing.T, id string) *broker.Broker {
	t.Helper()
	tokens, err := iam.NewConfirmTokens(make([]byte, 32))
	require.NoError(t, err)
	f := c.function(t, id)
	b, err := broker.New(broker.Config{Store: f.store, Tasks: f.queue, Tokens: tokens, Region: region, AllowPrivateEndpoints: true})
	require.NoError(t, err)
	return b
}

// gateway leads to the functions of the template.
func (c *cloud) gateway(t *testing.T, api httpapi.Config) *gateway {
	t.Helper()
	g := &gateway{encode: encodeV2, routes: http.NewServeMux(), functions: map[string]func(context.Context, json.RawMessage) (any, error){}}
	services := map[string]smn.Service{}
	for _, op := range httpapi.All() {
		id := functionOf(op)
		if services[id] == nil {
			services[id] = c.broker(t, id)
		}
		config := api
		config.Service, config.Log = services[id], slog.New(slog.DiscardHandler)
		alone, err := httpapi.New(config, op)
		require.NoError(t, err)
		g.functions[op.Route] = lambdaapp.Handler(alone)
		g.routes.Handle(op.Route, http.NotFoundHandler())
	}
	return g
}

// functionOf is the function that mounts an operation, as the tests of the house hold
// it.
func functionOf(op httpapi.Operation) string {
	for id, ops := range map[string][]httpapi.Operation{
		"CreateTopicFunction":         {httpapi.CreateTopic},
		"SubscribeFunction":           {httpapi.Subscribe},
		"PublishFunction":             {httpapi.Publish},
		"ListSubscriptionsFunction":   httpapi.ListOperations(),
		"ManageSubscriptionsFunction": httpapi.ManageSubscriptionsOperations(),
		"MessagingFunction":           httpapi.MessagingOperations(),
		"LinksFunction":               httpapi.LinkOperations(),
		"IdentityFunction":            httpapi.IdentityOperations(),
	} {
		if slices.ContainsFunc(ops, func(o httpapi.Operation) bool { return o.Name == op.Name }) {
			return id
		}
	}
	return "ManageFunction"
}
