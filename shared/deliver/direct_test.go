package deliver_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func direct(p smn.Protocol, ttl time.Duration) queue.Task {
	now := time.Now()
	return queue.NewDirect(queue.Direct{
		MessageID: noticeID, Project: project, Protocol: p, Endpoint: "endpoint", Source: "urn",
		Text: "text", Attempt: 1, IssuedAt: now, ExpiresAt: now.Add(ttl),
	}, time.Time{})
}

func TestDirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		task := direct(smn.SMS, time.Hour)
		require.NoError(t, m.Put(t.Context(), task))
		run(t, worker(t, config(m, e)), m, time.Second)
		require.Equal(t, []deliver.Delivery{{
			Type: "Notification", MessageID: noticeID, SubscriptionURN: "urn", Protocol: smn.SMS, Endpoint: "endpoint",
			Text: "text", Timestamp: task.Direct.IssuedAt,
		}}, e.sent())
		require.Equal(t, []store.SMS{{ID: noticeID, Status: smn.SMSDelivered, FinishedAt: task.Direct.IssuedAt}}, m.finished)
		require.Zero(t, m.tasks())
	})
}

func TestDirectIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt < 3 {
				return deliver.Outcome{Result: deliver.Again, Reason: "busy"}
			}
			return deliver.Outcome{}
		}}
		require.NoError(t, m.Put(t.Context(), direct(smn.SMS, time.Hour)))
		run(t, worker(t, config(m, e)), m, time.Hour)
		require.Len(t, e.sent(), 3)
		require.Len(t, m.finished, 1)
		require.Equal(t, smn.SMSDelivered, m.finished[0].Status)
	})
}

func TestDirectIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		answer   deliver.Outcome
		ttl      time.Duration
		attempts int
		reason   string
	}{
		"refused":        {deliver.Outcome{Result: deliver.Dead, Reason: "no such number"}, time.Hour, 1, "no such number"},
		"too often":      {deliver.Outcome{Result: deliver.Again, Reason: "busy"}, time.Hour, 7, "busy"},
		"expires first":  {deliver.Outcome{Result: deliver.Again, Reason: "busy"}, 10 * time.Second, 2, "busy"},
		"expired before": {deliver.Outcome{}, -time.Second, 0, "time to live has passed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newMemory(), always(c.answer)
				require.NoError(t, m.Put(t.Context(), direct(smn.SMS, c.ttl)))
				run(t, worker(t, config(m, e)), m, 2*time.Hour)
				require.Len(t, e.sent(), c.attempts)
				require.Len(t, m.finished, 1)
				require.Equal(t, smn.SMSFailed, m.finished[0].Status)
				require.Equal(t, c.reason, m.finished[0].Reason)
				require.Zero(t, m.tasks())
			})
		})
	}
}

func TestDirectPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		c := config(m, e)
		c.Senders[smn.HMS.Protocol()] = e
		require.NoError(t, m.Put(t.Context(), direct(smn.HMS.Protocol(), time.Hour)))
		run(t, worker(t, c), m, time.Second)
		require.Len(t, e.sent(), 1)
		require.Empty(t, m.finished, "nothing reports on push messages")
	})
}

func TestDirectOutlivesAFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		m.failing["FinishSMS"] = 1
		require.NoError(t, m.Put(t.Context(), direct(smn.SMS, time.Hour)))
		run(t, worker(t, config(m, e)), m, 10*time.Minute)
		require.Len(t, m.finished, 1)
		require.Zero(t, m.tasks())
	})
}

// TestPeopleAreServedOneByOne sees that mails and SMS are tasks of their own, which
// are told of when they are delivered.
func TestPeopleAreServedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		late := m.subscribe(smn.SMS, "+491")
		m.subscribe(smn.SMS, "+492")
		m.subscribe(smn.SMS, "+493")
		m.setStatus(2, smn.Unconfirmed)
		m.subscribe(smn.Email, "ann@example.org")
		e := &endpoints{answer: func(_ context.Context, d deliver.Delivery, attempt int) deliver.Outcome {
			if d.Endpoint == late.Endpoint && attempt == 1 {
				return deliver.Outcome{Result: deliver.Again}
			}
			return deliver.Outcome{}
		}}
		msg := m.publish(time.Hour)
		run(t, worker(t, config(m, e)), m, time.Minute)
		require.Equal(t, chunkRow{done: true, matched: 3}, m.chunks[store.ChunkKey{MessageID: msg.ID}])
		slices.Sort(m.resolved)
		require.Equal(t, []smn.Protocol{smn.Email, smn.SMS, smn.SMS}, m.resolved)
	})
}
