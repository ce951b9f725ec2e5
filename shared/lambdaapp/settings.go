package lambdaapp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// settings is the environment of a function; docs/configuration.md explains the
// variables. Users, keys and projects have no defaults here: a function that was
// given none must not let anybody in.
type settings struct {
	region        string
	projectID     string
	projectName   string
	domain        string
	user          string
	password      string
	accessKey     string
	secretKey     string
	remoteURL     string
	remoteIAM     string
	publicURL     string
	notifyTopic   string
	topicBySource string
	sampleToken   string
}

// readSettings reads and checks the environment. Its errors are one line and
// name the variable.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{
		region:        getenv("TOCSIN_REGION"),
		projectID:     getenv("TOCSIN_PROJECT_ID"),
		projectName:   getenv("TOCSIN_PROJECT_NAME"),
		domain:        getenv("TOCSIN_DOMAIN"),
		user:          getenv("TOCSIN_USER"),
		password:      getenv("TOCSIN_PASSWORD"),
		accessKey:     getenv("TOCSIN_ACCESS_KEY"),
		secretKey:     getenv("TOCSIN_SECRET_KEY"),
		remoteURL:     getenv("TOCSIN_REMOTE_URL"),
		remoteIAM:     getenv("TOCSIN_REMOTE_IAM_URL"),
		publicURL:     strings.TrimRight(getenv("TOCSIN_PUBLIC_URL"), "/"),
		notifyTopic:   getenv("TOCSIN_NOTIFY_TOPIC"),
		topicBySource: getenv("TOCSIN_NOTIFY_TOPICS"),
		sampleToken:   getenv("TOCSIN_SAMPLE_TOKEN"),
	}
	if s.projectName == "" {
		s.projectName = s.region // as in SMN
	}
	switch backend := getenv("TOCSIN_BACKEND"); backend {
	case "remote":
	case "", "aws":
		return settings{}, errors.New("TOCSIN_BACKEND=aws: the DynamoDB backend is not part of this version; set TOCSIN_BACKEND=remote and TOCSIN_REMOTE_URL")
	default:
		return settings{}, fmt.Errorf("TOCSIN_BACKEND=%s: there is no such backend; set TOCSIN_BACKEND=remote and TOCSIN_REMOTE_URL", backend)
	}
	switch {
	case getenv("TOCSIN_CREDENTIALS") != "":
		return settings{}, errors.New("TOCSIN_CREDENTIALS is not for TOCSIN_BACKEND=remote, which leaves users to the remote: remove it, and set TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY, or TOCSIN_DOMAIN, TOCSIN_USER and TOCSIN_PASSWORD")
	case s.remoteURL == "":
		return settings{}, errors.New("TOCSIN_REMOTE_URL is missing: scheme and host of the service to speak to")
	case !smn.IsRegion(s.region):
		return settings{}, errors.New("TOCSIN_REGION is missing or wrong: the region in URNs, lower-case letters, digits and hyphens")
	case !smn.IsID(s.projectID):
		return settings{}, errors.New("TOCSIN_PROJECT_ID is missing or wrong: 32 lower-case hex characters")
	case (s.accessKey == "") != (s.secretKey == ""):
		return settings{}, errors.New("TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY belong together: set both or none")
	case s.accessKey == "" && (s.domain == "" || s.user == "" || s.password == ""):
		return settings{}, errors.New("there are no credentials: set TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY, or TOCSIN_DOMAIN, TOCSIN_USER and TOCSIN_PASSWORD")
	case s.sampleToken != "" && getenv("AWS_SAM_LOCAL") != "true":
		return settings{}, errors.New("TOCSIN_SAMPLE_TOKEN is for local runs only, where AWS_SAM_LOCAL is true: remove it")
	}
	return s, nil
}

// remoteTimeout bounds one request to the remote. Asking about a token, logging
// in and the call itself must fit into the 25 s that the template gives a
// function, so that its caller gets an answer of ours.
const remoteTimeout = 7 * time.Second

// newClient makes the client of the remote service. It calls nobody yet.
func (s settings) newClient() (*client.Client, error) {
	var credential client.Credential = client.AccessKey{Access: s.accessKey, Secret: s.secretKey, Project: s.projectID}
	if s.accessKey == "" {
		credential = client.Password{Domain: s.domain, User: s.user, Password: s.password, Project: s.projectName}
	}
	c, err := client.New(client.Config{Endpoint: s.remoteURL, IAMEndpoint: s.remoteIAM, Credential: credential, Timeout: remoteTimeout})
	if err != nil {
		return nil, fmt.Errorf("TOCSIN_REMOTE_URL, TOCSIN_REMOTE_IAM_URL: %w", err)
	}
	return c, nil
}
