package lambdaapp

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/httpapi"
)

func goodEnvironment() map[string]string {
	return map[string]string{
		"TOCSIN_BACKEND":      "remote",
		"TOCSIN_REMOTE_URL":   "http://127.0.0.1:8080",
		"TOCSIN_REGION":       "local",
		"TOCSIN_PROJECT_ID":   "0123456789abcdef0123456789abcdef",
		"TOCSIN_DOMAIN":       "tocsin",
		"TOCSIN_USER":         "admin",
		"TOCSIN_PASSWORD":     "hidden-password",
		"TOCSIN_ACCESS_KEY":   "KEY",
		"TOCSIN_SECRET_KEY":   "hidden-secret",
		"TOCSIN_NOTIFY_TOPIC": "sample",
	}
}

func with(changes map[string]string) func(string) string {
	env := goodEnvironment()
	maps.Copy(env, changes)
	return func(name string) string { return env[name] }
}

func TestReadSettings(t *testing.T) {
	s, err := readSettings(with(map[string]string{"TOCSIN_PUBLIC_URL": "https://smn.example.com/"}))
	require.NoError(t, err)
	require.Equal(t, settings{
		backend: "remote", region: "local", projectID: "0123456789abcdef0123456789abcdef", projectName: "local",
		domain: "tocsin", user: "admin", password: "hidden-password", accessKey: "KEY", secretKey: "hidden-secret",
		remoteURL: "http://127.0.0.1:8080", publicURL: "https://smn.example.com", notifyTopic: "sample",
	}, s)
}

func TestEitherCredentialIsEnough(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"both":     nil,
		"key":      {"TOCSIN_DOMAIN": "", "TOCSIN_USER": "", "TOCSIN_PASSWORD": ""},
		"password": {"TOCSIN_ACCESS_KEY": "", "TOCSIN_SECRET_KEY": ""},
		"sample":   {"TOCSIN_SAMPLE_TOKEN": "sample-token", "AWS_SAM_LOCAL": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := readSettings(with(changes))
			require.NoError(t, err)
			_, err = newAPI(s, noMetrics, httpapi.All()...)
			require.NoError(t, err, "every operation can stand in front of a remote")
		})
	}
}

func TestWrongEnvironments(t *testing.T) {
	for want, changes := range map[string]map[string]string{
		"TOCSIN_TABLE is missing":                        {"TOCSIN_BACKEND": ""},
		"TOCSIN_BACKEND=x: there is no such backend":     {"TOCSIN_BACKEND": "x"},
		"TOCSIN_REMOTE_URL is missing":                   {"TOCSIN_REMOTE_URL": ""},
		"TOCSIN_REMOTE_URL, TOCSIN_REMOTE_IAM_URL: ":     {"TOCSIN_REMOTE_URL": "smn.example.com"},
		"TOCSIN_REGION is missing or wrong":              {"TOCSIN_REGION": "EU"},
		"TOCSIN_PROJECT_ID is missing or wrong":          {"TOCSIN_PROJECT_ID": ""},
		"TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY belong": {"TOCSIN_SECRET_KEY": ""},
		"there are no credentials: set":                  {"TOCSIN_ACCESS_KEY": "", "TOCSIN_SECRET_KEY": "", "TOCSIN_PASSWORD": ""},
		"TOCSIN_SAMPLE_TOKEN is for local runs only":     {"TOCSIN_SAMPLE_TOKEN": "sample-token"},
		"TOCSIN_CREDENTIALS is not for":                  {"TOCSIN_CREDENTIALS": "users.yaml"},
		"credentials: iam: ":                             {"TOCSIN_ACCESS_KEY": "two words"},
	} {
		t.Run(want, func(t *testing.T) {
			s, err := readSettings(with(changes))
			if err == nil {
				_, err = newAPI(s, noMetrics, httpapi.Publish)
			}
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n", "one line")
			require.NotContains(t, err.Error(), "hidden", "no secret")
		})
	}
}

func onAWSWith(changes map[string]string) func(string) string {
	env := map[string]string{
		"TOCSIN_BACKEND":    "aws",
		"TOCSIN_TABLE":      "table",
		"TOCSIN_QUEUE_URL":  "https://sqs.eu-central-1.amazonaws.com/1/tasks",
		"TOCSIN_SECRETS":    "tocsin/",
		"TOCSIN_REGION":     "eu-de",
		"TOCSIN_PROJECT_ID": "0123456789abcdef0123456789abcdef",
		"TOCSIN_ACCESS_KEY": "KEY",
		"TOCSIN_SECRET_KEY": "hidden-secret",
		"TOCSIN_PUBLIC_URL": "https://notify.example.com/",

		"AWS_REGION":            "eu-central-1",
		"AWS_ACCESS_KEY_ID":     "AKID",
		"AWS_SECRET_ACCESS_KEY": "hidden-aws-secret",
		"AWS_SESSION_TOKEN":     "hidden-session",
	}
	maps.Copy(env, changes)
	return func(name string) string { return env[name] }
}

func TestReadSettingsOfAWS(t *testing.T) {
	s, err := readSettings(onAWSWith(nil))
	require.NoError(t, err)
	require.Equal(t, "table", s.table)
	require.True(t, s.fairQueue)
	require.False(t, s.allowPrivate)
	require.Equal(t, deliver.Quota{MailPerHour: 100, SMSPerHour: 60, SMSPerHalfDay: 200}, s.quota)

	s, err = readSettings(onAWSWith(map[string]string{
		"TOCSIN_QUEUE_FAIR": "false", "TOCSIN_ALLOW_PRIVATE_ENDPOINTS": "true",
		"TOCSIN_MAIL_PER_HOUR": "0", "TOCSIN_SMS_PER_HOUR": "1", "TOCSIN_SMS_PER_HALF_DAY": "2",
		"TOCSIN_CREDENTIALS": "users", "TOCSIN_PROJECT_ID": "", "TOCSIN_ACCESS_KEY": "", "TOCSIN_SECRET_KEY": "",
	}))
	require.NoError(t, err)
	require.False(t, s.fairQueue)
	require.True(t, s.allowPrivate)
	require.Equal(t, deliver.Quota{SMSPerHour: 1, SMSPerHalfDay: 2}, s.quota)
	_, err = s.notifyTopics()
	require.Error(t, err)
	s.notifyTopic = "sample"
	_, err = s.notifyTopics()
	require.ErrorContains(t, err, "TOCSIN_NOTIFY_TOPIC", "a name needs a project")
}

func TestWrongEnvironmentsOnAWS(t *testing.T) {
	for want, changes := range map[string]map[string]string{
		"TOCSIN_TABLE is missing":                            {"TOCSIN_TABLE": ""},
		"TOCSIN_QUEUE_URL is missing":                        {"TOCSIN_QUEUE_URL": ""},
		"TOCSIN_SECRETS is missing":                          {"TOCSIN_SECRETS": ""},
		"TOCSIN_REGION is missing or wrong":                  {"TOCSIN_REGION": ""},
		"TOCSIN_PROJECT_ID is missing or wrong":              {"TOCSIN_PROJECT_ID": "x"},
		"TOCSIN_ACCESS_KEY and TOCSIN_SECRET_KEY belong":     {"TOCSIN_SECRET_KEY": ""},
		"there are no credentials: set":                      {"TOCSIN_ACCESS_KEY": "", "TOCSIN_SECRET_KEY": ""},
		"TOCSIN_CREDENTIALS replaces":                        {"TOCSIN_CREDENTIALS": "users"},
		"TOCSIN_QUEUE_FAIR is wrong: it is true or false":    {"TOCSIN_QUEUE_FAIR": "yes"},
		"TOCSIN_ALLOW_PRIVATE_ENDPOINTS is wrong":            {"TOCSIN_ALLOW_PRIVATE_ENDPOINTS": "1"},
		"TOCSIN_SMS_PER_HOUR is wrong: it is a whole number": {"TOCSIN_SMS_PER_HOUR": "-1"},
		"TOCSIN_MAIL_RATE is wrong: it is a number":          {"TOCSIN_MAIL_RATE": "0"},
		"TOCSIN_SMS_RATE is wrong: it is a number":           {"TOCSIN_SMS_RATE": "NaN"},
		"AWS_REGION is missing":                              {"AWS_REGION": ""},
		"TOCSIN_SAMPLE_TOKEN is for local runs only":         {"TOCSIN_SAMPLE_TOKEN": "sample-token"},
		"TOCSIN_PUBLIC_URL is missing or wrong":              {"TOCSIN_PUBLIC_URL": "notify.example.com"},
		"TOCSIN_BACKEND is not aws":                          {"TOCSIN_BACKEND": "remote", "TOCSIN_REMOTE_URL": "https://smn.example.com"},
		"credentials: iam: ":                                 {"TOCSIN_ACCESS_KEY": "two words"},
	} {
		t.Run(want, func(t *testing.T) {
			s, err := readSettings(onAWSWith(changes))
			if err == nil {
				_, err = newDeliver(s, noMetrics, func(Ways) (Outlets, error) { return Outlets{}, nil })
			}
			if err == nil {
				_, err = newAPI(s, noMetrics, httpapi.Publish)
			}
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n", "one line")
			require.NotContains(t, err.Error(), "hidden", "no secret")
		})
	}
}

// Where AWS is, and who the function is, comes from the environment alone.
func TestEnvironmentOfAWS(t *testing.T) {
	s, err := readSettings(onAWSWith(map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:2"}))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1", s.aws.dynamoDB().URL())
	require.Equal(t, "http://127.0.0.1:2", s.aws.sqs().URL())
	require.Equal(t, "http://127.0.0.1:1", s.aws.secretsManager().URL())
	s, err = readSettings(onAWSWith(nil))
	require.NoError(t, err)
	options := s.aws.config(serviceSQS)
	require.Nil(t, options.BaseEndpoint)
	require.Equal(t, "eu-central-1", options.Region)
	require.Equal(t, requestTries, options.RetryMaxAttempts)
	credentials, err := options.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	require.Equal(t, "AKID", credentials.AccessKeyID)
	require.Equal(t, "hidden-aws-secret", credentials.SecretAccessKey)
	require.Equal(t, "hidden-session", credentials.SessionToken)
}

func TestNotifyTopics(t *testing.T) {
	const urn = "urn:smn:local:0123456789abcdef0123456789abcdef:"
	const elsewhere = "urn:smn:other:ffffffffffffffffffffffffffffffff:x"
	read := func(topic, topics string) (NotifyTopics, error) {
		s, err := readSettings(with(map[string]string{"TOCSIN_NOTIFY_TOPIC": topic, "TOCSIN_NOTIFY_TOPICS": topics}))
		require.NoError(t, err)
		return s.notifyTopics()
	}
	for topic, want := range map[string]string{"sample": urn + "sample", urn + "sample": urn + "sample"} {
		got, err := read(topic, "")
		require.NoError(t, err)
		require.Equal(t, NotifyTopics{Default: want}, got)
	}
	got, err := read("sample", `{"aws.health":"operations","com.example":"`+elsewhere+`"}`)
	require.NoError(t, err)
	require.Equal(t, NotifyTopics{Default: urn + "sample", BySource: map[string]string{"aws.health": urn + "operations", "com.example": elsewhere}}, got)
	for _, c := range []struct{ topic, topics, want string }{
		{"", "", "TOCSIN_NOTIFY_TOPIC is missing"},
		{"urn:smn:x", "", "TOCSIN_NOTIFY_TOPIC is neither"},
		{"sample", "operations", "TOCSIN_NOTIFY_TOPICS must be a JSON object"},
		{"sample", `{"aws.health":7}`, "TOCSIN_NOTIFY_TOPICS must be a JSON object"},
		{"sample", `{"aws.health":"no name"}`, `TOCSIN_NOTIFY_TOPICS: the topic of "aws.health" is neither`},
	} {
		_, err := read(c.topic, c.topics)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "\n", "one line")
	}
}
