package house

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"tocsin/events"
	"tocsin/shared/broker"
	"tocsin/shared/embedded"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/lambdaapp/mnsdoor"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/sqsqueue"
)

// The installation that the events were written for is the local one.
const (
	sampleRegion  = "local"
	sampleProject = "0123456789abcdef0123456789abcdef"
	sampleTopic   = "urn:smn:" + sampleRegion + ":" + sampleProject + ":sample"
)

var sampleKey = iam.AccessKey{Access: "LOCALACCESSKEY", Secret: "LOCALSECRETKEY"}

// installation is a service with the sample topic, and what operations need.
func installation(t *testing.T) httpapi.Config {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	key := make([]byte, 32)
	tokens, err := iam.NewConfirmTokens(key)
	require.NoError(t, err)
	service, err := broker.New(broker.Config{Store: db, Tasks: db, Tokens: tokens, Region: sampleRegion})
	require.NoError(t, err)
	user := iam.OneUser{Domain: "tocsin", User: "admin", Password: "admin", AccessKey: sampleKey.Access, SecretKey: sampleKey.Secret, ProjectID: sampleProject, ProjectName: sampleRegion}
	authority, err := iam.New(iam.Config{Users: []iam.User{user.Account()}, TokenKey: key, StaticToken: "sample-token"})
	require.NoError(t, err)
	signingKey, err := signing.NewKey(time.Now())
	require.NoError(t, err)

	topic, err := service.CreateTopic(smn.WithCaller(t.Context(), smn.Caller{Project: sampleProject}), smn.CreateTopicInput{Name: "sample"})
	require.NoError(t, err)
	require.Equal(t, sampleTopic, topic.URN)
	return httpapi.Config{
		Service: service, Identity: authority, Certificates: signing.New(signingKey, sampleRegion),
		Region: sampleRegion, Log: slog.New(slog.DiscardHandler),
	}
}

// TestEveryEventRuns sends each sample event to the function it is named after.
func TestEveryEventRuns(t *testing.T) {
	config := installation(t)
	files, err := events.Files.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		folder := functionOf(t, file.Name())
		t.Run(strings.TrimSuffix(file.Name(), filepath.Ext(file.Name())), func(t *testing.T) {
			event, err := events.Files.ReadFile(file.Name())
			require.NoError(t, err)
			if folder == "deliver" {
				requireTasks(t, event)
				return
			}
			if folder == "notify" {
				result, err := lambdaapp.NotifyHandler(config.Service, lambdaapp.NotifyTopics{Default: sampleTopic})(t.Context(), event)
				require.NoError(t, err)
				require.NotEqual(t, result.Repeated, smn.IsID(result.MessageID), "some tell of the same alarm")
				return
			}
			handler, err := httpapi.New(config, mounts(t, folder)...)
			refused := http.StatusUnauthorized
			if folder == "mns" {
				handler, err = mnsdoor.Open(lambdaapp.Inside{
					Service: config.Service.(*broker.Broker), Identity: config.Identity.(*iam.Authority), Region: sampleRegion, Accepted: func() {},
					Sample: lambdaapp.Sample{Token: "sample-token", Key: sampleKey},
				})
				refused = http.StatusRequestTimeout // it is old
			}
			require.NoError(t, err)
			status, body := answerTo(t, handler, event)
			require.GreaterOrEqual(t, status, 200, body)
			require.Less(t, status, 300, body)

			if requiresCaller := strings.Contains(string(event), "sample-token"); requiresCaller {
				status, _ := answerTo(t, handler, []byte(strings.ReplaceAll(string(event), "sample-token", "another")))
				require.Equal(t, refused, status, "only the sample token opens")
			}
		})
	}
}

// requireTasks: what comes from the queue are tasks. What becomes of them is tried
// where there is a queue.
func requireTasks(t *testing.T, event []byte) {
	t.Helper()
	var batch lambdaevents.SQSEvent
	require.NoError(t, json.Unmarshal(event, &batch))
	require.NotEmpty(t, batch.Records)
	for _, record := range batch.Records {
		task, err := sqsqueue.Decode(sqsqueue.Message{Body: record.Body, ReceiptHandle: record.ReceiptHandle, Attributes: record.Attributes})
		require.NoError(t, err)
		require.NotEmpty(t, record.ReceiptHandle)
		require.True(t, task.FanOut != nil || task.Retry != nil || task.Notice != nil)
	}
}

func answerTo(t *testing.T, h http.Handler, event []byte) (status int, body string) {
	t.Helper()
	out, err := lambdaapp.Handler(h)(t.Context(), event)
	require.NoError(t, err)
	encoded, err := json.Marshal(out)
	require.NoError(t, err)
	var answer struct {
		StatusCode int
		Body       string
	}
	require.NoError(t, json.Unmarshal(encoded, &answer))
	return answer.StatusCode, answer.Body
}

// TestEventsFitTheirRoutes: the route that an event names is the one by which the
// API would send it, and leads to its function.
func TestEventsFitTheirRoutes(t *testing.T) {
	owners, routes := map[string]string{}, []route{}
	for _, f := range functions(t) {
		for _, r := range f.routes {
			owners[r.String()], routes = f.folder, append(routes, r)
		}
	}
	files, err := events.Files.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		text, err := events.Files.ReadFile(file.Name())
		require.NoError(t, err)
		var event struct {
			RouteKey       string
			RawPath        string
			RequestContext struct{ HTTP struct{ Method string } }
		}
		require.NoError(t, json.Unmarshal(text, &event))
		if event.RouteKey == "" {
			continue // a REST API or EventBridge
		}
		r, ok := match(routes, event.RequestContext.HTTP.Method, event.RawPath)
		require.True(t, ok)
		require.Equal(t, r.String(), event.RouteKey, file.Name())
		require.Equal(t, functionOf(t, file.Name()), owners[event.RouteKey], file.Name())
	}
}
