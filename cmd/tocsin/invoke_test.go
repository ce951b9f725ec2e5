package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

func TestEnvironmentOfAFunction(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"PublishFunction":{"TOCSIN_REGION":"local","TOCSIN_USER":"admin"}}`), 0o600))
	c := invokeCommand{EnvFile: file, Function: "PublishFunction"}
	env, err := c.environment([]string{"TOCSIN_USER=other=1", "HOME=/root", "AWS_SECRET_ACCESS_KEY=x"})
	require.NoError(t, err)
	require.Equal(t, []string{"AWS_REGION=us-east-1", "AWS_SAM_LOCAL=true", "TOCSIN_REGION=local", "TOCSIN_USER=other=1"}, env)

	c.Function = "Publish"
	_, err = c.environment(nil)
	require.EqualError(t, err, file+` has no variables for the function "Publish"`)
}

func TestPrintAnswer(t *testing.T) {
	for answer, want := range map[string]string{
		`{"statusCode":200,"headers":{},"body":"{\"a\":1}\n"}`:          "200\n{\n  \"a\": 1\n}\n",
		`{"statusCode":404,"body":"plain"}`:                             "404\nplain\n",
		`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`:       "200\nhi\n",
		`{"statusCode":200,"body":"AP8=","isBase64Encoded":true}`:       "200\n(2 bytes that are not text)\n",
		`{"message_id":"m1","topic_urn":"urn","subject":"OK: a <b> c"}`: "{\n  \"message_id\": \"m1\",\n  \"topic_urn\": \"urn\",\n  \"subject\": \"OK: a <b> c\"\n}\n",
		`null`: "null\n",
	} {
		var out bytes.Buffer
		require.NoError(t, printAnswer(&out, []byte(answer)))
		require.Equal(t, want, out.String())
	}
}

// press is a service that only publishes.
type press struct {
	smn.Service
	got chan smn.PublishInput
}

func (p press) Publish(_ context.Context, in smn.PublishInput) (string, error) {
	p.got <- in
	return "0123456789abcdef0123456789abcdef", nil
}

// TestInvoke runs the real publish function with the committed event and
// variables against a service on loopback.
func TestInvoke(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function: left out with -short")
	}
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "tocsin/functions/publish").CombinedOutput()
	require.NoError(t, err, "%s", output)

	const project = "0123456789abcdef0123456789abcdef"
	user := iam.OneUser{Domain: "tocsin", User: "admin", Password: "admin", AccessKey: "LOCALACCESSKEY", SecretKey: "LOCALSECRETKEY", ProjectID: project, ProjectName: "local"}
	authority, err := iam.New(iam.Config{Users: []iam.User{user.Account()}, TokenKey: make([]byte, 32)})
	require.NoError(t, err)
	service := press{got: make(chan smn.PublishInput, 1)}
	handler, err := httpapi.New(httpapi.Config{Service: service, Identity: authority, Region: "local", Log: slog.New(slog.DiscardHandler)}, httpapi.Publish, httpapi.IssueToken)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)

	c := invokeCommand{
		Bootstrap: bootstrap, Event: "../../events/publish.json",
		EnvFile: "../../env.json", Function: "PublishFunction", Timeout: time.Minute,
	}
	for name, overrides := range map[string][]string{
		"access key": nil,
		"password":   {"TOCSIN_ACCESS_KEY=", "TOCSIN_SECRET_KEY="},
	} {
		t.Run(name, func(t *testing.T) {
			var out, log bytes.Buffer
			require.NoError(t, c.invoke(t.Context(), append(overrides, "TOCSIN_REMOTE_URL="+server.URL), &out, &log))
			require.Regexp(t, `^200\n\{\n  "request_id": "[0-9a-f]{32}",\n  "message_id": "0123456789abcdef0123456789abcdef"\n\}\n$`, out.String())
			require.Contains(t, log.String(), `"operation":"publish"`)
			require.Equal(t, smn.PublishInput{
				TopicURN: "urn:smn:local:" + project + ":sample", Subject: "Disk is full",
				Message: "The disk of db-1 is 98 % full.", TimeToLive: time.Hour,
			}, <-service.got)
		})
	}
}
