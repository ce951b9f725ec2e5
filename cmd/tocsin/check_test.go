package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestCheckCommand(t *testing.T) {
	data := t.TempDir()
	p := launch(t, data)
	_, err := localClient(t, p).CreateTopic(t.Context(), smn.CreateTopicInput{Name: "alerts"})
	require.NoError(t, err)
	check := func() (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"check", "-data", data}, &out)
		return out.String(), err
	}
	out, err := check()
	require.NoError(t, err)
	require.Contains(t, out, "no damage")
	require.Regexp(t, `(?m)^topics +1$`, out)
	p.Kill()
	out, err = check()
	require.NoError(t, err)
	require.Regexp(t, `(?m)^topics +1$`, out, "it is in the log")

	require.NoError(t, os.WriteFile(filepath.Join(data, "tocsin.db"), []byte("SQLite format 3\x00"), 0o600))
	out, err = check()
	require.ErrorContains(t, err, "damaged")
	require.Contains(t, out, "restore a backup")
}
