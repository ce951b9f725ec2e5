package deliver_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// handleUntil does a task with a worker that is killed after a while: nothing that it
// writes later is kept.
func handleUntil(t *testing.T, w *deliver.Worker, m *memory, task queue.Task, killed time.Duration) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := w.Handle(ctx, task)
		done <- err
	}()
	pass(killed)
	synctest.Wait()
	m.mu.Lock()
	m.failing["SaveChunk"], m.failing["FinishChunk"] = 1<<30, 1<<30
	m.mu.Unlock()
	cancel()
	require.Error(t, <-done)
	m.mu.Lock()
	m.failing["SaveChunk"], m.failing["FinishChunk"] = 0, 0
	m.mu.Unlock()
}

// Of a chunk that a killed worker had in hand, the next repeats what was delivered in
// the last quarter of a second and no more.
func TestKilledWorkerRepeatsLittle(t *testing.T) {
	for _, killed := range []time.Duration{100, 260, 600, 1110, 1990} {
		killed *= time.Millisecond
		t.Run(killed.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				s := &street{bad: func(endpoint string) deliver.Outcome { // answers after as many ms as it says, or hangs
					ms, err := strconv.Atoi(endpoint[strings.LastIndexByte(endpoint, '=')+1:])
					if err != nil {
						return hang()
					}
					time.Sleep(time.Duration(ms) * time.Millisecond)
					return deliver.Outcome{}
				}}
				for i := range 100 {
					m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/bad?answers=%d", i, 20*i))
					m.subscribe(smn.HTTP, fmt.Sprintf("http://hanging%d/bad", i))
				}
				msg := m.publish(time.Hour)
				handleUntil(t, worker(t, streetConfig(m, s)), m, queue.NewFanOut(project, topicID, msg.ID, 0), killed)
				first := len(s.visits)
				require.Equal(t, 200, first)
				began := s.visits[0].began

				pass(deliver.Lease)
				again, err := worker(t, streetConfig(m, s)).Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
				require.NoError(t, err)
				require.Zero(t, again)
				require.Equal(t, 200, m.chunks[store.ChunkKey{MessageID: msg.ID}].matched, "whoever delivered them")
				require.Len(t, m.failures, 100)
				repeated := map[string]bool{}
				for _, v := range s.visits[first:] {
					repeated[v.endpoint] = true
				}
				for _, v := range s.visits[:first] {
					switch took := v.ended.Sub(began); {
					case v.result != deliver.Delivered, took > killed:
						require.True(t, repeated[v.endpoint], "%s was not delivered", v.endpoint)
					case took < killed-deliver.SaveEvery:
						require.False(t, repeated[v.endpoint], "%s was delivered", v.endpoint)
					}
				}
			})
		})
	}
}

// A chunk that could not be finished is done again soon, and repeats nothing.
func TestChunkThatCannotBeFinished(t *testing.T) {
	for _, failing := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			s := &street{}
			for i := range 20 {
				m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/", i))
			}
			msg := m.publish(time.Hour)
			m.failing["FinishChunk"] = failing
			run(t, worker(t, streetConfig(m, s)), m, 10*time.Second)
			require.Equal(t, chunkRow{done: true, matched: 20}, m.chunks[store.ChunkKey{MessageID: msg.ID}])
			require.Len(t, s.visits, 20)
			require.Zero(t, m.tasks())
		})
	}
}

// What could not be saved is saved the next time, also when nothing was delivered since.
func TestProgressThatCannotBeSaved(t *testing.T) {
	for name, saves := range map[string][]time.Duration{"each tick": nil, "few": {300 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				s := &street{bad: func(string) deliver.Outcome { return hang() }}
				m.subscribe(smn.HTTP, "http://host/")
				m.subscribe(smn.HTTP, "http://hanging/bad")
				msg := m.publish(time.Hour)
				m.failing["SaveChunk"] = 1
				c := streetConfig(m, s)
				c.Saves = saves
				handleUntil(t, worker(t, c), m, queue.NewFanOut(project, topicID, msg.ID, 0), 1100*time.Millisecond)
				require.Equal(t, 2, m.calls["SaveChunk"], "failed, and done")
				sent := m.chunks[store.ChunkKey{MessageID: msg.ID}].sent
				require.Equal(t, 1, sent.Len())
			})
		})
	}
}

// A save that takes its time is no reason for two to save the same chunks.
func TestSlowSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.slowSave = 700 * time.Millisecond
		s := &street{bad: func(string) deliver.Outcome { time.Sleep(1100 * time.Millisecond); return deliver.Outcome{} }}
		for i := range 4 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/", i))
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/bad", i))
		}
		c := streetConfig(m, s)
		c.Saves = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}
		w := worker(t, c)
		const chunks = 40
		for range chunks { // one after the other
			msg := m.publish(time.Hour)
			_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
			require.NoError(t, err)
		}
		require.Positive(t, m.calls["SaveChunk"])
		require.LessOrEqual(t, m.calls["SaveChunk"], len(c.Saves)*chunks)
		require.False(t, m.twice)
	})
}

// A store to which saving is dear is told at a few moments.
func TestFewSaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		e.answer = func(_ context.Context, d deliver.Delivery, _ int) deliver.Outcome {
			n, err := strconv.Atoi(strings.TrimPrefix(d.Endpoint, "http://host"))
			require.NoError(t, err)
			time.Sleep(time.Duration(n) * 100 * time.Millisecond) // virtual
			return deliver.Outcome{}
		}
		for i := range 100 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d", i))
		}
		msg := m.publish(time.Hour)
		c := config(m, e)
		c.Saves = []time.Duration{time.Second, 5 * time.Second}
		handleUntil(t, worker(t, c), m, queue.NewFanOut(project, topicID, msg.ID, 0), 9*time.Second)
		require.Equal(t, 2+1, m.calls["SaveChunk"], "the last one is what the end of the task saves")
		sent := m.chunks[store.ChunkKey{MessageID: msg.ID}].sent
		require.InDelta(t, 50, sent.Len(), 2, "what was delivered within five seconds")
	})
}

// Whoever has taken longer than the lease does not finish the chunk, which may be in
// other hands, and keeps what those have saved.
func TestChunkThatOutlivesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, d deliver.Delivery, attempt int) deliver.Outcome {
			if d.Endpoint == "http://hanging" {
				time.Sleep(map[int]time.Duration{1: deliver.Lease + 10*time.Second, 2: 20 * time.Second}[attempt]) // virtual
			}
			return deliver.Outcome{}
		}}
		m.subscribe(smn.HTTP, "http://host")
		m.subscribe(smn.HTTP, "http://hanging")
		msg := m.publish(time.Hour)
		begin := func() <-chan error {
			w, ended := worker(t, config(m, e)), make(chan error, 1)
			go func() {
				_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
				ended <- err
			}()
			return ended
		}
		first := begin()
		pass(deliver.Lease)
		second := begin()
		require.Error(t, <-first)
		m.mu.Lock()
		row := m.chunks[store.ChunkKey{MessageID: msg.ID}]
		m.mu.Unlock()
		require.False(t, row.done, "the other is at it")
		require.Equal(t, 2, row.sent.Len())
		require.NoError(t, <-second)
		require.Equal(t, chunkRow{done: true, matched: 2}, m.chunks[store.ChunkKey{MessageID: msg.ID}])
		require.Len(t, e.sent(), 3)
	})
}

func TestTallyOfAChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := &street{bad: func(string) deliver.Outcome { return deliver.Outcome{Result: deliver.Again} }}
		c := streetConfig(m, s)
		c.Senders[smn.Email] = s
		for i, protocol := range []smn.Protocol{smn.HTTP, smn.HTTP, smn.HTTP, smn.HTTP, smn.HTTP, smn.Email, "pigeon"} {
			m.subscribe(protocol, fmt.Sprintf("http://host%d/%s", i, map[int]string{1: "bad"}[i]))
		}
		m.setStatus(2, smn.Cancelled)
		filtered := m.subs[3]
		filtered.Filters = []smn.FilterPolicy{{Name: "color", StringEquals: []string{"red"}}}
		m.subs[3] = filtered
		parked := m.subs[4]
		m.health[parked.ID] = store.Health{SubscriptionKey: parked.SubscriptionKey, Seq: 4, Failures: 5, ParkedUntil: time.Now().Add(time.Minute)}
		msg := m.publish(time.Hour)
		_, err := worker(t, c).Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
		require.NoError(t, err)
		require.Equal(t, chunkRow{done: true, matched: 5, filtered: 1}, m.chunks[store.ChunkKey{MessageID: msg.ID}])
		require.Len(t, m.failures, 4, "one failed, one is parked, one has a task of its own, for one there is no way")
		require.Len(t, s.visits, 2)
	})
}

// However little room there is, a chunk is over well before its lease.
func TestChunkWaitsForSecondsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := &street{bad: func(string) deliver.Outcome { return hang() }}
		for i := range store.ChunkSize {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/bad", i))
		}
		msg := m.publish(time.Hour)
		c := streetConfig(m, s)
		c.Slots = 1
		w := worker(t, c)
		w.SetSlowLane(0)
		began := time.Now()
		_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), 21*time.Second)
		row := m.chunks[store.ChunkKey{MessageID: msg.ID}]
		require.Equal(t, store.ChunkSize, len(m.failures)+row.waiting)
		require.Less(t, len(s.visits), 6)
		require.GreaterOrEqual(t, row.waiting, store.ChunkSize-5)
		require.LessOrEqual(t, m.tasks(), 1+len(m.failures)+1, "one for all that were put off")
	})
}
