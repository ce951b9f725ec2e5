package sam

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/dynamostore"
	"tocsin/shared/embedded"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// wall answers every request in the same way.
type wall struct{}

func (wall) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

func TestRecorderReadsCalls(t *testing.T) {
	r := &Recorder{Next: wall{}, names: &names{ids: map[string]string{"tocsin-Table-1": "Table", "tocsin-Queue-1": "Queue"}}}
	cfg := aws.Config{Region: "eu-west-1", HTTPClient: r, Credentials: credentials.NewStaticCredentialsProvider("A", "S", ""), RetryMaxAttempts: 1}
	db, queue := dynamostore.NewClient(cfg), sqs.NewFromConfig(cfg)
	type object = map[string]any
	const table = "tocsin-Table-1"
	key := object{"pk": object{"S": "p"}}

	require.NoError(t, db.Call(t.Context(), "GetItem", object{"TableName": table, "Key": key}, nil))
	require.NoError(t, db.Call(t.Context(), "BatchGetItem", object{"RequestItems": object{table: object{"Keys": []object{key}}}}, nil))
	require.NoError(t, db.Call(t.Context(), "TransactWriteItems", object{"TransactItems": []object{
		{"Put": object{"TableName": table, "Item": key}},
		{"ConditionCheck": object{"TableName": table, "Key": key, "ConditionExpression": "x"}},
		{"Delete": object{"TableName": "other", "Key": key}},
	}}, nil))
	_, err := queue.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{
		QueueUrl: aws.String("https://sqs.eu-west-1.amazonaws.com/123456789012/tocsin-Queue-1"),
		Entries:  []sqstypes.SendMessageBatchRequestEntry{{Id: aws.String("1"), MessageBody: aws.String("b")}},
	})
	require.NoError(t, err)

	const tableARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
	require.ElementsMatch(t, []Permission{
		{Action: "dynamodb:GetItem", Resource: tableARN + "Table"},
		{Action: "dynamodb:BatchGetItem", Resource: tableARN + "Table"},
		{Action: "dynamodb:PutItem", Resource: tableARN + "Table"},
		{Action: "dynamodb:ConditionCheckItem", Resource: tableARN + "Table"},
		{Action: "dynamodb:DeleteItem", Resource: tableARN + "other"},
		{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:Queue"},
	}, r.Deeds(t))
}

// The requests are typed from the references of the services.
func TestRecorderReadsRequests(t *testing.T) {
	for _, c := range []struct {
		target, path, contentType, body string
		want                            []Permission
	}{
		{"secretsmanager.GetSecretValue", "/", "application/x-amz-json-1.1", `{"SecretId":"tocsin/token.key","VersionStage":"AWSCURRENT"}`, []Permission{
			{Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tocsin/token.key"},
		}},
		{"secretsmanager.CreateSecret", "/", "application/x-amz-json-1.1", `{"Name":"tocsin/token.key","SecretString":"s"}`, []Permission{
			{Action: "secretsmanager:CreateSecret", Resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tocsin/token.key"},
		}},
		{"", "/v2/email/outbound-emails", "application/json", `{"FromEmailAddress":"\"Ops\" <notify@example.com>","ConfigurationSetName":"tocsin"}`, []Permission{
			{Action: "ses:SendEmail", Resource: "arn:aws:ses:eu-west-1:123456789012:identity/example.com", From: "notify@example.com"},
			{Action: "ses:SendEmail", Resource: "arn:aws:ses:eu-west-1:123456789012:configuration-set/tocsin", From: "notify@example.com"},
		}},
		{"", "/", "application/x-www-form-urlencoded", `Action=Publish&Version=2010-03-31&PhoneNumber=%2B4915100000000&Message=m`, []Permission{
			{Action: "sns:Publish", Resource: "a phone"},
		}},
		{"", "/", "application/x-www-form-urlencoded", `Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3At`, []Permission{
			{Action: "sns:Publish", Resource: "arn:aws:sns:eu-west-1:123456789012:t"},
		}},
	} {
		r := &Recorder{Next: wall{}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://service.example.com"+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		request.Header.Set("X-Amz-Target", c.target)
		request.Header.Set("Content-Type", c.contentType)
		answer, err := r.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.ElementsMatch(t, c.want, r.Deeds(t), c.body)
	}
}

// The deliver function may do what its senders do, with everything switched on.
func TestDeliverMaySend(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws with all"])
	var sends []Permission
	for _, p := range s.OwnPermissions(t, "DeliverFunction") {
		if strings.HasPrefix(p.Action, "ses:") || strings.HasPrefix(p.Action, "sns:") {
			sends = append(sends, p)
		}
	}
	require.Empty(t, Differences(sends, []Permission{
		{Action: "ses:SendEmail", Resource: "arn:aws:ses:eu-west-1:123456789012:identity/example.com", From: "notify@example.com"},
		{Action: "ses:SendEmail", Resource: "arn:aws:ses:eu-west-1:123456789012:configuration-set/tocsin", From: "notify@example.com"},
		{Action: "sns:Publish", Resource: "a phone"},
	}))
	require.Contains(t, Differences(sends, []Permission{{Action: "sns:Publish", Resource: "arn:aws:sns:eu-west-1:123456789012:t"}}),
		"done and not allowed: sns:Publish on arn:aws:sns:eu-west-1:123456789012:t")
	for _, resource := range []string{"identity/example.com", "configuration-set/tocsin"} {
		another := Permission{Action: "ses:SendEmail", Resource: "arn:aws:ses:eu-west-1:123456789012:" + resource, From: "ceo@example.com"}
		require.Contains(t, Differences(sends, []Permission{another}), "done and not allowed: "+another.String(), "another address of the domain")
	}

	for _, p := range NewStack(t, Read(t), stacks["aws"]).Permissions(t, "DeliverFunction") {
		require.NotRegexp(t, "^(ses|sns):", p.Action, "nothing costs money unless it was asked for")
	}
}

// What the table is asked for when topics are created is what create-topic may do,
// both ways.
func TestCreateTopicPolicy(t *testing.T) {
	cfg := emulators.DynamoDB(t)
	name := "test-" + smn.NewID()
	require.NoError(t, dynamostore.CreateTable(t.Context(), dynamostore.NewClient(cfg), name))
	w := NewWatch(t, map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": *cfg.BaseEndpoint})
	w.Name(name, "Table")
	cfg.BaseEndpoint = aws.String(w.Env("CreateTopicFunction")["AWS_ENDPOINT_URL_DYNAMODB"])
	q, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	db, err := dynamostore.New(dynamostore.Config{Client: dynamostore.NewClient(cfg), Table: name, Queue: q})
	require.NoError(t, err)
	project := smn.NewID()
	for range 70 { // more than one block of a directory
		_, _, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: project, Name: smn.NewID()}, 100)
		require.NoError(t, err)
	}

	const key = " on arn:aws:secretsmanager:eu-west-1:123456789012:secret:tocsin/token.key*"
	require.Equal(t, map[string][]string{"CreateTopicFunction": {
		"allowed and never done: secretsmanager:CreateSecret" + key,
		"allowed and never done: secretsmanager:GetSecretValue" + key,
	}}, w.Differences(NewStack(t, Read(t), stacks["aws"])), "the store knows no secrets")
}
