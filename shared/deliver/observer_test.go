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
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// observed notes what a worker tells.
type observed struct {
	mu       sync.Mutex
	attempts []deliver.Attempt
	chunks   []int
	givenUp  int
}

func (o *observed) Attempted(a deliver.Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempts = append(o.attempts, a)
}

func (o *observed) FannedOut(subscriptions int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks = append(o.chunks, subscriptions)
}

func (o *observed) GivenUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.givenUp++
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.subscribe(smn.Email, "a@b.c")
		m.setStatus(m.subscribe(smn.HTTPS, "https://unconfirmed").Seq, smn.Unconfirmed)
		m.publish(time.Hour)
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			time.Sleep(2 * time.Second) // virtual
			if attempt == 1 {
				return deliver.Outcome{Result: deliver.Again}
			}
			return deliver.Outcome{}
		}}
		c, seen := config(m, e), &observed{}
		c.Observer = seen
		c.Policy = deliver.Policy{Delays: []time.Duration{time.Minute}}
		run(t, worker(t, c), m, time.Hour)

		require.Equal(t, []int{1}, seen.chunks)
		require.Len(t, seen.attempts, 2)
		first := deliver.Attempt{
			Type: wire.TypeNotification, Protocol: smn.Email, Number: 1, Result: deliver.Again,
			Took: 2 * time.Second, SinceAccepted: 2 * time.Second,
		}
		require.Equal(t, first, seen.attempts[0])
		second := seen.attempts[1]
		require.InDelta(t, 64, second.SinceAccepted.Seconds(), 7, "the wait is varied by a tenth")
		second.SinceAccepted = 0
		require.Equal(t, deliver.Attempt{
			Type: wire.TypeNotification, Protocol: smn.Email, Number: 2, Result: deliver.Delivered, Took: 2 * time.Second,
		}, second)
	})
}

// Each death is told of once, wherever a delivery dies; the end of one that nobody wants
// any more is none.
func TestObserverIsToldOfEachDeath(t *testing.T) {
	refused := deliver.Outcome{Result: deliver.Dead, Reason: "HTTP 404"}
	again := deliver.Outcome{Result: deliver.Again, Reason: "HTTP 503"}
	later := deliver.Outcome{Result: deliver.Later, After: time.Hour, Reason: slowDown}
	put := func(task func() queue.Task) func(*memory) {
		return func(m *memory) { m.put(task()) }
	}
	publish := func(ttl time.Duration, protocols ...smn.Protocol) func(*memory) {
		return func(m *memory) {
			for i, p := range protocols {
				m.subscribe(p, fmt.Sprintf("https://host-%d/", i))
			}
			m.publish(ttl)
		}
	}
	for name, c := range map[string]struct {
		begin  func(*memory)
		answer deliver.Outcome
		deaths int
	}{
		"refused":                          {publish(time.Hour, smn.HTTPS, smn.HTTPS), refused, 2},
		"refused, a person":                {publish(time.Hour, smn.Email), refused, 1},
		"delivered":                        {publish(time.Hour, smn.HTTPS, smn.Email), deliver.Outcome{}, 0},
		"after all attempts":               {publish(24*time.Hour, smn.HTTPS), again, 1},
		"the next attempt comes too late":  {publish(10*time.Second, smn.HTTPS), again, 1},
		"expired before the first attempt": {publish(-time.Second, smn.HTTPS, smn.Email), deliver.Outcome{}, 2},
		"put off past its time":            {publish(time.Minute, smn.HTTPS, smn.SMS), later, 2},
		"parked past its time": {func(m *memory) {
			publish(time.Minute, smn.HTTPS)(m)
			m.health[m.subs[0].ID] = store.Health{SubscriptionKey: m.subs[0].SubscriptionKey, Failures: 5, ParkedUntil: time.Now().Add(time.Hour)}
		}, again, 1},
		"redelivered in vain": {func(m *memory) {
			id, s := m.publish(-time.Second).ID, m.subscribe(smn.HTTPS, "https://host/")
			time.AfterFunc(time.Second, func() { m.revive(id, s.ID, time.Now().Add(time.Hour)) })
		}, refused, 2},
		"refused, and not kept at once": {func(m *memory) {
			publish(time.Hour, smn.HTTPS)(m)
			m.failing["FinishChunk"] = 2
		}, refused, 1},
		"refused, a person, and not kept at once": {func(m *memory) {
			publish(time.Hour, smn.Email)(m)
			m.failing["PutFailure"] = 2
		}, refused, 1},
		"unsubscribed meanwhile": {func(m *memory) {
			publish(time.Hour, smn.HTTPS)(m)
			time.AfterFunc(time.Second, func() { m.setStatus(0, smn.Cancelled) })
		}, again, 0},
		"removed meanwhile": {func(m *memory) {
			publish(time.Hour, smn.HTTPS)(m)
			time.AfterFunc(time.Second, func() { m.remove(0) })
		}, again, 0},

		"SMS, refused":       {put(func() queue.Task { return direct(smn.SMS, time.Hour) }), refused, 1},
		"SMS, delivered":     {put(func() queue.Task { return direct(smn.SMS, time.Hour) }), deliver.Outcome{}, 0},
		"SMS, tried in vain": {put(func() queue.Task { return direct(smn.SMS, 24*time.Hour) }), again, 1},
		"SMS, put off":       {put(func() queue.Task { return direct(smn.SMS, time.Minute) }), later, 1},
		"SMS, expired":       {put(func() queue.Task { return direct(smn.SMS, -time.Second) }), deliver.Outcome{}, 1},
		"SMS, not kept at once": {func(m *memory) {
			m.failing["FinishSMS"] = 2
			m.put(direct(smn.SMS, time.Hour))
		}, refused, 1},
		"push, refused": {put(func() queue.Task { return direct(smn.HMS.Protocol(), time.Hour) }), refused, 1},

		"confirmation, refused":        {put(func() queue.Task { return notice(queue.Subscribed, smn.HTTPS, "https://host/") }), refused, 1},
		"confirmation, delivered":      {put(func() queue.Task { return notice(queue.Subscribed, smn.HTTPS, "https://host/") }), deliver.Outcome{}, 0},
		"confirmation, tried in vain":  {put(func() queue.Task { return notice(queue.Subscribed, smn.HTTPS, "https://host/") }), again, 1},
		"confirmation, always put off": {put(func() queue.Task { return notice(queue.Subscribed, smn.Email, "a@b.c") }), later, 1},
		"confirmation, expired": {put(func() queue.Task {
			task := notice(queue.Subscribed, smn.HTTPS, "https://host/")
			task.Notice.IssuedAt = task.Notice.IssuedAt.Add(-49 * time.Hour)
			return task
		}), deliver.Outcome{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e, seen := newMemory(), always(c.answer), &observed{}
				conf := config(m, e)
				conf.Senders[smn.HMS.Protocol()] = e
				conf.Observer = seen
				c.begin(m)
				run(t, worker(t, conf), m, 50*time.Hour)
				require.Zero(t, m.tasks())
				require.Equal(t, c.deaths, seen.givenUp)
			})
		})
	}
}
