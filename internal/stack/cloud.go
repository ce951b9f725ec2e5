package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"tocsin/internal/emulators"
	"tocsin/shared/dynamostore"
)

// Cloud is what the template makes of AWS, made on emulators: the table, the queue and
// a sender of mail.
type Cloud struct {
	Env   map[string]string // variables of functions
	Queue *Queue
	moto  string // its address
}

const mailFrom = "tocsin@example.com"

// Who may log in.
const (
	User     = "admin"
	Password = "only for this machine"

	AccessKey = "LOCALACCESSKEY"
	SecretKey = "LOCALSECRETKEY"
)

// NewCloud makes one. What it holds is in memory and ends with the process.
func NewCloud(ctx context.Context) (*Cloud, error) {
	dynamo, others, err := emulators.Open()
	if err != nil {
		return nil, err
	}
	const table, tasks = "tocsin", "tasks"
	if err := dynamostore.CreateTable(ctx, dynamostore.NewClient(dynamo), table); err != nil {
		return nil, fmt.Errorf("make the table: %w", err)
	}
	queue, err := sqs.NewFromConfig(others).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(tasks)})
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	_, err = sesv2.NewFromConfig(others).CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(mailFrom)})
	if err != nil {
		return nil, fmt.Errorf("make the sender of mail: %w", err)
	}
	keys, err := others.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	return &Cloud{
		Env: map[string]string{
			"AWS_REGION":                     others.Region,
			"AWS_ACCESS_KEY_ID":              keys.AccessKeyID,
			"AWS_SECRET_ACCESS_KEY":          keys.SecretAccessKey,
			"AWS_ENDPOINT_URL":               *others.BaseEndpoint,
			"AWS_ENDPOINT_URL_DYNAMODB":      *dynamo.BaseEndpoint,
			"TOCSIN_BACKEND":                 "aws",
			"TOCSIN_TABLE":                   table,
			"TOCSIN_QUEUE_URL":               *queue.QueueUrl,
			"TOCSIN_SECRETS":                 "tocsin/",
			"TOCSIN_MAIL_FROM":               mailFrom,
			"TOCSIN_REGION":                  "local",
			"TOCSIN_PROJECT_ID":              "0123456789abcdef0123456789abcdef",
			"TOCSIN_DOMAIN":                  "tocsin",
			"TOCSIN_USER":                    User,
			"TOCSIN_PASSWORD":                Password,
			"TOCSIN_ACCESS_KEY":              AccessKey,
			"TOCSIN_SECRET_KEY":              SecretKey,
			"TOCSIN_NOTIFY_TOPIC":            "demo",
			"TOCSIN_ALLOW_PRIVATE_ENDPOINTS": "true",
		},
		Queue: &Queue{AWS: others, URL: *queue.QueueUrl},
		moto:  *others.BaseEndpoint,
	}, nil
}
