package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMNS drives the door of MNS with Alibaba's SDK for Python, which `make mns-sdk`
// installs. Whatever it finds wrong ends mns/walk.py.
func TestMNS(t *testing.T) {
	installed := filepath.Join(root, ".cache", "mns-sdk")
	if _, err := os.Stat(filepath.Join(installed, ".done")); err != nil {
		const hint = "the SDK of MNS is not installed: run make mns-sdk"
		if os.Getenv("TOCSIN_CI") != "" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	walk := exec.CommandContext(t.Context(), filepath.Join(installed, "bin", "python"), "mns/walk.py", serve(t), "LOCALACCESSKEY", "LOCALSECRETKEY")
	out, err := walk.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "ok ")
}
