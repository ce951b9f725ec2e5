package lambdaapp

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/client"
	"tocsin/shared/deliver"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// settings is the environment of a function; docs/configuration.md explains the
// variables. Users, keys and projects have no defaults here: a function that was
// given none must not let anybody in.
type settings struct {
	backend       string
	region        string
	projectID     string
	projectName   string
	domain        string
	user          string
	password      string
	accessKey     string
	secretKey     string
	credentials   string // name or ARN of the secret with users and projects; empty: the one user above
	remoteURL     string
	remoteIAM     string
	publicURL     string
	notifyTopic   string
	topicBySource string
	sampleToken   string
	stack         string // whose metrics are written; empty for none

	table        string
	queueURL     string
	secrets      string // prefix of names
	fairQueue    bool
	allowPrivate bool
	quota        deliver.Quota
	ways         Ways
	aws          environment
}

// Outlets are what a worker sends with, as in deliver.Config.
type Outlets struct {
	Senders    map[smn.Protocol]deliver.Sender
	Forms      map[string]deliver.Sender
	Strategies map[string]deliver.Policy
}

// Ways are the settings of the ways out. Rates are those of one instance, in messages
// a second.
type Ways struct {
	AllowPrivate bool // endpoints may be addresses inside a network

	MailFrom         string  // empty: no mail is sent
	SMTPURL          string  // a mail server instead of SES
	MailRate         float64 // of SES; 0 for no bound
	ConfigurationSet string  // of SES; empty for none
	SMSRate          float64 // of SNS; 0: no SMS is sent
	SMSFrom          string  // number or name; empty for what SNS chooses
	SMSType          string  // Transactional or Promotional; empty for what the account is set to

	SES, SNS aws.Config // how to reach them
}

// The backends.
const (
	onAWS    = "aws"
	onRemote = "remote"
)

// readSettings reads and checks the environment. Its errors are one line and
// name the variable.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{
		backend:       orElse(getenv("TOCSIN_BACKEND"), onAWS),
		region:        getenv("TOCSIN_REGION"),
		projectID:     getenv("TOCSIN_PROJECT_ID"),
		projectName:   getenv("TOCSIN_PROJECT_NAME"),
		domain:        getenv("TOCSIN_DOMAIN"),
		user:          getenv("TOCSIN_USER"),
		password:      getenv("TOCSIN_PASSWORD"),
		accessKey:     getenv("TOCSIN_ACCESS_KEY"),
		secretKey:     getenv("TOCSIN_SECRET_KEY"),
		credentials:   getenv("TOCSIN_CREDENTIALS"),
		remoteURL:     getenv("TOCSIN_REMOTE_URL"),
		remoteIAM:     getenv("TOCSIN_REMOTE_IAM_URL"),
		publicURL:     strings.TrimRight(getenv("TOCSIN_PUBLIC_URL"), "/"),
		notifyTopic:   getenv("TOCSIN_NOTIFY_TOPIC"),
		topicBySource: getenv("TOCSIN_NOTIFY_TOPICS"),
		sampleToken:   getenv("TOCSIN_SAMPLE_TOKEN"),
		stack:         getenv("TOCSIN_STACK"),
		table:         getenv("TOCSIN_TABLE"),
		queueURL:      getenv("TOCSIN_QUEUE_URL"),
		secrets:       getenv("TOCSIN_SECRETS"),
	}
	if s.projectName == "" {
		s.projectName = s.region // as in SMN
	}
	var err error
	switch s.backend {
	case onRemote:
		err = s.checkRemote()
	case onAWS:
		err = s.readAWS(getenv)
	default:
		err = fmt.Errorf("TOCSIN_BACKEND=%s: there is no such backend; it is aws or remote", s.backend)
	}
	switch {
	case err != nil:
		return settings{}, err
	case !smn.IsRegion(s.region):
		return settings{}, errors.New("TOCSIN_REGION is missing or wrong: the region in URNs, lower-case letters, digits and hyphens")
	case (s.accessKey == "") != (s.secretKey == ""):
		return settings{}, errors.New("TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY belong together: set both or none")
	case s.sampleToken != "" && getenv("AWS_SAM_LOCAL") != "true":
		return settings{}, errors.New("TOCSIN_SAMPLE_TOKEN is for local runs only, where AWS_SAM_LOCAL is true: remove it")
	}
	return s, nil
}

// checkUser says what is missing for a user: the one that may call, or the one that
// the function is at a remote.
func (s *settings) checkUser() error {
	switch {
	case s.credentials != "":
		return nil // the secret tells
	case !smn.IsID(s.projectID):
		return errors.New("TOCSIN_PROJECT_ID is missing or wrong: 32 lower-case hex characters")
	case s.accessKey == "" && (s.domain == "" || s.user == "" || s.password == ""):
		return errors.New("there are no credentials: set TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY, or TOCSIN_DOMAIN, TOCSIN_USER and TOCSIN_PASSWORD")
	}
	return nil
}

// checkRemote says what TOCSIN_BACKEND=remote lacks, or has too much of.
func (s *settings) checkRemote() error {
	switch {
	case s.credentials != "":
		return errors.New("TOCSIN_CREDENTIALS is not for TOCSIN_BACKEND=remote, which leaves users to the remote: remove it, and set TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY, or TOCSIN_DOMAIN, TOCSIN_USER and TOCSIN_PASSWORD")
	case s.remoteURL == "":
		return errors.New("TOCSIN_REMOTE_URL is missing: scheme and host of the service to speak to")
	}
	return s.checkUser()
}

// readAWS reads what TOCSIN_BACKEND=aws needs besides.
func (s *settings) readAWS(getenv func(string) string) (err error) {
	switch {
	case s.table == "":
		return errors.New("TOCSIN_TABLE is missing: the name of the DynamoDB table; TOCSIN_BACKEND=remote needs none")
	case s.queueURL == "":
		return errors.New("TOCSIN_QUEUE_URL is missing: the URL of the SQS queue")
	case s.secrets == "":
		return errors.New("TOCSIN_SECRETS is missing: what the names of secrets in Secrets Manager begin with, such as tocsin/")
	case s.credentials != "" && s.domain+s.user+s.password+s.accessKey+s.secretKey != "":
		return errors.New("TOCSIN_CREDENTIALS replaces TOCSIN_DOMAIN, TOCSIN_USER, TOCSIN_PASSWORD, TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY: unset them")
	}
	r := reader{getenv: getenv}
	s.fairQueue = r.isTrue("TOCSIN_QUEUE_FAIR", true)
	s.allowPrivate = r.isTrue("TOCSIN_ALLOW_PRIVATE_ENDPOINTS", false)
	s.quota = deliver.Quota{
		MailPerHour:   r.count("TOCSIN_MAIL_PER_HOUR", 100),
		SMSPerHour:    r.count("TOCSIN_SMS_PER_HOUR", 60),
		SMSPerHalfDay: r.count("TOCSIN_SMS_PER_HALF_DAY", 200),
	}
	s.ways = Ways{
		AllowPrivate:     s.allowPrivate,
		MailFrom:         getenv("TOCSIN_MAIL_FROM"),
		SMTPURL:          getenv("TOCSIN_SMTP_URL"),
		MailRate:         r.rate("TOCSIN_MAIL_RATE"),
		ConfigurationSet: getenv("TOCSIN_SES_CONFIGURATION_SET"),
		SMSRate:          r.rate("TOCSIN_SMS_RATE"),
		SMSFrom:          getenv("TOCSIN_SMS_FROM"),
		SMSType:          getenv("TOCSIN_SMS_TYPE"),
	}
	s.aws = readEnvironment(getenv)
	switch {
	case r.err != nil:
		return r.err
	case s.aws.region == "":
		return errors.New("AWS_REGION is missing: Lambda sets it, anybody else has to")
	}
	return nil
}

// checkPublicURL makes sure that links in messages can point somewhere.
func (s *settings) checkPublicURL() error {
	u, err := url.Parse(s.publicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("TOCSIN_PUBLIC_URL is missing or wrong: scheme and host that links in messages point to, such as https://notify.example.com")
	}
	return nil
}

// oneUser is the user that the settings name, if there are no credentials.
func (s *settings) oneUser() iam.User {
	user := iam.OneUser{
		Domain: s.domain, User: s.user, Password: s.password,
		AccessKey: s.accessKey, SecretKey: s.secretKey,
		ProjectID: s.projectID, ProjectName: s.projectName,
	}
	if s.accessKey != "" { // who has a key may do without the rest
		user.Domain, user.User = orElse(user.Domain, "keys"), orElse(user.User, s.accessKey)
	}
	return user.Account()
}

// reader reads variables that are no texts. It keeps the first error.
type reader struct {
	getenv func(string) string
	err    error
}

func (r *reader) isTrue(name string, unset bool) bool {
	switch r.getenv(name) {
	case "":
		return unset
	case "true":
		return true
	case "false":
		return false
	}
	r.fail(name, "it is true or false")
	return false
}

func (r *reader) count(name string, unset int) int {
	text := r.getenv(name)
	if text == "" {
		return unset
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		r.fail(name, "it is a whole number, and 0 means no limit")
	}
	return n
}

// rate reads how many of something there may be in a second; 0 if it is unset.
func (r *reader) rate(name string) float64 {
	text := r.getenv(name)
	if text == "" {
		return 0
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate > 0 && rate <= maxRate) {
		r.fail(name, "it is a number of messages a second, above 0")
	}
	return rate
}

// maxRate is a rate that nothing keeps.
const maxRate = 1e6

func (r *reader) fail(name, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is wrong: %s", name, why)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
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
