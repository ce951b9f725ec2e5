package deliver_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// A retry may have an end of its own, earlier or later than that of its message.
func TestRetryWithAnEndOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		message, retry time.Duration
		attempts       int // beside the first
	}{
		"later":            {time.Minute, 30 * time.Minute, 4},
		"earlier":          {time.Hour, 12 * time.Minute, 2},
		"past":             {time.Hour, 5 * time.Minute, 0},
		"none":             {time.Hour, 0, 6},
		"none, and past":   {time.Minute, 0, 0},
		"at the last time": {time.Hour, 10 * time.Minute, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := always(deliver.Outcome{Result: deliver.Again, Status: 429}) // never parked
				s := m.subscribe(smn.HTTP, "http://host/")
				msg := m.publish(c.message)
				r := queue.Retry{MessageID: msg.ID, SubscriptionID: s.ID, Attempt: 1}
				if c.retry > 0 {
					r.Expires = time.Now().Add(c.retry)
				}
				m.waiting = map[string]*waiting{} // instead of the fan-out
				m.failures[msg.ID+"/"+s.ID] = store.Failure{MessageID: msg.ID, SubscriptionID: s.ID}
				m.mu.Lock()
				m.put(queue.NewRetry(project, topicID, r, time.Now().Add(10*time.Minute)))
				m.mu.Unlock()
				cfg := config(m, e)
				cfg.Policy.Delays = []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, time.Minute}
				run(t, worker(t, cfg), m, 3*time.Hour)
				require.Len(t, e.sent(), c.attempts)
				f, _ := m.failure(msg.ID, s.ID)
				require.True(t, f.Dead)
				require.Equal(t, c.attempts, f.Attempts)
				require.Zero(t, m.tasks())
			})
		})
	}
}

// The owner of a topic may say when failed deliveries to an endpoint are tried again.
func TestRetryPolicyOfASubscription(t *testing.T) {
	for _, protocol := range []smn.Protocol{smn.HTTP, smn.Email} {
		for _, delays := range [][]int{{}, {1}, {3, 30, 60}} {
			t.Run(fmt.Sprint(protocol, delays), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					e := always(deliver.Outcome{Result: deliver.Again, Status: 500, Reason: "HTTP 500"})
					s := m.subscribe(protocol, "http://host/")
					s.Extension.Retry = &smn.RetryPolicy{Delays: delays}
					m.subs[0] = s
					msg := m.publish(time.Hour)
					run(t, worker(t, config(m, e)), m, time.Hour)
					require.Len(t, e.times, 1+len(delays))
					for i, seconds := range delays {
						require.InEpsilon(t, float64(seconds), e.times[i+1].Sub(e.times[i]).Seconds(), 0.11)
					}
					f, _ := m.failure(msg.ID, s.ID)
					require.Equal(t, store.Failure{
						MessageID: msg.ID, SubscriptionID: s.ID, Attempts: 1 + len(delays), Dead: true, Status: 500, Reason: "HTTP 500",
					}, f)
					require.Zero(t, m.tasks())
				})
			})
		}
	}
}
