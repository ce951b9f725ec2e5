package examples_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestExamples runs the programs of this folder against the binary: what they
// print is what their readers will see.
func TestExamples(t *testing.T) {
	built := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", built+"/", "../cmd/tocsin", "./token", "./access-key", "./cron", "./webhook")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	do := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), filepath.Join(built, name), args...).CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
		return strings.TrimSpace(string(out))
	}

	address := freeAddress(t)
	t.Setenv("TOCSIN_ENDPOINT", "http://"+address)
	start(t, filepath.Join(built, "tocsin"), "serve", "-addr", address, "-data", t.TempDir())
	awaitAddress(t, address)

	topic := do("access-key", "backups")
	require.Equal(t, "urn:smn:local:0123456789abcdef0123456789abcdef:backups", topic)
	require.Equal(t, "1 topics\n"+topic, do("token"))

	hook := freeAddress(t)
	lines := start(t, filepath.Join(built, "webhook"), hook, topic)
	awaitAddress(t, hook)
	do("tocsin", "subscription", "add", "backups", "http", "http://"+hook+"/")
	require.Equal(t, "subscribed to "+topic, <-lines)
	require.Empty(t, do("cron", topic, "true"), "what goes well is not worth a word")
	do("cron", topic, "sh", "-c", "echo no space left; exit 3")
	require.Contains(t, <-lines, "sh has failed: exit status 3")
	require.Empty(t, <-lines)
	require.Equal(t, "no space left", <-lines)
}

// start runs a program to the end of the test and gives the lines that it prints.
func start(t *testing.T, program string, args ...string) <-chan string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, args...)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	command.Stderr = io.Discard
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	require.NoError(t, command.Start())
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		stop()
		for range lines { // to its end
		}
		_ = command.Wait() // it was interrupted
	})
	return lines
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// awaitAddress waits until a program listens.
func awaitAddress(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		return err == nil && conn.Close() == nil
	}, 20*time.Second, 10*time.Millisecond)
}
