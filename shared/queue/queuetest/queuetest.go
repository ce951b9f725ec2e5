// Package queuetest is the suite that every queue.Queue passes: the promises of
// its comments, sentence by sentence.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

const (
	long  = time.Minute           // a lease that does not end within a test
	short = 30 * time.Millisecond // one that does; it may be longer where a queue counts in seconds
	quiet = 60 * time.Millisecond // how long nothing must come to say that nothing comes
	soon  = 20 * time.Second      // by when something has come, on however busy a machine
)

// Run runs the suite. open gives an empty queue and closes it with the test.
func Run(t *testing.T, open func(t *testing.T) queue.Queue) { run(t, open, false) }

// RunLoose runs the suite for a loose queue, as queue.Queue has it. What such a
// queue does not promise is skipped.
func RunLoose(t *testing.T, open func(t *testing.T) queue.Queue) { run(t, open, true) }

func run(t *testing.T, open func(t *testing.T) queue.Queue, loose bool) {
	const strictly = true // for queues that are not loose
	for _, c := range []struct {
		name     string
		strictly bool
		test     func(*testing.T, queue.Queue)
	}{
		{"a task comes out as it went in", !strictly, testRoundTrip},
		{"putting a waiting task again changes nothing", strictly, testPutTwice},
		{"a task that was done can be put again", !strictly, testPutAfterAck},
		{"tasks are put all or none", !strictly, testPutNone},
		{"receive hands out at most limit", !strictly, testLimit},
		{"receive waits for a task", !strictly, testReceiveWaits},
		{"receive ends with its context", !strictly, testReceiveEnds},
		{"a leased task is hidden", !strictly, testHidden},
		{"a task is handed out again after its lease", !strictly, testLeaseEnds},
		{"a task waits until it is due", !strictly, testNotBefore},
		{"an earlier task overtakes a later one", !strictly, testOvertakes},
		{"tasks that are due closely all come in time", !strictly, testDueClosely},
		{"ack removes", !strictly, testAck},
		{"ack by a stale receipt changes nothing", strictly, testStaleAck},
		{"release hands out again", !strictly, testRelease},
		{"release by a stale receipt changes nothing", strictly, testStaleRelease},
		{"a released task is not the releaser's any more", strictly, testAckAfterRelease},
		{"many receivers share the tasks", !strictly, func(t *testing.T, q queue.Queue) { testManyReceivers(t, q, loose) }},
		{"wake makes due what waits for it", !strictly, testWake},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.strictly && loose {
				t.Skip("a loose queue does not promise this")
			}
			c.test(t, open(t))
		})
	}
}

func task() queue.Task { return queue.NewFanOut(smn.NewID(), smn.NewID(), smn.NewID(), 0) }

func put(t *testing.T, q queue.Queue, tasks ...queue.Task) {
	t.Helper()
	require.NoError(t, q.Put(t.Context(), tasks...))
}

// receive waits until there is something.
func receive(t *testing.T, q queue.Queue, limit int, lease time.Duration) []queue.Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	leases, err := q.Receive(ctx, limit, lease)
	require.NoError(t, err)
	require.NotEmpty(t, leases)
	require.LessOrEqual(t, len(leases), limit)
	return leases
}

func receiveOne(t *testing.T, q queue.Queue, lease time.Duration) queue.Lease {
	t.Helper()
	return receive(t, q, 1, lease)[0]
}

func nothing(t *testing.T, q queue.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), quiet)
	defer cancel()
	leases, err := q.Receive(ctx, 10, long)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, leases)
}

func testRoundTrip(t *testing.T, q queue.Queue) {
	due := time.Now().Add(-time.Second).UTC().Truncate(time.Millisecond)
	topic, message, subscription := smn.NewID(), smn.NewID(), smn.NewID()
	want := map[string]queue.Task{}
	for _, task := range []queue.Task{
		queue.NewFanOut("project", topic, message, 7),
		queue.NewRetry("project", topic, queue.Retry{MessageID: message, SubscriptionID: subscription, Attempt: 2, Deferred: 1}, due),
		queue.NewNotice(queue.Notice{
			MessageID: message, Kind: queue.Subscribed, TopicURN: "urn", TopicDisplay: `Ünï "quoted"`,
			Subscription: queue.NoticeRecipient{
				Project: smn.NewID(), TopicID: topic, ID: subscription, Version: 3,
				Protocol: smn.HTTPS, Endpoint: "https://example.org/?a=1&b=<2>",
			},
			Attempt: 1, IssuedAt: due,
		}, due),
		queue.NewDirect(queue.Direct{
			MessageID: message, Project: smn.NewID(), Protocol: smn.HMS.Protocol(), Endpoint: "token", Source: "urn",
			Text: "text ✓", Attempt: 2, IssuedAt: due, ExpiresAt: due.Add(time.Hour),
		}, due),
		queue.NewCleanup(queue.Cleanup{Project: smn.NewID(), TopicID: topic}, time.Time{}),
	} {
		want[task.ID] = task
		put(t, q, task)
	}
	got := map[string]queue.Task{}
	for len(got) < len(want) {
		for _, lease := range receive(t, q, 10, long) {
			require.Equal(t, 1, lease.Received)
			require.NotEmpty(t, lease.Receipt)
			got[lease.ID] = lease.Task
		}
	}
	require.Equal(t, want, got)
}

func testPutTwice(t *testing.T, q queue.Queue) {
	first := task()
	second := first
	second.Group = "changed"
	put(t, q, first, first)
	put(t, q, second)
	lease := receiveOne(t, q, long)
	require.Equal(t, first, lease.Task)
	put(t, q, second) // in someone's hands it is waiting still
	nothing(t, q)
}

func testPutAfterAck(t *testing.T, q queue.Queue) {
	task := task()
	put(t, q, task)
	require.NoError(t, q.Ack(t.Context(), receiveOne(t, q, long)))
	put(t, q, task)
	require.Equal(t, 1, receiveOne(t, q, long).Received)
}

func testPutNone(t *testing.T, q queue.Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, q.Put(ctx, task(), task()), context.Canceled)
	put(t, q) // none at all is fine
	nothing(t, q)
}

func testLimit(t *testing.T, q queue.Queue) {
	put(t, q, task(), task(), task())
	seen := map[string]bool{}
	for len(seen) < 3 {
		for _, lease := range receive(t, q, 2, long) {
			require.False(t, seen[lease.ID], "handed out twice")
			seen[lease.ID] = true
		}
	}
	nothing(t, q)
}

func testReceiveWaits(t *testing.T, q queue.Queue) {
	nothing(t, q)
	for range 20 {
		got := make(chan queue.Lease)
		go func() { got <- receiveInBackground(t, q) }()
		task := task()
		put(t, q, task)
		lease := <-got
		require.Equal(t, task, lease.Task)
		require.NoError(t, q.Ack(t.Context(), lease))
	}
}

// receiveInBackground is receive for goroutines that are not the test's own.
func receiveInBackground(t *testing.T, q queue.Queue) queue.Lease {
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	leases, err := q.Receive(ctx, 1, long)
	if err != nil || len(leases) != 1 {
		t.Errorf("received %v, %v", leases, err)
		return queue.Lease{}
	}
	return leases[0]
}

func testReceiveEnds(t *testing.T, q queue.Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := q.Receive(ctx, 1, long)
		ended <- err
	}()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	task := task()
	put(t, q, task)
	_, err := q.Receive(ctx, 1, long)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, task.ID, receiveOne(t, q, long).ID, "a call that ends takes no task with it")
}

func testHidden(t *testing.T, q queue.Queue) {
	put(t, q, task())
	receiveOne(t, q, long)
	nothing(t, q)
}

func testLeaseEnds(t *testing.T, q queue.Queue) {
	task := task()
	put(t, q, task)
	began := time.Now()
	for n := range 4 {
		lease := receiveOne(t, q, short)
		require.Equal(t, task, lease.Task)
		require.Equal(t, n+1, lease.Received)
		// No lease began before the first was asked for, and each ended before the next.
		require.GreaterOrEqual(t, time.Since(began), time.Duration(n)*short, "handed out before the lease ended")
	}
}

func testNotBefore(t *testing.T, q queue.Queue) {
	now := task()
	due := time.Now().Add(2 * quiet)
	later := task()
	later.NotBefore = due
	put(t, q, later, now)
	got := map[string]bool{}
	for range 2 { // where putting took until it was due, it may come first
		id := receiveOne(t, q, long).ID
		got[id] = true
		if id == later.ID {
			require.False(t, time.Now().Before(due.Truncate(time.Millisecond)), "handed out before it was due")
		}
	}
	require.Equal(t, map[string]bool{now.ID: true, later.ID: true}, got)
}

func testOvertakes(t *testing.T, q queue.Queue) {
	late, early := task(), task()
	late.NotBefore = time.Now().Add(time.Hour)
	put(t, q, late)
	nothing(t, q) // a receiver now knows when the late one is due
	early.NotBefore = time.Now().Add(short)
	put(t, q, early)
	require.Equal(t, early.ID, receiveOne(t, q, long).ID)
	nothing(t, q)
}

func testAck(t *testing.T, q queue.Queue) {
	put(t, q, task(), task())
	var leases []queue.Lease
	for len(leases) < 2 {
		leases = append(leases, receive(t, q, 2, short)...)
	}
	require.NoError(t, q.Ack(t.Context(), leases...))
	require.NoError(t, q.Ack(t.Context(), leases...), "again is harmless")
	require.NoError(t, q.Ack(t.Context()))
	nothing(t, q)
}

func testStaleAck(t *testing.T, q queue.Queue) {
	put(t, q, task())
	stale := receiveOne(t, q, short)
	mine := receiveOne(t, q, short)
	require.Equal(t, stale.ID, mine.ID)
	require.NotEqual(t, stale.Receipt, mine.Receipt)
	require.NoError(t, q.Ack(t.Context(), stale))
	again := receiveOne(t, q, long)
	require.Equal(t, mine.ID, again.ID)
	require.Equal(t, 3, again.Received)
}

func testRelease(t *testing.T, q queue.Queue) {
	put(t, q, task())
	lease := receiveOne(t, q, long)
	require.NoError(t, q.Release(t.Context(), lease, 0))
	lease = receiveOne(t, q, long)
	require.Equal(t, 2, lease.Received)

	began := time.Now()
	require.NoError(t, q.Release(t.Context(), lease, short))
	lease = receiveOne(t, q, long)
	require.Equal(t, 3, lease.Received)
	require.GreaterOrEqual(t, time.Since(began), short)

	require.NoError(t, q.Release(t.Context(), lease, time.Hour))
	nothing(t, q)
}

func testStaleRelease(t *testing.T, q queue.Queue) {
	put(t, q, task())
	stale := receiveOne(t, q, short)
	mine := receiveOne(t, q, long)
	require.NoError(t, q.Release(t.Context(), stale, 0))
	nothing(t, q)
	require.NoError(t, q.Ack(t.Context(), mine))
	require.NoError(t, q.Release(t.Context(), mine, 0))
	nothing(t, q)
}

func testAckAfterRelease(t *testing.T, q queue.Queue) {
	put(t, q, task())
	lease := receiveOne(t, q, long)
	require.NoError(t, q.Release(t.Context(), lease, short))
	again := receiveOne(t, q, long)
	require.NoError(t, q.Ack(t.Context(), lease))
	require.NoError(t, q.Release(t.Context(), again, 0))
	require.Equal(t, 3, receiveOne(t, q, long).Received)
}

func testManyReceivers(t *testing.T, q queue.Queue, loose bool) {
	const tasks, receivers, putters = 400, 8, 4
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	errs := make(chan error, receivers+putters)
	for range receivers {
		go func() {
			for {
				leases, err := q.Receive(ctx, 3, long)
				if errors.Is(err, context.Canceled) {
					errs <- nil
					return
				}
				if err == nil {
					err = q.Ack(ctx, leases...)
				}
				if err != nil {
					errs <- err
					return
				}
				mu.Lock()
				for _, lease := range leases {
					seen[lease.ID]++
				}
				if len(seen) == tasks {
					cancel()
				}
				mu.Unlock()
			}
		}()
	}
	for range putters {
		go func() {
			for i := range tasks / putters {
				if err := q.Put(context.Background(), task()); err != nil {
					errs <- fmt.Errorf("put %d: %w", i, err)
					return
				}
			}
			errs <- nil
		}()
	}
	for range receivers + putters {
		require.NoError(t, <-errs)
	}
	require.Len(t, seen, tasks)
	for id, n := range seen {
		if loose {
			continue
		}
		require.Equal(t, 1, n, "task %s was handed out %d times within its lease", id, n)
	}
}

// testDueClosely is what an outage of endpoints leaves: many retries that become
// due one right after the other, while others are handed out, and one a little
// later. None may be forgotten until some lease ends.
func testDueClosely(t *testing.T, q queue.Queue) {
	const tasks = 200
	first := time.Now().Add(short)
	for i := range tasks {
		retry := queue.Retry{MessageID: smn.NewID(), SubscriptionID: smn.NewID(), Attempt: 2}
		due := first.Add(time.Duration(i) * 100 * time.Microsecond)
		if i == tasks-1 {
			due = due.Add(5 * short)
		}
		put(t, q, queue.NewRetry("project", "topic", retry, due))
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon) // well before the leases end
	defer cancel()
	for got := 0; got < tasks; {
		leases, err := q.Receive(ctx, 32, long)
		require.NoError(t, err, "%d of %d tasks have come", got, tasks)
		got += len(leases)
		require.NoError(t, q.Ack(ctx, leases[:len(leases)/2]...)) // the others stay leased
	}
}

// testWake holds for queues that can find what waits; one that cannot answers 0.
func testWake(t *testing.T, q queue.Queue) {
	waiting := func(key string) queue.Task {
		task := queue.NewRetry("project", "topic", queue.Retry{MessageID: smn.NewID(), SubscriptionID: smn.NewID(), Attempt: 1}, time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond))
		task.WaitsFor = key
		return task
	}
	first, second, third, other := waiting("it"), waiting("it"), waiting("it"), waiting("other")
	put(t, q, first, second, other, third, task())
	require.NotNil(t, receiveOne(t, q, long).FanOut)
	n, err := q.Wake(t.Context(), "it", 2)
	require.NoError(t, err)
	if n == 0 {
		t.Skip("this queue cannot find what waits")
	}
	require.Equal(t, 2, n)
	got := map[string]queue.Task{}
	for len(got) < 2 {
		for _, lease := range receive(t, q, 10, long) {
			got[lease.ID] = lease.Task
		}
	}
	require.Equal(t, map[string]queue.Task{first.ID: first, second.ID: second}, got)
	nothing(t, q)
	n, err = q.Wake(t.Context(), "it", 2)
	require.NoError(t, err)
	require.Equal(t, 1, n, "what is in hand is not woken again")
	require.Equal(t, third.ID, receiveOne(t, q, long).ID)
	n, err = q.Wake(t.Context(), "nobody waits for this", 2)
	require.NoError(t, err)
	require.Zero(t, n)
}
