package deliver_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// clinic is a worker that sends to one endpoint, which tries each message once, at its
// own speed.
type clinic struct {
	*memory
	*street
	subscription store.Subscription
	outcome      atomic.Pointer[deliver.Outcome]
	slow         atomic.Int64 // how long the endpoint takes
	stop         func()
}

// newClinic must be called in a bubble. The worker runs until stop or the test ends.
func newClinic(t *testing.T, m *memory) *clinic {
	c := &clinic{memory: m, street: &street{}}
	c.bad = func(string) deliver.Outcome {
		time.Sleep(time.Duration(c.slow.Load()))
		return *c.outcome.Load()
	}
	c.does(deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"})
	if len(m.subs) == 0 {
		s := m.subscribe(smn.HTTP, "http://host/bad")
		s.Extension.Retry = &smn.RetryPolicy{}
		m.subs[0] = s
	}
	c.subscription = m.subs[0]
	w := worker(t, streetConfig(m, c.street))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Run(ctx, m) }()
	c.stop = func() { stop(); <-done }
	t.Cleanup(c.stop)
	return c
}

func (c *clinic) does(o deliver.Outcome) { c.outcome.Store(&o) }

// pass lets virtual time pass. What the test has read was before that.
func (c *clinic) pass(d time.Duration) {
	for _, mu := range []*sync.Mutex{&c.memory.mu, &c.street.mu} {
		mu.Lock()
		mu.Unlock() //nolint:staticcheck // see above
	}
	pass(d)
}

// attempts is how many there were.
func (c *clinic) attempts() int {
	c.street.mu.Lock()
	defer c.street.mu.Unlock()
	return len(c.visits)
}

// fail makes n attempts, one each pace.
func (c *clinic) fail(n int, pace time.Duration) {
	for range n {
		c.publish(24 * time.Hour)
		c.pass(pace)
	}
}

func (c *clinic) row() (store.Health, bool) {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	h, ok := c.health[c.subscription.ID]
	return h, ok
}

// park makes the endpoint parked.
func (c *clinic) park(t *testing.T) store.Health {
	c.fail(7, 5100*time.Millisecond)
	h, _ := c.row()
	require.Equal(t, 1, h.Parks)
	return h
}

func TestFailuresThatParkAnEndpoint(t *testing.T) {
	for name, c := range map[string]struct {
		failures int
		pace     time.Duration
		parks    int
	}{
		"many in less than half a minute":     {100, 290 * time.Millisecond, 0},
		"four in half an hour":                {4, 10 * time.Minute, 0},
		"five in less than half a minute":     {5, 7 * time.Second, 0},
		"five in a little over half a minute": {5, 7501 * time.Millisecond, 1},
		"the fifth within, the sixth past it": {6, 6001 * time.Millisecond, 1},
		"many in a little over half a minute": {7, 5001 * time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newClinic(t, newMemory())
				began := time.Now()
				p.fail(c.failures, c.pace)
				require.Equal(t, c.failures, p.attempts())
				h, _ := p.row()
				require.Equal(t, c.parks, h.Parks)
				require.Equal(t, c.parks > 0, !h.ParkedUntil.IsZero())
				require.Equal(t, began, h.Since)
				require.Equal(t, p.subscription.SubscriptionKey, h.SubscriptionKey)
				require.Equal(t, "HTTP 503", h.Reason)
				require.Equal(t, 503, h.Status)
			})
		})
	}
}

// Parked for five minutes, tried once, parked for ten, tried once, and well: what was
// published meanwhile has used up no attempt and arrives.
func TestParkedEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClinic(t, newMemory())
		h := c.park(t)
		parkedAt := c.visits[6].began
		require.InDelta(t, 4.75, h.ParkedUntil.Sub(parkedAt).Minutes(), 0.26)
		c.slow.Store(int64(5 * time.Second)) // it hangs, so that others could come while it is tried
		tried := c.attempts()
		c.fail(100, time.Second)
		require.Equal(t, tried, c.attempts(), "nothing is sent there")
		for _, f := range c.failures {
			if !f.Dead {
				require.Zero(t, f.Attempts)
				require.Equal(t, "the endpoint is parked (HTTP 503)", f.Reason)
				require.True(t, f.Next.After(h.ParkedUntil))
			}
		}
		c.pass(time.Until(h.ParkedUntil) + 30*time.Second)
		require.Equal(t, tried+1, c.attempts(), "one tries it out")
		h, _ = c.row()
		require.Equal(t, 2, h.Parks)
		require.InDelta(t, 9.5, h.ParkedUntil.Sub(c.visits[tried].ended).Minutes(), 0.51)

		c.pass(time.Until(h.ParkedUntil) + 30*time.Second)
		require.Equal(t, tried+2, c.attempts())
		h, _ = c.row()
		require.Equal(t, 3, h.Parks)
		require.InDelta(t, 9.5, h.ParkedUntil.Sub(c.visits[tried+1].ended).Minutes(), 0.51)

		c.does(deliver.Outcome{})
		c.slow.Store(int64(20 * time.Millisecond))
		c.pass(time.Until(h.ParkedUntil))
		require.Equal(t, tried+2, c.attempts())
		c.publish(time.Hour) // it tries the endpoint out, and what waits is called back
		c.pass(4 * time.Second)
		require.Equal(t, tried+3+98, c.attempts(), "all but the two that were tried")
		_, ok := c.row()
		require.False(t, ok, "it is well")
		for _, f := range c.failures {
			require.True(t, f.Dead)
			require.Equal(t, 1, f.Attempts)
		}
		require.Zero(t, c.tasks())
	})
}

func TestParkedBeyondTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClinic(t, newMemory())
		c.park(t)
		msg := c.publish(time.Minute)
		c.pass(time.Second)
		f, _ := c.failure(msg.ID, c.subscription.ID)
		require.Equal(t, store.Failure{
			MessageID: msg.ID, SubscriptionID: c.subscription.ID, Dead: true,
			Reason: "time to live ends first (the endpoint is parked (HTTP 503))",
		}, f)
	})
}

func TestHealthIsWrittenSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClinic(t, newMemory())
		c.fail(1, time.Second)
		require.Zero(t, c.calls["PutHealth"], "one failure is nothing to speak of")
		c.fail(1, 50*time.Millisecond)
		require.Equal(t, 1, c.calls["PutHealth"])
		c.fail(98, 50*time.Millisecond)
		require.Equal(t, 100, c.attempts())
		require.LessOrEqual(t, c.calls["PutHealth"], 5)
		h, _ := c.row()
		require.Greater(t, h.Failures, 70)
		c.does(deliver.Outcome{})
		c.fail(10, 50*time.Millisecond)
		require.Equal(t, 1, c.calls["ClearHealth"])
		require.Empty(t, c.health)
	})
}

// What is no failure of the endpoint does not park it, and shows that it is well.
func TestOutcomesThatAreNoTrouble(t *testing.T) {
	for name, o := range map[string]deliver.Outcome{
		"delivered":         {},
		"too many requests": {Result: deliver.Again, Status: 429, Reason: "HTTP 429"},
		"refused":           {Result: deliver.Dead, Status: 403, Reason: "HTTP 403"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClinic(t, newMemory())
				c.fail(4, 10*time.Second)
				h, _ := c.row()
				require.Equal(t, 4, h.Failures)
				c.does(o)
				c.fail(1, time.Second)
				require.Empty(t, c.health)
				c.fail(20, 10*time.Second)
				require.Equal(t, 25, c.attempts())
				require.Empty(t, c.health)
				c.does(deliver.Outcome{Result: deliver.Again})
				c.fail(4, 10*time.Second)
				h, _ = c.row()
				require.Equal(t, 4, h.Failures, "it is counted anew")
				require.Zero(t, h.Parks)
			})
		})
	}
}

// A worker takes over from the store who is parked, whatever it does first: after a
// restart, and beside another worker.
func TestParkedByAnotherWorker(t *testing.T) {
	for name, first := range map[string]func(c *clinic, m *memory) store.Message{
		"chunk": func(_ *clinic, m *memory) store.Message { return m.publish(time.Hour) },
		"later round": func(_ *clinic, m *memory) store.Message {
			msg := m.publish(time.Hour)
			places := make([]byte, store.ChunkSize/8)
			places[0] = 1
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.waiting, "fan-out/"+msg.ID+"/0")
			m.put(queue.NewRound(project, topicID, queue.FanOut{MessageID: msg.ID, Round: 1, Places: places}, time.Now()))
			return msg
		},
		"retry": func(c *clinic, m *memory) store.Message {
			msg := m.publish(time.Hour)
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.waiting, "fan-out/"+msg.ID+"/0")
			m.failures[msg.ID+"/"+m.subs[0].ID] = store.Failure{MessageID: msg.ID, SubscriptionID: m.subs[0].ID, Attempts: 1}
			m.failing["GetHealth"] = 1 // then it is done again
			m.put(queue.NewRetry(project, topicID, queue.Retry{MessageID: msg.ID, SubscriptionID: m.subs[0].ID, Attempt: 2}, time.Now()))
			return msg
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				one := newClinic(t, m)
				one.fail(4, time.Second)
				one.stop()
				h, _ := one.row()
				require.Equal(t, 4, h.Failures)
				h.ParkedUntil, h.Parks = time.Now().Add(time.Minute), 1
				m.health[h.ID] = h

				two := newClinic(t, m)
				two.does(deliver.Outcome{})
				msg := first(two, m)
				two.pass(59 * time.Second)
				require.Zero(t, two.attempts())
				f, _ := m.failure(msg.ID, h.ID)
				require.Equal(t, "the endpoint is parked (HTTP 503)", f.Reason)
				two.pass(13 * time.Second)
				require.Equal(t, 1, two.attempts())
				require.Empty(t, m.health)
			})
		})
	}
}

// Two workers side by side: what one learns later, the other takes over.
func TestParkedBesideAnotherWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		c := newClinic(t, m)
		c.fail(2, time.Second)
		h, _ := c.row()
		h.ParkedUntil, h.Parks, h.Reason = time.Now().Add(time.Minute), 1, "another"
		m.mu.Lock()
		m.health[h.ID] = h
		m.mu.Unlock()
		c.fail(10, time.Second)
		require.Equal(t, 2, c.attempts())
	})
}

// People are never parked: their way out is not theirs.
func TestPeopleAreNotParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Reason: "the relay is down"})
		s := m.subscribe(smn.Email, "ann@example.org")
		s.Extension.Retry = &smn.RetryPolicy{}
		m.subs[0] = s
		w := worker(t, config(m, e))
		for range 20 {
			m.publish(time.Hour)
			run(t, w, m, 10*time.Second)
		}
		require.Len(t, e.sent(), 20)
		require.Empty(t, m.health)
	})
}
