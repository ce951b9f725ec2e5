package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	return start(t, exec.Command(path, "serve", "-addr", addr, "-data", data))
}

// start starts a command that becomes tocsin, and waits until it listens.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, log: make(chan struct{})}
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

// sink takes the messages of many endpoints, each under a path of its own, and
// notes what arrived where. Each endpoint of ten fails the first time.
type sink struct {
	*httptest.Server
	tried, arrived sync.Map // message id and path
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) take(w http.ResponseWriter, r *http.Request) {
	var push wire.Push
	if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if push.Type == wire.TypeConfirmation {
		resp, err := http.Get(push.SubscribeURL)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable) // killed in between: please tell me again
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		return
	}
	key := push.MessageID + r.URL.Path
	if _, seen := s.tried.LoadOrStore(key, nil); !seen && r.URL.Path[len(r.URL.Path)-1] == '0' {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.arrived.Store(key, nil)
}

// has says whether a message has arrived at all endpoints.
func (s *sink) has(id string, endpoints int) bool {
	for i := range endpoints {
		if _, ok := s.arrived.Load(id + "/" + strconv.Itoa(i)); !ok {
			return false
		}
	}
	return true
}

// TestKilledUnderLoad kills the process several times while publishers work,
// messages are fanned out to more than one chunk, and deliveries are tried again.
// Every message, topic and subscription that was acknowledged must be there after
// the restart, and every message must arrive at every endpoint.
func TestKilledUnderLoad(t *testing.T) {
	const kills, publishers, endpoints, acknowledgedPerRound = 3, 8, 300, 16
	s := newSink(t)
	data := t.TempDir()
	p := launch(t, data, "127.0.0.1:0")
	topic, err := p.client(t).CreateTopic(t.Context(), smn.CreateTopicInput{Name: "crash"})
	require.NoError(t, err)
	for first := 0; first < endpoints; first += smn.MaxBatch {
		in := smn.SubscribeBatchInput{TopicURN: topic.URN}
		for i := first; i < first+smn.MaxBatch; i++ {
			in.Subscriptions = append(in.Subscriptions, smn.NewSubscription{Protocol: smn.HTTP, Endpoint: fmt.Sprint(s.URL, "/", i)})
		}
		_, err = p.client(t).SubscribeBatch(t.Context(), in)
		require.NoError(t, err)
	}
	confirmed := func() (n int) {
		for offset := 0; offset < endpoints; offset += smn.DefaultLimit {
			page, err := p.client(t).ListSubscriptionsByTopic(t.Context(), smn.ListSubscriptionsByTopicInput{
				TopicURN: topic.URN, ListSubscriptionsInput: smn.ListSubscriptionsInput{Page: smn.Page{Offset: offset}},
			})
			if err != nil || page.Total != endpoints {
				return -1
			}
			for _, sub := range page.Subscriptions {
				if sub.Status == smn.Confirmed {
					n++
				}
			}
		}
		return n
	}
	eventually(t, "some confirmations", func() bool { return confirmed() > 0 })
	p.kill()
	p = launch(t, data, p.address)
	eventually(t, "all confirmations", func() bool { return confirmed() == endpoints })

	var mu sync.Mutex
	var messages, topics []string // acknowledged
	for range kills {
		var acknowledged atomic.Int64
		var work sync.WaitGroup
		c := p.client(t)
		for i := range publishers {
			work.Go(func() {
				for n := 0; acknowledged.Load() < 3*acknowledgedPerRound; n++ {
					id, err := c.Publish(t.Context(), smn.PublishInput{TopicURN: topic.URN, Message: fmt.Sprint("message ", n)})
					if err != nil {
						return // killed in between: not acknowledged
					}
					acknowledged.Add(1)
					mu.Lock()
					messages = append(messages, id)
					mu.Unlock()
					if i > 0 {
						continue
					}
					if out, err := c.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "t" + id}); err == nil {
						mu.Lock()
						topics = append(topics, out.URN)
						mu.Unlock()
					}
				}
			})
		}
		eventually(t, "messages to be acknowledged", func() bool { return acknowledged.Load() >= acknowledgedPerRound })
		p.kill()
		work.Wait()
		p = launch(t, data, p.address)
	}

	require.GreaterOrEqual(t, len(messages), kills*acknowledgedPerRound)
	eventually(t, "every acknowledged message to arrive everywhere", func() bool {
		for _, id := range messages {
			if !s.has(id, endpoints) {
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
	require.Equal(t, endpoints, confirmed())
	t.Logf("%d messages to %d endpoints and %d topics were acknowledged, none is lost", len(messages), endpoints, len(topics))
}

func eventually(t *testing.T, what string, seen func() bool) {
	t.Helper()
	require.Eventually(t, seen, 40*time.Second, 5*time.Millisecond, "waited for "+what)
}
