package deliver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

const slowDown = "the service takes no more for now"

// laterFor puts everything off for a while, n times, and delivers then.
func laterFor(n int, after time.Duration) *endpoints {
	return &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
		if attempt <= n {
			return deliver.Outcome{Result: deliver.Later, After: after, Reason: slowDown}
		}
		return deliver.Outcome{}
	}}
}

// What a sender puts off has not been attempted: not by the count of attempts, not by
// the health of the endpoint, not by the observer.
func TestLaterIsNoAttempt(t *testing.T) {
	for _, protocol := range []smn.Protocol{smn.Email, smn.HTTPS} {
		t.Run(string(protocol), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e, counted := newMemory(), laterFor(20, 2*time.Minute), &observed{}
				s := m.subscribe(protocol, "https://host/hook")
				msg := m.publish(24 * time.Hour)
				c := config(m, e)
				c.Observer = counted
				w := worker(t, c)
				run(t, w, m, 39*time.Minute)
				require.Len(t, e.sent(), 20)
				for i := range 19 {
					require.Equal(t, 2*time.Minute, e.times[i+1].Sub(e.times[i]))
				}
				f, found := m.failure(msg.ID, s.ID)
				require.True(t, found)
				require.Zero(t, f.Attempts)
				require.False(t, f.Dead)
				require.Equal(t, slowDown, f.Reason)
				require.Equal(t, e.times[19].Add(2*time.Minute), f.Next)
				require.Empty(t, m.health)
				require.Empty(t, counted.attempts)
				run(t, w, m, 2*time.Minute)
				require.Len(t, e.sent(), 21)
				require.Len(t, m.resolved, 1)
				require.Len(t, counted.attempts, 1)
				require.Equal(t, 1, counted.attempts[0].Number)
				require.Zero(t, m.tasks())
			})
		})
	}
}

// An endpoint to which nothing was sent has not shown that it can bear more.
func TestLaterSaysNothingOfTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{}
		e.answer = func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt == 1 {
				return deliver.Outcome{Result: deliver.Later, After: time.Minute, Reason: slowDown}
			}
			time.Sleep(200 * time.Millisecond) // virtual
			return deliver.Outcome{}
		}
		m.subscribe(smn.HTTPS, "https://host/hook")
		for range 5 {
			m.publish(time.Hour)
		}
		w := worker(t, config(m, e))
		run(t, w, m, 30*time.Second)
		require.Len(t, e.sent(), 5)
		run(t, w, m, 10*time.Minute)
		require.Len(t, e.sent(), 10)
		var after []time.Duration
		for _, at := range e.times[5:] {
			after = append(after, at.Sub(e.times[5]))
		}
		const answer = 200 * time.Millisecond
		require.Equal(t, []time.Duration{0, answer, answer, 2 * answer, 2 * answer}, after, "the second follows the first answer")
	})
}

func TestLaterIsBounded(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{
		0: 15 * time.Second, -time.Second: 15 * time.Second, 1: time.Second, time.Second: time.Second, 1001 * time.Millisecond: 1001 * time.Millisecond, time.Hour: time.Hour, 3 * time.Hour: time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			m, e := newMemory(), laterFor(1, after)
			m.subscribe(smn.SMS, "+491")
			m.publish(24 * time.Hour)
			run(t, worker(t, config(m, e)), m, 2*time.Hour)
			require.Len(t, e.times, 2)
			require.Equal(t, want, e.times[1].Sub(e.times[0]))
		})
	}
}

func TestLaterThanTheTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), laterFor(9, 20*time.Minute)
		s := m.subscribe(smn.Email, "ann@example.org")
		msg := m.publish(30 * time.Minute)
		run(t, worker(t, config(m, e)), m, 2*time.Hour)
		require.Len(t, e.sent(), 2)
		f, _ := m.failure(msg.ID, s.ID)
		require.True(t, f.Dead)
		require.Zero(t, f.Attempts)
		require.Equal(t, "time to live ends first ("+slowDown+")", f.Reason)
		require.Zero(t, m.tasks())
	})
}

// The attempts that follow are counted from the first that was made.
func TestLaterThenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt%2 == 1 {
				return deliver.Outcome{Result: deliver.Later, After: time.Second, Reason: slowDown}
			}
			return deliver.Outcome{Result: deliver.Again, Reason: "busy"}
		}}
		s := m.subscribe(smn.Email, "ann@example.org")
		msg := m.publish(24 * time.Hour)
		require.NoError(t, m.Put(t.Context(), notice(queue.Subscribed, smn.Slack, "https://host/"), direct(smn.SMS, 24*time.Hour)))
		run(t, worker(t, config(m, e)), m, 2*time.Hour)
		f, _ := m.failure(msg.ID, s.ID)
		require.True(t, f.Dead)
		require.Equal(t, 7, f.Attempts)
		require.Len(t, e.sent(), 3*2*7, "of the message, of the notice and of the SMS")
		require.Zero(t, m.tasks())
	})
}

// A message that the sender puts off has counted to the quota of its recipient.
func TestLaterCountsOnceToTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, e := newCounting(), laterFor(5, 10*time.Minute)
		c.first(t, c.subscribe(smn.Email, "ann@example.org"), 1, 24*time.Hour)
		w := worker(t, quotaConfig(c, e, deliver.Quota{MailPerHour: 1, SMSPerHour: 1}))
		require.NoError(t, c.Put(t.Context(), direct(smn.SMS, 24*time.Hour)))
		run(t, w, c.memory, 51*time.Minute)
		require.Len(t, e.sent(), 12)
		require.Len(t, c.resolved, 1)
		require.Len(t, c.finished, 1)
		require.Equal(t, 2, c.calls["Admit"])
		require.Zero(t, c.tasks())
	})
}

func TestLaterForTasksThatStandAlone(t *testing.T) {
	confirmation := func() queue.Task { return notice(queue.Subscribed, smn.Email, "ann@example.org") }
	sms := func() queue.Task { return direct(smn.SMS, time.Hour) }
	for name, c := range map[string]struct {
		task   func() queue.Task
		after  time.Duration
		sent   int
		status []smn.SMSStatus
		reason string
	}{
		"notice":              {confirmation, time.Minute, 101, nil, ""},
		"notice too late":     {confirmation, time.Hour, 49, nil, ""},
		"direct SMS":          {sms, 30 * time.Second, 101, []smn.SMSStatus{smn.SMSDelivered}, ""},
		"direct SMS too late": {sms, 7 * time.Minute, 9, []smn.SMSStatus{smn.SMSFailed}, "time to live ends first (" + slowDown + ")"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newMemory(), laterFor(100, c.after)
				m.put(c.task())
				run(t, worker(t, config(m, e)), m, 72*time.Hour)
				require.Len(t, e.sent(), c.sent)
				require.Zero(t, m.tasks())
				require.Len(t, m.finished, len(c.status))
				for i, status := range c.status {
					require.Equal(t, status, m.finished[i].Status)
					require.Equal(t, c.reason, m.finished[i].Reason)
				}
			})
		})
	}
}
