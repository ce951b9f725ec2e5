package deliver_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// observed notes what a worker tells.
type observed struct {
	mu       sync.Mutex
	attempts []deliver.Attempt
	chunks   []int
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
