package compat

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// root is the folder of the module that is tested.
const root = "../.."

// logTail is how much of the server's log a failed test shows, in bytes.
const logTail = 16 << 10

// binary builds the real program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tocsin-compat-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tocsin")
	build := exec.Command("go", "build", "-o", path, "./cmd/tocsin")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// serve starts `tocsin serve` with a store that is thrown away and gives its URL.
// At the end of the test it is interrupted and must end well.
func serve(t *testing.T) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "tocsin.log"))
	require.NoError(t, err)
	cmd := exec.Command(path, "serve", "-addr", "127.0.0.1:0", "-data", filepath.Join(dir, "data"))
	cmd.Env = slices.DeleteFunc(os.Environ(), func(line string) bool { return strings.HasPrefix(line, "TOCSIN_") })
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	listening, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewReader(stderr); ; {
			text, err := lines.ReadBytes('\n')
			_, _ = log.Write(text)
			var line struct{ Msg, Address string }
			if json.Unmarshal(text, &line) == nil && line.Msg == "listening" {
				listening <- line.Address
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Error("tocsin was interrupted and does not end")
			_ = cmd.Process.Kill()
			<-ended
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("tocsin: %v", err)
		}
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the end of the server's log:\n%s", text[max(0, len(text)-logTail):])
		}
	})
	select {
	case address := <-listening:
		return "http://" + address
	case <-ended:
		t.Fatal("tocsin ended before it listened")
	case <-time.After(30 * time.Second):
		t.Fatal("tocsin does not listen")
	}
	return ""
}
