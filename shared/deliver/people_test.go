package deliver_test

import (
	"context"
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

// A chunk sends nothing to people: it writes down a task for each.
func TestPeopleHaveTasksOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		people := []smn.Protocol{smn.Email, smn.SMS, smn.Call}
		for _, protocol := range append(people, smn.HTTP) {
			m.subscribe(protocol, "to "+string(protocol))
		}
		msg := m.publish(time.Hour)
		w := worker(t, config(m, e))
		_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
		require.NoError(t, err)
		require.Len(t, e.sent(), 1)
		require.Equal(t, smn.HTTP, e.sent()[0].Protocol)
		require.Equal(t, 4, m.chunks[store.ChunkKey{MessageID: msg.ID}].matched)
		for i := range people {
			f, ok := m.failure(msg.ID, m.subs[int64(i)].ID)
			require.True(t, ok)
			require.Equal(t, store.Failure{MessageID: msg.ID, SubscriptionID: m.subs[int64(i)].ID, Next: time.Now()}, f)
		}
		run(t, w, m, time.Second)
		require.Len(t, e.sent(), 4)
		require.Empty(t, m.failures)
		require.ElementsMatch(t, people, m.resolved, "each by itself")
		require.Zero(t, m.tasks())
	})
}

// Killed after sending and before that is kept: that one is sent again, the others
// are not.
func TestKilledBetweenSendingToAPersonAndKeepingThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		for i := range 20 {
			m.subscribe(smn.Email, fmt.Sprintf("%d@example.org", i))
		}
		m.publish(time.Hour)
		m.failing["ResolveFailure"] = 1
		m.failing["Ack"] = 3 // and nothing of it is acknowledged
		run(t, worker(t, config(m, e)), m, 3*deliver.Lease)
		times := map[string]int{}
		twice := 0
		for _, d := range e.sent() {
			if times[d.Endpoint]++; times[d.Endpoint] == 2 {
				twice++
			}
		}
		require.Len(t, times, 20)
		require.Len(t, e.sent(), 21)
		require.Equal(t, 1, twice)
		require.Empty(t, m.failures)
		require.Zero(t, m.tasks())
	})
}

// A retry that comes once more finds what became of it and does nothing.
func TestRetryThatComesTwice(t *testing.T) {
	for name, c := range map[string]struct {
		second deliver.Outcome // of the attempt that the task is for
		left   int             // attempts in the row, 0 for none
	}{
		"delivered":               {deliver.Outcome{}, 0},
		"dead":                    {deliver.Outcome{Result: deliver.Dead, Status: 410}, 2},
		"about to be tried again": {deliver.Outcome{Result: deliver.Again, Status: 503}, 2},
	} {
		for _, protocol := range []smn.Protocol{smn.HTTP, smn.Email} {
			t.Run(name+" "+string(protocol), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
						if attempt == 1 {
							return deliver.Outcome{Result: deliver.Again}
						}
						return c.second
					}}
					s := m.subscribe(protocol, "http://host/")
					msg := m.publish(time.Hour)
					w := worker(t, config(m, e))
					run(t, w, m, time.Second)
					task := queue.NewRetry(project, topicID, queue.Retry{MessageID: msg.ID, SubscriptionID: s.ID, Attempt: 2}, time.Now())
					for range 3 {
						_, err := w.Handle(t.Context(), task)
						require.NoError(t, err)
						require.Len(t, e.sent(), 2)
						f, ok := m.failure(msg.ID, s.ID)
						require.Equal(t, c.left > 0, ok)
						require.Equal(t, c.left, f.Attempts)
					}
				})
			})
		}
	}
}
