package runtimeapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/stretchr/testify/require"

	"tocsin/internal/runtimeapi"
)

// TestMain makes this test's own binary the bootstrap: with TEST_FUNCTION in its
// environment it is a function.
func TestMain(m *testing.M) {
	switch os.Getenv("TEST_FUNCTION") {
	case "":
		os.Exit(m.Run())
	case "init":
		println("the setting X is missing")
		os.Exit(1)
	case "silent":
		os.Exit(0)
	default:
		lambda.Start(play)
	}
}

// play is a function that does what its event says.
func play(ctx context.Context, event json.RawMessage) (any, error) {
	deed := ""
	if err := json.Unmarshal(event, &deed); err != nil {
		return nil, err
	}
	switch deed {
	case "greet":
		deadline, ok := ctx.Deadline()
		println("greeting")
		return map[string]any{"hello": os.Getenv("WHO"), "in_time": ok && time.Until(deadline) > 0, "home": os.Getenv("HOME"), "name": os.Getenv("AWS_LAMBDA_FUNCTION_NAME")}, nil
	case "fail":
		return nil, errors.New("it did not work")
	case "panic":
		panic("at the disco")
	case "exit":
		os.Exit(3)
	case "hang":
		<-make(chan struct{}) // whatever ctx says
	}
	return nil, nil
}

func invoke(t *testing.T, ctx context.Context, function, deed string) (answer, log string, err error) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	var written bytes.Buffer
	body, err := runtimeapi.Invoke(ctx, runtimeapi.Function{
		Bootstrap: self, Env: []string{"TEST_FUNCTION=" + function, "WHO=world"}, Log: &written,
	}, []byte(`"`+deed+`"`))
	return string(body), written.String(), err
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestAnswer(t *testing.T) {
	answer, log, err := invoke(t, within(t, time.Minute), "play", "greet")
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	require.JSONEq(t, `{"hello":"world","in_time":true,"home":"","name":"`+filepath.Base(filepath.Dir(self))+`"}`, answer)
	require.Contains(t, log, "greeting")
}

func TestErrorsOfTheFunction(t *testing.T) {
	for deed, want := range map[string]string{"fail": "errorString: it did not work", "panic": "string: at the disco"} {
		_, _, err := invoke(t, within(t, time.Minute), "play", deed)
		var failed *runtimeapi.FunctionError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, want, failed.Error())
	}
}

// A process takes one event after the other, and goes on after an error.
func TestOneAfterTheOther(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	p, err := runtimeapi.Start(t.Context(), runtimeapi.Function{Bootstrap: self, Env: []string{"TEST_FUNCTION=play", "WHO=you"}, Log: io.Discard})
	require.NoError(t, err)
	defer p.Close()
	for range 3 {
		answer, err := p.Invoke(within(t, time.Minute), []byte(`"greet"`))
		require.NoError(t, err)
		require.Contains(t, string(answer), `"hello":"you"`)
		_, err = p.Invoke(within(t, time.Minute), []byte(`"fail"`))
		require.ErrorContains(t, err, "it did not work")
	}
	_, err = p.Invoke(within(t, time.Minute), []byte(`"exit"`))
	require.EqualError(t, err, "the function ended without an answer: exit status 3")
	<-p.Ended()
	_, err = p.Invoke(within(t, time.Minute), []byte(`"greet"`))
	require.Error(t, err)
	p.Close()
}

func TestTheEndOfTheProcess(t *testing.T) {
	_, log, err := invoke(t, within(t, time.Minute), "init", "greet")
	require.EqualError(t, err, "the function ended without an answer: exit status 1")
	require.Equal(t, "the setting X is missing\n", log)

	_, _, err = invoke(t, within(t, time.Minute), "silent", "greet")
	require.EqualError(t, err, "the function ended without an answer: exit status 0")

	_, _, err = invoke(t, within(t, time.Minute), "play", "exit")
	require.EqualError(t, err, "the function ended without an answer: exit status 3")
}

func TestTimeout(t *testing.T) {
	_, _, err := invoke(t, within(t, 300*time.Millisecond), "play", "hang")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the function did not answer in time")
}

func TestNoBootstrap(t *testing.T) {
	_, err := runtimeapi.Invoke(t.Context(), runtimeapi.Function{Bootstrap: filepath.Join(t.TempDir(), "bootstrap")}, []byte(`{}`))
	require.ErrorContains(t, err, "start the function: ")
}

// A real function complains in one line about an environment that is not enough.
func TestRealFunctionWithoutEnvironment(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function: left out with -short")
	}
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "tocsin/functions/publish")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	var log strings.Builder
	_, err = runtimeapi.Invoke(within(t, time.Minute), runtimeapi.Function{Bootstrap: bootstrap, Log: &log}, []byte(`{}`))
	require.EqualError(t, err, "the function ended without an answer: exit status 1")
	require.Equal(t, "TOCSIN_TABLE is missing: the name of the DynamoDB table; TOCSIN_BACKEND=remote needs none\n", log.String())
}
