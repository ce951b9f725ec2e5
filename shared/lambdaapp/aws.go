package lambdaapp

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"tocsin/shared/awsjson"
	"tocsin/shared/dynamostore"
	"tocsin/shared/secrets"
	"tocsin/shared/sqsqueue"
)

// environment is what Lambda tells a function about its place in AWS. The SDK could
// read it, too, with a package that makes every cold start slower.
type environment struct {
	region       string
	accessKey    string
	secretKey    string
	sessionToken string
	endpoint     string            // of all services; empty on AWS
	endpoints    map[string]string // of one service, by its name
}

// The services, as their variables name them.
const (
	serviceDynamoDB       = "DYNAMODB"
	serviceSQS            = "SQS"
	serviceSecretsManager = "SECRETS_MANAGER"
	serviceSES            = "SESV2"
	serviceSNS            = "SNS"
)

func readEnvironment(getenv func(string) string) environment {
	e := environment{
		region:       orElse(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")),
		accessKey:    getenv("AWS_ACCESS_KEY_ID"),
		secretKey:    getenv("AWS_SECRET_ACCESS_KEY"),
		sessionToken: getenv("AWS_SESSION_TOKEN"),
		endpoint:     getenv("AWS_ENDPOINT_URL"),
		endpoints:    map[string]string{},
	}
	for _, service := range []string{serviceDynamoDB, serviceSQS, serviceSecretsManager, serviceSES, serviceSNS} {
		e.endpoints[service] = getenv("AWS_ENDPOINT_URL_" + service)
	}
	return e
}

const (
	// requestTimeout is how long one try at a service of AWS may take: long enough
	// for any of ours, short enough that a connection that died while the function
	// was frozen is given up well before the function itself.
	requestTimeout = 4 * time.Second

	requestTries = 4

	// connectionsKept is how many connections to one service wait for the next use.
	connectionsKept = 64
)

// config is how to reach a service.
func (e environment) config(service string) aws.Config {
	cfg := aws.Config{
		Region:           e.region,
		Credentials:      aws.CredentialsProviderFunc(e.retrieve),
		RetryMaxAttempts: requestTries,
	}
	if url := orElse(e.endpoints[service], e.endpoint); url != "" {
		cfg.BaseEndpoint = aws.String(url)
	}
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(requestTimeout).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = connectionsKept
	})
	return cfg
}

// senderConfig is the same for a sender, which bounds its requests itself and does
// not repeat them.
func (e environment) senderConfig(service string) aws.Config {
	cfg := e.config(service)
	cfg.HTTPClient = nil
	return cfg
}

// retrieve gives the credentials of the function's role. They work as long as Lambda
// keeps the instance.
func (e environment) retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID: e.accessKey, SecretAccessKey: e.secretKey, SessionToken: e.sessionToken, Source: "environment",
	}, nil
}

func (e environment) dynamoDB() *awsjson.Client {
	return dynamostore.NewClient(e.config(serviceDynamoDB))
}

func (e environment) sqs() sqsqueue.Client { return sqsqueue.NewClient(e.config(serviceSQS)) }

func (e environment) secretsManager() secrets.Client {
	return secrets.NewClient(e.config(serviceSecretsManager))
}
