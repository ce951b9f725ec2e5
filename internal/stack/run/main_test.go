package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
)

// The function that needs AWS runs on emulators that are started for it.
func TestInvokeDeliver(t *testing.T) {
	emulators.DynamoDB(t)
	emulators.Moto(t)
	functions := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(functions, "deliver", "bootstrap"), "tocsin/functions/deliver")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	var answer bytes.Buffer
	o := options{invoke: "deliver", event: "../../../events/deliver.json", functions: functions, template: "../../../template.yaml"}
	require.NoError(t, invoke(t.Context(), o, &answer))
	require.JSONEq(t, `{"batchItemFailures": null}`, answer.String())
}

// With a remote service no function goes to AWS.
func TestVariablesForARemote(t *testing.T) {
	for range 20 { // the order is another each time
		env, err := readEnv("../../../env.json")
		require.NoError(t, err)
		require.Equal(t, "remote", env["TOCSIN_BACKEND"])
		require.NotContains(t, env, "AWS_ENDPOINT_URL")
	}
}
