package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/internal/trial"
	"tocsin/shared/client"
)

// inHand is what this process holds of the things that leak.
type inHand struct{ goroutines, files int }

func holding(t *testing.T) inHand {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return inHand{goroutines: runtime.NumGoroutine(), files: len(files)}
}

// TestNothingLeaks loads a whole house, with endpoints that are well, refuse, hang
// and drip. Afterwards goroutines and files are about as few as before the load,
// and when the house is closed exactly as few as before it was opened.
func TestNothingLeaks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc/self/fd")
	}
	const endpoints, publishers, messages = 40, 8, 50
	before := holding(t)

	sink := trial.NewSink()
	url, err := sink.Listen(t.Context())
	require.NoError(t, err)
	h, err := openHouse(t.Context(), parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	serving, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.serve(serving) }()

	transport := &http.Transport{MaxIdleConnsPerHost: publishers}
	c, err := client.New(client.Config{
		Endpoint:   h.settings.PublicURL,
		Credential: client.AccessKey{Access: "LOCALACCESSKEY", Secret: "LOCALSECRETKEY", Project: h.settings.ProjectID},
		Transport:  transport,
	})
	require.NoError(t, err)
	behaviours := []trial.Behaviour{trial.Good, trial.Moody, trial.Slow, trial.Failing, trial.Hanging, trial.Dripping}
	var crowd []trial.Endpoint
	for i := range endpoints {
		crowd = append(crowd, trial.Endpoint{Behaviour: trial.Good, Number: int32(i)})
		if i < len(behaviours) {
			crowd[i].Behaviour = behaviours[i]
		}
	}
	topic, err := trial.Subscribe(t.Context(), c, "leak", url, crowd)
	require.NoError(t, err)
	eventually(t, "all confirmations", func() bool {
		n, err := trial.Confirmed(t.Context(), c, topic.URN)
		require.NoError(t, err)
		return n == endpoints
	})
	// One message makes what is made once and kept.
	load := func(messages int) {
		var book trial.Notebook
		permits := make(chan struct{}, messages)
		for range messages {
			permits <- struct{}{}
		}
		loading, end := context.WithCancel(t.Context())
		defer end()
		var work sync.WaitGroup
		work.Go(func() { book.Publish(loading, c, []trial.Topic{topic}, publishers, permits) })
		quick := func(b trial.Behaviour) bool { return b == trial.Good || b == trial.Slow }
		eventually(t, "the messages to arrive", func() bool {
			_, missing := book.Missing(sink.Ledger, quick)
			return book.Acknowledged() == messages && missing == 0
		})
		end()
		work.Wait()
		transport.CloseIdleConnections()
	}
	load(1)
	base := holding(t)
	load(messages)
	loaded := holding(t)
	sink.Heal() // ends the attempts that hang
	sink.DropIdle()
	// A connection that the other side has closed may be kept for a while, so there
	// are as many as a host can have; a leak of one for each delivery would be more.
	const retries, connections = 32, 256
	eventually(t, fmt.Sprintf("goroutines and files to go, as before: %+v", base), func() bool {
		now := holding(t)
		return now.goroutines <= base.goroutines+retries && now.files <= base.files+connections
	})

	stop()
	require.NoError(t, <-served)
	require.NoError(t, sink.Close())
	transport.CloseIdleConnections()
	var now inHand
	eventually(t, fmt.Sprintf("everything to go, as before: %+v", before), func() bool {
		now = holding(t)
		return now.goroutines <= before.goroutines && now.files <= before.files
	})
	t.Logf("%+v before, %+v idle, %+v under load, %+v at the end", before, base, loaded, now)
}
