package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// binary builds the real program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tocsin-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tocsin")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
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

// process is a running tocsin.
type process struct {
	cmd     *exec.Cmd
	address string
	log     chan struct{} // closed at the end of its log
}

// launch starts the binary and waits until it listens.
func launch(t *testing.T, data, addr string) *process {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	p := &process{cmd: exec.Command(path, "serve", "-addr", addr, "-data", data), log: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	listening := make(chan string, 1)
	go func() {
		defer close(p.log)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
				listening <- line.Address
			}
		}
		close(listening)
	}()
	select {
	case address, ok := <-listening:
		require.True(t, ok, "tocsin ended before it listened")
		p.address = address
	case <-time.After(30 * time.Second):
		t.Fatal("tocsin does not listen")
	}
	return p
}

// kill is a SIGKILL: nothing is flushed, nobody is asked.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		<-p.log
		_ = p.cmd.Wait()
	}
}

func (p *process) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{
		Endpoint:   "http://" + p.address,
		Credential: client.AccessKey{Access: "LOCALACCESSKEY", Secret: "LOCALSECRETKEY", Project: "0123456789abcdef0123456789abcdef"},
	})
	require.NoError(t, err)
	return c
}

// TestKilledUnderLoad kills the process several times while publishers work, and
// sees that every message, topic and subscription that was acknowledged is there
// after the restart, and every message arrives.
func TestKilledUnderLoad(t *testing.T) {
	const kills, publishers, acknowledgedPerRound = 3, 8, 100
	var arrived sync.Map // message id → struct{}
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var push wire.Push
		if json.NewDecoder(r.Body).Decode(&push) != nil {
			return
		}
		if push.Type == wire.TypeConfirmation {
			// Followed after the answer, as a receiver with a queue would.
			go func() {
				resp, err := http.Get(push.SubscribeURL)
				if err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			}()
			return
		}
		arrived.Store(push.MessageID, struct{}{})
	}))
	defer sink.Close()

	data := t.TempDir()
	p := launch(t, data, "127.0.0.1:0")
	topic, err := p.client(t).CreateTopic(t.Context(), smn.CreateTopicInput{Name: "crash"})
	require.NoError(t, err)
	sub, err := p.client(t).Subscribe(t.Context(), smn.SubscribeInput{
		TopicURN: topic.URN, NewSubscription: smn.NewSubscription{Protocol: smn.HTTP, Endpoint: sink.URL},
	})
	require.NoError(t, err)
	eventually(t, "the subscription to be confirmed", func() bool {
		page, err := p.client(t).ListSubscriptionsByTopic(t.Context(), smn.ListSubscriptionsByTopicInput{TopicURN: topic.URN})
		return err == nil && page.Total == 1 && page.Subscriptions[0].Status == smn.Confirmed
	})

	var mu sync.Mutex
	var messages, topics []string // acknowledged
	for range kills {
		ctx, stop := context.WithCancel(t.Context())
		var acknowledged atomic.Int64
		var work sync.WaitGroup
		c := p.client(t)
		for i := range publishers {
			work.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					id, err := c.Publish(ctx, smn.PublishInput{TopicURN: topic.URN, Message: fmt.Sprint("message ", n)})
					if err != nil {
						return // killed in between: not acknowledged
					}
					mu.Lock()
					messages = append(messages, id)
					mu.Unlock()
					acknowledged.Add(1)
					if i == 0 && n%10 == 0 {
						if out, err := c.CreateTopic(ctx, smn.CreateTopicInput{Name: "t" + id}); err == nil {
							mu.Lock()
							topics = append(topics, out.URN)
							mu.Unlock()
						}
					}
				}
			})
		}
		eventually(t, "messages to be acknowledged", func() bool { return acknowledged.Load() >= acknowledgedPerRound })
		p.kill()
		stop()
		work.Wait()
		p = launch(t, data, p.address)
	}

	require.GreaterOrEqual(t, len(messages), kills*acknowledgedPerRound)
	eventually(t, "every acknowledged message to arrive", func() bool {
		for _, id := range messages {
			if _, ok := arrived.Load(id); !ok {
				return false
			}
		}
		return true
	})
	require.NotEmpty(t, topics)
	for _, urn := range topics {
		_, err := p.client(t).GetTopic(t.Context(), smn.TopicInput{TopicURN: urn})
		require.NoError(t, err)
	}
	page, err := p.client(t).ListSubscriptionsByTopic(t.Context(), smn.ListSubscriptionsByTopicInput{TopicURN: topic.URN})
	require.NoError(t, err)
	require.Equal(t, sub.URN, page.Subscriptions[0].URN.String())
	t.Logf("%d messages and %d topics were acknowledged, none is lost", len(messages), len(topics))
}

func eventually(t *testing.T, what string, seen func() bool) {
	t.Helper()
	require.Eventually(t, seen, 40*time.Second, 5*time.Millisecond, "waited for "+what)
}
