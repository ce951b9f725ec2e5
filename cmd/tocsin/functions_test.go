package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver/function"
)

const functionURN = "urn:cff:local:0123456789abcdef0123456789abcdef:function:default:report"

func TestReadFunctions(t *testing.T) {
	const text = `{"` + functionURN + `": "http://user:secret@127.0.0.1:9000/report", "` + functionURN + `:v2": "https://example.com/"}`
	want := function.Addresses{functionURN: "http://user:secret@127.0.0.1:9000/report", functionURN + ":v2": "https://example.com/"}
	file := filepath.Join(t.TempDir(), "functions.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	for _, setting := range []string{text, " \n" + text, file} {
		got, err := readFunctions(setting)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, setting := range []string{"", " "} {
		got, err := readFunctions(setting)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestReadFunctionsThatAreNone(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "functions.json")
	require.NoError(t, os.WriteFile(secretFile, []byte(`["secret"]`), 0o600))
	for setting, want := range map[string]string{
		`{`:                                                      "JSON object",
		`{"` + functionURN + `": 5}`:                             "JSON object",
		`{"` + functionURN + `": ["secret"]}`:                    "JSON object",
		`{"` + functionURN + `": null}`:                          "not an http or https URL",
		`{"` + functionURN + `": "secret"}`:                      "not an http or https URL",
		`{"` + functionURN + `": "https://u:secret@"}`:           "not an http or https URL",
		`{"report": "https://example.com/"}`:                     "URN of a function",
		`{"` + functionURN + `:a:b": "https://example.com/"}`:    "URN of a function",
		`["https://u:secret@example.com/"]`:                      "cannot be read",
		filepath.Join(t.TempDir(), "missing"):                    "cannot be read",
		t.TempDir():                                              "cannot be read",
		secretFile:                                               "JSON object",
		`{"` + functionURN + `": "https://example.com/#secret"}`: "not an http or https URL",
	} {
		_, err := readFunctions(setting)
		require.ErrorContains(t, err, want, setting)
		require.ErrorContains(t, err, "TOCSIN_FUNCTIONS")
		require.NotContains(t, err.Error(), "secret")
	}
}
