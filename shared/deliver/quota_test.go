package deliver_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/flow"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// counting is a memory that keeps counts as well.
type counting struct {
	*memory
	counts map[string][]flow.Count
}

func newCounting() *counting {
	return &counting{memory: newMemory(), counts: map[string][]flow.Count{}}
}

func (c *counting) Admit(_ context.Context, now time.Time, messages ...store.Admission) ([]error, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Admit"); err != nil {
		return nil, err
	}
	outcomes := make([]error, len(messages))
	for i, m := range messages {
		after, until := flow.Take(m.Limit.Windows, c.counts[m.Limit.Key], now)
		if until.IsZero() {
			c.counts[m.Limit.Key] = after
		} else {
			outcomes[i] = store.Throttled{Until: until}
		}
	}
	return outcomes, nil
}

// first are so many messages for one subscription, none of them tried yet.
func (c *counting) first(t *testing.T, s store.Subscription, n int, ttl time.Duration) []store.Message {
	t.Helper()
	messages := make([]store.Message, n)
	for i := range messages {
		m := c.publish(ttl)
		messages[i] = m
		c.mu.Lock()
		delete(c.waiting, queue.NewFanOut(project, topicID, m.ID, 0).ID)
		c.mu.Unlock()
		require.NoError(t, c.PutFailure(t.Context(), store.Failure{MessageID: m.ID, SubscriptionID: s.ID},
			queue.NewRetry(project, topicID, queue.Retry{MessageID: m.ID, SubscriptionID: s.ID, Attempt: 1}, time.Now())))
	}
	return messages
}

func quotaConfig(c *counting, e deliver.Sender, q deliver.Quota) deliver.Config {
	config := config(c.memory, e)
	config.Store, config.Quota = c, q
	return config
}

func TestQuotaOfMails(t *testing.T) {
	for _, n := range []int{4, 5, 6, 12} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, e := newCounting(), &endpoints{}
				messages := c.first(t, c.subscribe(smn.Email, "ann@example.org"), n, 24*time.Hour)
				began := time.Now()
				w := worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 5}))
				run(t, w, c.memory, 59*time.Minute)
				require.Len(t, e.sent(), min(n, 5))
				held := 0
				for _, f := range c.failures {
					require.Equal(t, "quota of the recipient is used up", f.Reason)
					require.Zero(t, f.Attempts, "waiting is no attempt")
					require.False(t, f.Dead)
					require.WithinRange(t, f.Next, began.Add(time.Hour), began.Add(66*time.Minute+time.Second))
					held++
				}
				require.Equal(t, max(n-5, 0), held)
				run(t, w, c.memory, 10*time.Hour)
				require.Len(t, e.sent(), n, "all arrive in the end")
				require.Len(t, c.resolved, n)
				require.Len(t, messages, n)
				require.Zero(t, c.tasks())
			})
		})
	}
}

func TestQuotaOutlastsTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := newCounting(), &endpoints{}
		s := c.subscribe(smn.Email, "ann@example.org")
		messages := c.first(t, s, 3, 30*time.Minute)
		run(t, worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 2})), c.memory, 2*time.Hour)
		require.Len(t, e.sent(), 2)
		dead := 0
		for _, m := range messages {
			if f, is := c.failure(m.ID, s.ID); is && f.Dead {
				require.Equal(t, "time to live ends first (quota of the recipient is used up)", f.Reason)
				require.Zero(t, f.Attempts)
				dead++
			}
		}
		require.Equal(t, 1, dead)
		require.Zero(t, c.tasks())
	})
}

// TestQuotaCountsMessages and not the attempts that one of them takes.
func TestQuotaCountsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounting()
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt < 4 {
				return deliver.Outcome{Result: deliver.Again, Reason: "busy"}
			}
			return deliver.Outcome{}
		}}
		c.first(t, c.subscribe(smn.Email, "ann@example.org"), 2, 24*time.Hour)
		run(t, worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 2})), c.memory, 50*time.Minute)
		require.Len(t, e.sent(), 8)
		require.Len(t, c.resolved, 2)
	})
}

// TestQuotaAndPlaces: what finds no place has not used up anything.
func TestQuotaAndPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := newCounting(), hanging(10*time.Second)
		s := c.subscribe(smn.Email, "ann@example.org")
		config := quotaConfig(c, e, deliver.Quota{MailPerHour: 4})
		w := worker(t, config)
		var group sync.WaitGroup
		for _, m := range c.first(t, s, 4, 24*time.Hour) {
			group.Go(func() {
				_, err := w.Handle(t.Context(), queue.NewRetry(project, topicID, queue.Retry{MessageID: m.ID, SubscriptionID: s.ID, Attempt: 1}, time.Now()))
				require.NoError(t, err)
			})
		}
		group.Wait()
		require.Len(t, e.sent(), 2)
		require.Len(t, c.failures, 2, "the others were put off")
		c.mu.Lock()
		for id, task := range c.waiting {
			if task.task.Retry.Deferred == 0 { // was handled above
				delete(c.waiting, id)
			}
		}
		c.mu.Unlock()
		run(t, w, c.memory, 50*time.Minute)
		require.Len(t, e.sent(), 4)
	})
}

func TestQuotaOfPhones(t *testing.T) {
	for name, c := range map[string]struct {
		deliver.Quota
		sent, inADay int
	}{
		"none":     {deliver.Quota{MailPerHour: 1}, 9, 9},
		"hour":     {deliver.Quota{SMSPerHour: 2}, 2, 9},
		"half day": {deliver.Quota{SMSPerHalfDay: 3}, 3, 6},
		"both":     {deliver.Quota{SMSPerHour: 2, SMSPerHalfDay: 3}, 2, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newCounting(), &endpoints{}
				sms, call := m.subscribe(smn.SMS, "+4912345"), m.subscribe(smn.Call, "4912345")
				m.first(t, sms, 5, 7*24*time.Hour)
				m.first(t, call, 4, 7*24*time.Hour)
				w := worker(t, quotaConfig(m, e, c.Quota))
				run(t, w, m.memory, time.Minute)
				require.Len(t, e.sent(), c.sent, "a phone is one, whether it is called or not")
				run(t, w, m.memory, 20*time.Hour)
				require.Len(t, e.sent(), c.inADay)
			})
		})
	}
}

func TestQuotaOfPersonsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := newCounting(), &endpoints{}
		c.first(t, c.subscribe(smn.HTTPS, "https://host/hook"), 3, time.Hour)
		w := worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 1, SMSPerHour: 1, SMSPerHalfDay: 1}))
		run(t, w, c.memory, time.Minute)
		require.Len(t, e.sent(), 3)
		for range 3 {
			require.NoError(t, c.Put(t.Context(), notice(queue.Subscribed, smn.Email, "ann@example.org")))
			run(t, w, c.memory, time.Minute)
		}
		require.Len(t, e.sent(), 6, "confirmations do not count")
		require.Empty(t, c.counts)
	})
}

func TestQuotaOfDirectSMS(t *testing.T) {
	for name, c := range map[string]struct {
		ttl    time.Duration
		status smn.SMSStatus
		reason string
	}{
		"waits":   {2 * time.Hour, smn.SMSDelivered, ""},
		"expires": {30 * time.Minute, smn.SMSFailed, "time to live ends first (quota of the recipient is used up)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newCounting(), &endpoints{}
				w := worker(t, quotaConfig(m, e, deliver.Quota{SMSPerHour: 1}))
				for i := range 2 {
					require.NoError(t, m.Put(t.Context(), direct(smn.SMS, c.ttl)))
					run(t, w, m.memory, time.Minute)
					require.Len(t, e.sent(), 1, i)
				}
				run(t, w, m.memory, 3*time.Hour)
				require.Len(t, m.finished, 2)
				require.Equal(t, c.status, m.finished[1].Status)
				require.Equal(t, c.reason, m.finished[1].Reason)
				require.Zero(t, m.tasks())
			})
		})
	}
}

// TestQuotaOutlivesAFailureOfTheStore: what could not be counted is not sent yet.
func TestQuotaOutlivesAFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := newCounting(), &endpoints{}
		w := worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 1, SMSPerHour: 1}))
		c.failing["Admit"] = 2
		s := c.subscribe(smn.Email, "ann@example.org")
		m := c.first(t, s, 1, time.Hour)[0]
		tasks := []queue.Task{
			queue.NewRetry(project, topicID, queue.Retry{MessageID: m.ID, SubscriptionID: s.ID, Attempt: 1}, time.Now()),
			direct(smn.SMS, time.Hour),
		}
		for _, task := range tasks {
			_, err := w.Handle(t.Context(), task)
			require.ErrorContains(t, err, "out of order")
		}
		require.Empty(t, e.sent())
		for _, task := range tasks {
			_, err := w.Handle(t.Context(), task)
			require.NoError(t, err)
		}
		require.Len(t, e.sent(), 2)
	})
}
