package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/internal/trial"
	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// binary builds the real program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tocsin-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tocsin")
	return path, trial.Build(context.Background(), path)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func trialOf(t *testing.T, data string) trial.Config {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return trial.Config{Binary: path, Data: data, Log: filepath.Join(t.TempDir(), "log")}
}

// launch starts the binary and waits until it listens.
func launch(t *testing.T, data string, env ...string) *trial.Process {
	t.Helper()
	config := trialOf(t, data)
	config.Env = env
	p, err := trial.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}

func localClient(t *testing.T, p *trial.Process) *client.Client {
	t.Helper()
	c, err := trial.LocalClient(p)
	require.NoError(t, err)
	return c
}

// TestKilledUnderLoad kills the process at random moments while endpoints confirm,
// publishers work, messages are fanned out to more than one chunk, and deliveries
// are tried again. Every message, topic and subscription that was acknowledged must
// be there after the restart, and every message must arrive at every endpoint. What
// comes again is no more than what was delivered shortly before the kills, and a
// chunk for each. The long form of it is make soak.
func TestKilledUnderLoad(t *testing.T) {
	const kills, killsInRetries, publishers, messagesOfRun, longestRun = 12, 3, 8, 16, 300 * time.Millisecond
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	sink := trial.NewSink()
	t.Cleanup(func() { require.NoError(t, sink.Close()) })
	url, err := sink.Listen(t.Context())
	require.NoError(t, err)
	life, err := trial.Begin(t.Context(), trialOf(t, t.TempDir()), sink)
	require.NoError(t, err)
	t.Cleanup(func() { life.Process.Kill() }) // whichever process it is then
	kill := func() { require.NoError(t, life.KillAndRestart(t.Context())) }

	endpoints := make([]trial.Endpoint, 320)
	for i := range endpoints {
		endpoints[i] = trial.Endpoint{Behaviour: trial.Good, Number: int32(i)}
		if i%10 == 0 {
			endpoints[i].Behaviour = trial.Moody
		}
	}
	var crowds []trial.Topic
	for i, subscribers := range [][]trial.Endpoint{endpoints[:300], endpoints[300:]} {
		topic, err := trial.Subscribe(t.Context(), localClient(t, life.Process), fmt.Sprint("crowd", i), url, subscribers)
		require.NoError(t, err)
		crowds = append(crowds, topic)
	}
	confirmed := func() (n int) {
		for _, c := range crowds {
			there, err := trial.Confirmed(t.Context(), localClient(t, life.Process), c.URN)
			require.NoError(t, err)
			n += there
		}
		return n
	}
	eventually(t, "some confirmations", func() bool { return confirmed() > 0 })
	kill()
	eventually(t, "all confirmations", func() bool { return confirmed() == len(endpoints) })

	var book trial.Notebook
	var topics []string // acknowledged
	for killed := 1; killed < kills; killed++ {
		if killed >= kills-killsInRetries {
			// A moody endpoint refuses a quarter of all messages: of so many one, for sure.
			before, acknowledged := sink.Retried(), book.Acknowledged()
			publishing, end := context.WithCancel(t.Context())
			var work sync.WaitGroup
			work.Go(func() { book.Publish(publishing, localClient(t, life.Process), crowds[1:], publishers, permits(64)) })
			eventually(t, "publishes", func() bool { return book.Acknowledged() >= acknowledged+64 })
			end()
			work.Wait()
			eventually(t, "retries", func() bool { return sink.Retried() > before })
			topic, err := localClient(t, life.Process).CreateTopic(t.Context(), smn.CreateTopicInput{Name: "t" + smn.NewID()})
			require.NoError(t, err)
			topics = append(topics, topic.URN) // other runs may be too short for one
			kill()
			continue
		}
		// Some runs end within a publish, others within the fan-out that it leaves.
		running, end := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(longestRun))))
		var work sync.WaitGroup
		c := localClient(t, life.Process)
		work.Go(func() { book.Publish(running, c, crowds, publishers, permits(messagesOfRun)) })
		work.Go(func() {
			for {
				out, err := c.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "t" + smn.NewID()})
				if err != nil {
					return // killed in between: not acknowledged
				}
				topics = append(topics, out.URN)
			}
		})
		<-running.Done()
		kill()
		end()
		work.Wait()
	}

	should := func(trial.Behaviour) bool { return true }
	eventually(t, "every acknowledged message to arrive everywhere", func() bool {
		_, missing := book.Missing(sink.Ledger, should)
		return missing == 0
	})
	expected, _ := book.Missing(sink.Ledger, should)
	require.NotZero(t, expected)
	require.NotEmpty(t, topics)
	for _, urn := range topics {
		_, err := localClient(t, life.Process).GetTopic(t.Context(), smn.TopicInput{TopicURN: urn})
		require.NoError(t, err)
	}
	require.Equal(t, len(endpoints), confirmed())
	counts := sink.Counts()
	life.End() // the last repeats are put down to their kill
	var repeats, window int64
	for _, k := range life.Kills {
		repeats += k.Repeats
		window += k.Delivered
	}
	// On a busy machine it takes a while to save: twice the window. The soak test,
	// which has the machine for itself, is exact.
	require.LessOrEqual(t, repeats, 2*window+int64(kills*store.ChunkSize), "%+v", life.Kills)
	// What a run has sent comes again from a later run only. An answer that took too
	// long, on a busy machine, is the exception.
	require.LessOrEqual(t, counts.SameRun, counts.Distinct/100)
	t.Logf("%d messages, %d deliveries and %d topics were acknowledged, %d publishes were cut, none is lost; %d deliveries came again after %d kills",
		book.Acknowledged(), expected, len(topics), book.Cut(), counts.Repeats(), len(life.Kills))
}

func permits(n int) <-chan struct{} {
	p := make(chan struct{}, n)
	for range n {
		p <- struct{}{}
	}
	return p
}

func eventually(t *testing.T, what string, seen func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // what is put off comes back after a while, on a busy machine
	defer cancel()
	require.NoError(t, trial.Until(ctx, 5*time.Millisecond, seen), fmt.Sprint("waited for ", what))
}
