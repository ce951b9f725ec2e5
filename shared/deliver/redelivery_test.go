package deliver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// revive puts the task of a redelivery into the queue, as a store does.
func (m *memory) revive(messageID, subscriptionID string, expires time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.failures[messageID+"/"+subscriptionID]
	f.Dead, f.Attempts = false, 0
	m.failures[messageID+"/"+subscriptionID] = f
	m.put(queue.NewRetry(project, topicID, queue.Retry{
		MessageID: messageID, SubscriptionID: subscriptionID, Attempt: 1, Expires: expires,
	}, time.Now()))
}

// TestRedelivery: a message whose time to live has passed long ago is attempted by the
// whole policy, until the time of the redelivery ends.
func TestRedelivery(t *testing.T) {
	for name, c := range map[string]struct {
		within   time.Duration // of the redelivery
		attempts int
		reason   string
	}{
		"the whole policy": {time.Hour, 7, "HTTP 503"},
		"until it ends":    {40 * time.Second, 3, "time to live ends first (HTTP 503)"},
		"too late":         {-time.Second, 0, "time to live has passed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := always(deliver.Outcome{Result: deliver.Dead, Reason: "HTTP 400"})
				s := m.subscribe(smn.HTTP, "http://host/")
				msg := m.publish(time.Minute)
				w := worker(t, config(m, e))
				run(t, w, m, 24*time.Hour)
				f, _ := m.failure(msg.ID, s.ID)
				require.True(t, f.Dead)

				e = always(deliver.Outcome{Result: deliver.Again, Reason: "HTTP 503"})
				m.revive(msg.ID, s.ID, time.Now().Add(c.within))
				run(t, worker(t, config(m, e)), m, 2*time.Hour)
				require.Len(t, e.sent(), c.attempts)
				f, _ = m.failure(msg.ID, s.ID)
				require.True(t, f.Dead)
				require.Equal(t, c.attempts, f.Attempts)
				require.Equal(t, c.reason, f.Reason)
				require.Zero(t, m.tasks())
			})
		})
	}
}
