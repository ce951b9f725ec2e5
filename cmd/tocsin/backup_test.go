package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// TestBackupUnderLoad backs up a real process while publishers work and messages
// are fanned out. Nobody notices, and what is then started from the copy knows all
// that was acknowledged before, and delivers what was not delivered yet.
func TestBackupUnderLoad(t *testing.T) {
	const publishers, acknowledged = 4, 40
	var mu sync.Mutex
	arrived := map[string]bool{}
	var open atomic.Bool // until then no message arrives
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var push wire.Push
		if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if push.Type == wire.TypeConfirmation {
			resp, err := http.Get(push.SubscribeURL)
			if err == nil {
				w.WriteHeader(resp.StatusCode)
				_ = resp.Body.Close()
			}
			return
		}
		if !open.Load() {
			<-r.Context().Done()
			return
		}
		mu.Lock()
		defer mu.Unlock()
		arrived[push.MessageID] = true
	}))
	defer sink.Close()

	data, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	p := launch(t, data)
	c := localClient(t, p)
	topic, err := c.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "copied"})
	require.NoError(t, err)
	_, err = c.Subscribe(t.Context(), smn.SubscribeInput{TopicURN: topic.URN, NewSubscription: smn.NewSubscription{Protocol: smn.HTTP, Endpoint: sink.URL}})
	require.NoError(t, err)
	eventually(t, "the confirmation", func() bool {
		page, err := c.ListSubscriptions(t.Context(), smn.ListSubscriptionsInput{})
		return err == nil && page.Total == 1 && page.Subscriptions[0].Status == smn.Confirmed
	})
	token, err := c.IssueToken(t.Context(), adminLogin())
	require.NoError(t, err)

	stop, ids := make(chan struct{}), make(chan string)
	var work sync.WaitGroup
	for range publishers {
		work.Go(func() {
			for n := 0; ; n++ {
				id, err := c.Publish(t.Context(), smn.PublishInput{TopicURN: topic.URN, Message: fmt.Sprint("message ", n)})
				if err != nil {
					t.Errorf("a publisher has noticed: %v", err)
					return
				}
				select {
				case ids <- id:
				case <-stop:
					return
				}
			}
		})
	}
	var before []string
	for range acknowledged {
		before = append(before, <-ids)
	}
	var out bytes.Buffer
	backedUp := make(chan error)
	go func() { backedUp <- run(t.Context(), []string{"backup", "-data", data, "-to", copied}, &out) }()
	for running := true; running; {
		select {
		case <-ids:
		case err := <-backedUp:
			require.NoError(t, err)
			running = false
		}
	}
	require.Regexp(t, `^Backed up .+ to .+copy: [0-9]+ bytes in [0-9.]+ s\n$`, out.String())
	close(stop)
	work.Wait()
	p.Kill()

	open.Store(true)
	p = launch(t, copied)
	eventually(t, "every message of the copy to arrive", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range before {
			if !arrived[id] {
				return false
			}
		}
		return true
	})
	status, _ := get(t, p.URL()+"/v2/0123456789abcdef0123456789abcdef/notifications/topics", func(r *http.Request) {
		r.Header.Set("X-Auth-Token", token.Value)
	})
	require.Equal(t, http.StatusOK, status, "tokens still work")
}

func TestBackupOfNothing(t *testing.T) {
	empty, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	err := run(t.Context(), []string{"backup", "-data", empty, "-to", to}, &bytes.Buffer{})
	require.EqualError(t, err, empty+" is no data folder: it has no file tocsin.db")
	require.NoDirExists(t, to)
}
