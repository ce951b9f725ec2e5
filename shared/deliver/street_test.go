package deliver_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// street is a sender to good and bad endpoints: those whose path begins with "bad"
// do as bad says.
type street struct {
	bad func(endpoint string) deliver.Outcome // takes its time

	mu       sync.Mutex
	visits   []*visit
	underWay int
	most     int
}

// visit is an attempt.
type visit struct {
	message, subscription, endpoint string
	began, ended                    time.Time
	result                          deliver.Result
}

func (v *visit) good() bool { return !strings.Contains(v.endpoint, "/bad") }

// quick is how long a good endpoint takes.
const quick = 5 * time.Millisecond

func (s *street) Send(_ context.Context, d deliver.Delivery) deliver.Outcome {
	v := &visit{
		message: d.MessageID, subscription: d.SubscriptionURN[strings.LastIndexByte(d.SubscriptionURN, ':')+1:],
		endpoint: d.Endpoint, began: time.Now(),
	}
	s.mu.Lock()
	s.visits = append(s.visits, v)
	s.underWay++
	s.most = max(s.most, s.underWay)
	s.mu.Unlock()
	var o deliver.Outcome
	if v.good() {
		time.Sleep(quick) // virtual
	} else {
		o = s.bad(d.Endpoint)
	}
	s.mu.Lock()
	v.ended, v.result = time.Now(), o.Result
	s.underWay--
	s.mu.Unlock()
	return o
}

// delivered counts how often each message reached each subscription.
func (s *street) delivered() map[string]map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]map[string]int{}
	for _, v := range s.visits {
		if !v.ended.IsZero() && v.result == deliver.Delivered {
			if n[v.message] == nil {
				n[v.message] = map[string]int{}
			}
			n[v.message][v.subscription]++
		}
	}
	return n
}

// requireNothingLost checks that what matched was delivered or has a failure, for
// each message whose chunks are all finished.
func requireNothingLost(t *testing.T, m *memory, s *street, messages []store.Message) {
	t.Helper()
	delivered := s.delivered()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range messages {
		matched, failures, waiting := 0, 0, 0
		for key, row := range m.chunks {
			if key.MessageID == msg.ID {
				require.True(t, row.done)
				matched += row.matched
				waiting += row.waiting
			}
		}
		for _, f := range m.failures {
			if f.MessageID == msg.ID {
				failures++
				require.Zero(t, delivered[msg.ID][f.SubscriptionID])
			}
		}
		require.Equal(t, matched, len(delivered[msg.ID])+failures+waiting)
	}
}

// goroutines samples how many goroutines there are beyond those before, until done is
// closed.
func goroutines(done <-chan struct{}) (most func() int) {
	before, highest := runtime.NumGoroutine(), 0
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				highest = max(highest, runtime.NumGoroutine()-before)
			case <-done:
				return
			}
		}
	}()
	return func() int { <-ended; return highest }
}

// hang is what an attempt at an endpoint that never answers comes to.
func hang() deliver.Outcome {
	time.Sleep(5 * time.Second)
	return deliver.Outcome{Result: deliver.Again, Reason: "timeout"}
}

func streetConfig(m *memory, s *street) deliver.Config {
	c := config(m, nil)
	c.Senders = map[smn.Protocol]deliver.Sender{smn.HTTP: s}
	return c
}
