package deliver_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// many endpoints of a topic, all of which hang until they are healed.
func hangingStreet(m *memory, n int) (s *street, heal func()) {
	var healed atomic.Bool
	s = &street{bad: func(string) deliver.Outcome {
		if healed.Load() {
			return deliver.Outcome{}
		}
		return hang()
	}}
	for i := range n {
		m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/bad", i))
	}
	return s, func() { healed.Store(true) }
}

// sum is the tally of a message, over all rounds.
func (m *memory) sum(id string) (matched, waiting, failures int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, row := range m.chunks {
		if key.MessageID == id {
			matched += row.matched
			waiting += row.waiting
		}
	}
	for _, f := range m.failures {
		if f.MessageID == id {
			failures++
		}
	}
	return matched, waiting, failures
}

// A burst to endpoints that hang leaves one task for each chunk of each message, not
// one for each delivery; once the endpoints are well all arrives, each once.
func TestManyThatArePutOffAreOneTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const endpoints, messages = 40, 60
		m := newMemory()
		s, heal := hangingStreet(m, endpoints)
		w := worker(t, streetConfig(m, s))
		var published []store.Message
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.Run(ctx, m) }()
		for range messages {
			published = append(published, m.publish(4*time.Hour))
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		require.Less(t, m.tasks(), messages*endpoints/4)
		last := published[messages-1]
		matched, waiting, failures := m.sum(last.ID)
		require.Equal(t, endpoints, matched)
		require.Equal(t, endpoints, waiting+failures)
		require.Greater(t, waiting, endpoints/2)
		heal()
		time.Sleep(2 * time.Hour)
		stop()
		require.NoError(t, <-ended)
		for _, msg := range published {
			matched, waiting, failures := m.sum(msg.ID)
			require.Equal(t, []int{endpoints, 0, 0}, []int{matched, waiting, failures})
			require.Len(t, s.delivered()[msg.ID], endpoints)
			for _, n := range s.delivered()[msg.ID] {
				require.Equal(t, 1, n)
			}
		}
		require.Zero(t, m.tasks())
	})
}

// What has changed before the next round counts, and what lives no longer is dead.
func TestRoundsKnowWhatHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const endpoints = 40
		m := newMemory()
		s, heal := hangingStreet(m, endpoints)
		w := worker(t, streetConfig(m, s))
		run(t, w, m, time.Second)
		var published []store.Message
		for range 20 {
			published = append(published, m.publish(20*time.Minute))
		}
		short := m.publish(30 * time.Second)
		run(t, w, m, 12*time.Second)
		msg := slices.MaxFunc(published, func(a, b store.Message) int {
			_, x, _ := m.sum(a.ID) // which of them finds the endpoints free is left to chance
			_, y, _ := m.sum(b.ID)
			return cmp.Compare(x, y)
		})
		_, waiting, _ := m.sum(msg.ID)
		require.Greater(t, waiting, endpoints/2)
		m.setStatus(7, smn.Cancelled)
		m.remove(8)
		time.Sleep(time.Minute) // nobody works
		heal()
		run(t, w, m, 10*time.Minute)
		matched, waiting, failures := m.sum(msg.ID)
		require.Zero(t, waiting)
		require.LessOrEqual(t, failures, 2)
		require.Equal(t, matched, len(s.delivered()[msg.ID])+failures)
		require.GreaterOrEqual(t, len(s.delivered()[msg.ID]), endpoints-2)
		f, ok := m.failure(msg.ID, m.subs[7].ID)
		require.True(t, ok)
		require.True(t, f.Dead)
		require.Contains(t, f.Reason, "no longer subscribed")

		matched, waiting, failures = m.sum(short.ID)
		require.Zero(t, waiting)
		require.Equal(t, matched, failures+len(s.delivered()[short.ID]))
		require.Greater(t, failures, 30, "they are dead")
	})
}
