package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/internal/loopback"
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

	address, err := loopback.FreeAddress()
	require.NoError(t, err)
	t.Setenv("TOCSIN_ENDPOINT", "http://"+address)
	t.Setenv("no_proxy", "127.0.0.1")
	start(t, filepath.Join(built, "tocsin"), "serve", "-addr", address, "-data", t.TempDir())
	awaitAddress(t, address)

	topic := do("access-key", "backups")
	require.Equal(t, "urn:smn:local:0123456789abcdef0123456789abcdef:backups", topic)
	require.Equal(t, "1 topics\n"+topic, do("token"))

	genuine := recorded(t, func(url string) { do("tocsin", "subscription", "add", "backups", "http", url) })
	for name, receiver := range map[string][]string{
		"Go":      {filepath.Join(built, "webhook")},
		"Python":  {"python3", "webhook-python/webhook.py"},
		"Node.js": {"node", "webhook-node/webhook.mjs"},
	} {
		t.Run(name, func(t *testing.T) {
			requireProgram(t, receiver[0])
			for _, script := range receiver[1:] {
				require.FileExists(t, script) // so that a changed one is run again
			}
			hook, err := loopback.FreeAddress()
			require.NoError(t, err)
			lines := start(t, receiver[0], append(receiver[1:], hook, topic)...)
			awaitAddress(t, hook)
			urn := do("tocsin", "subscription", "add", "backups", "http", "http://"+hook+"/")
			require.Equal(t, "subscribed to "+topic, <-lines)
			require.Empty(t, do("cron", topic, "true"), "what goes well is not worth a word")
			do("cron", topic, "sh", "-c", "echo no space left; exit 3")
			require.Contains(t, <-lines, "sh has failed: exit status 3")
			require.Empty(t, <-lines)
			require.Equal(t, "no space left", <-lines)
			require.Empty(t, <-lines)
			do("tocsin", "publish", "backups", "ä\u2028\U0001F514")
			require.Regexp(t, "^[0-9a-f]{32} : ä\u2028\U0001F514$", <-lines, "there is no subject")
			do("tocsin", "subscription", "cancel", strings.Fields(urn)[1])
			forge(t, "http://"+hook+"/", genuine)
			require.Equal(t, "subscribed to "+topic, <-lines, "the genuine one, and none that was forged")
		})
	}
}

// requireProgram skips a test whose program is not installed, but not in continuous
// integration.
func requireProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil && os.Getenv("TOCSIN_CI") == "" {
		t.Skipf("%s is not installed", name)
	} else {
		require.NoError(t, err, "all that is tested is installed in continuous integration")
	}
}

// recorded is the message that an endpoint gets when it is subscribed.
func recorded(t *testing.T, subscribe func(url string)) map[string]string {
	t.Helper()
	bodies := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			bodies <- body
		}
	}))
	defer server.Close()
	subscribe(server.URL)
	message := map[string]string{}
	require.NoError(t, json.Unmarshal(<-bodies, &message))
	return message
}

// forge sends what a receiver must refuse, and a genuine message, which it takes.
func forge(t *testing.T, hook string, genuine map[string]string) {
	t.Helper()
	post := func(body string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("X-SMN-MESSAGE-TYPE", genuine["type"])
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	refused := []int{http.StatusForbidden, http.StatusBadRequest}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the certificate was asked for elsewhere") }))
	defer elsewhere.Close()
	for field, values := range map[string][]string{
		"message":           {"", "another", genuine["message"] + "\n"},
		"message_id":        {strings.Repeat("0", 32), genuine["message_id"] + "\nsubject\nx"},
		"subscribe_url":     {elsewhere.URL},
		"timestamp":         {"2020-01-01T00:00:00Z"},
		"topic_urn":         {genuine["topic_urn"] + "2"},
		"type":              {"Notification", "UnsubscribeConfirmation", "constructor", ""},
		"signature":         {"", "AAAA", "?", genuine["signature"][4:], strings.Repeat("/", 342) + "8="},
		"signature_version": {"v2"},
		"signing_cert_url": {
			"", "file:///etc/passwd", elsewhere.URL + "/smn/x.pem", os.Getenv("TOCSIN_ENDPOINT") + "@" + elsewhere.URL[len("http://"):] + "/smn/x.pem",
			os.Getenv("TOCSIN_ENDPOINT") + "/smn/none.pem", genuine["signing_cert_url"] + "?x",
		},
	} {
		for _, value := range values {
			forged := maps.Clone(genuine)
			forged[field] = value
			body, err := json.Marshal(forged)
			require.NoError(t, err)
			require.Contains(t, refused, post(string(body)), "%s", body)
		}
		without := maps.Clone(genuine)
		delete(without, field)
		body, err := json.Marshal(without)
		require.NoError(t, err)
		require.Contains(t, refused, post(string(body)), "%s", body)
	}
	for _, body := range []string{"", "{", "[]", "null", "5", "\xff", `{"type":5}`, `{"type":"Notification","message":["a"]}`, strings.Repeat("[", 100_000)} {
		require.Contains(t, refused, post(body), "%.40q", body)
	}
	large, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, strings.NewReader(strings.Repeat(" ", 2<<20+1)))
	require.NoError(t, err)
	if answer, err := http.DefaultClient.Do(large); err == nil { // it may also be cut off
		require.NoError(t, answer.Body.Close())
		require.Contains(t, []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, answer.StatusCode)
	}
	body, err := json.Marshal(genuine)
	require.NoError(t, err)
	require.Contains(t, []int{http.StatusOK, http.StatusCreated}, post(string(body)))
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

// awaitAddress waits until a program listens.
func awaitAddress(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		return err == nil && conn.Close() == nil
	}, 20*time.Second, 10*time.Millisecond)
}
