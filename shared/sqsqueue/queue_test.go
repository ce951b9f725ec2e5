package sqsqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/awsjson"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/sqsqueue"
)

// api is SQS as a test wants it; it notes what it is asked.
type api struct {
	sqsqueue.API

	failing  []map[string]string // of the batches to come: code, perhaps with words, by id; SQS is at fault but for "refused"
	err      error
	messages chan []sqsqueue.Message // what requests for messages get

	sent      [][]sqsqueue.SendEntry
	deleted   [][]sqsqueue.DeleteEntry
	received  []sqsqueue.ReceiveMessage
	visible   []sqsqueue.ChangeMessageVisibility
	visibleTo error
}

func (a *api) failures() (failed []sqsqueue.Failed) {
	if len(a.failing) == 0 {
		return nil
	}
	for id, answer := range a.failing[0] {
		code, words, _ := strings.Cut(answer, ": ")
		failed = append(failed, sqsqueue.Failed{ID: id, Code: code, Message: words, SenderFault: code != "InternalError"})
	}
	a.failing = a.failing[1:]
	return failed
}

func (a *api) SendMessageBatch(_ context.Context, in sqsqueue.SendMessageBatch) ([]sqsqueue.Failed, error) {
	a.sent = append(a.sent, in.Entries)
	return a.failures(), a.err
}

func (a *api) DeleteMessageBatch(_ context.Context, in sqsqueue.DeleteMessageBatch) ([]sqsqueue.Failed, error) {
	a.deleted = append(a.deleted, in.Entries)
	return a.failures(), a.err
}

func (a *api) ReceiveMessage(_ context.Context, in sqsqueue.ReceiveMessage) ([]sqsqueue.Message, error) {
	a.received = append(a.received, in)
	return <-a.messages, a.err
}

func (a *api) ChangeMessageVisibility(_ context.Context, in sqsqueue.ChangeMessageVisibility) error {
	a.visible = append(a.visible, in)
	return a.visibleTo
}

func task() queue.Task { return queue.NewFanOut("project", "topic", smn.NewID(), 0) }

func message(t *testing.T, task queue.Task) sqsqueue.Message {
	t.Helper()
	body, err := json.Marshal(task)
	require.NoError(t, err)
	return sqsqueue.Message{Body: string(body), ReceiptHandle: "receipt of " + task.ID, Attributes: map[string]string{"ApproximateReceiveCount": "2"}}
}

// Of a request that fails in part, what failed is sent again and nothing else.
func TestPartsThatFailAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{failing: []map[string]string{{"1": "InternalError", "2": "InternalError"}, {"2": "InternalError"}}}
		q := open(t, sqsqueue.Config{Client: a, URL: "url"})
		tasks := []queue.Task{task(), task(), task()}
		require.NoError(t, q.Put(t.Context(), tasks...))
		require.Len(t, a.sent, 3)
		require.Len(t, a.sent[0], 3)
		require.Equal(t, a.sent[0][1:], a.sent[1])
		require.Equal(t, a.sent[0][2:], a.sent[2])
		require.Contains(t, a.sent[2][0].MessageBody, tasks[2].ID)

		a.failing = []map[string]string{{"0": "InternalError"}}
		require.NoError(t, q.Ack(t.Context(), queue.Lease{Receipt: "r"}, queue.Lease{Receipt: "s"}))
		require.Len(t, a.deleted, 2)
		require.Equal(t, "r", a.deleted[1][0].ReceiptHandle)

		for range 100 {
			a.failing = append(a.failing, map[string]string{"0": "InternalError"})
		}
		require.ErrorContains(t, q.Put(t.Context(), task()), "again and again")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		a.sent = nil
		require.ErrorIs(t, q.Put(ctx, task()), context.DeadlineExceeded)
	})
}

// expired is what SQS says of a receipt that has ended.
const expired = "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."

func TestWhatSQSRefusesIsAnError(t *testing.T) {
	a := &api{failing: []map[string]string{{"0": "InvalidMessageContents"}}}
	q := open(t, sqsqueue.Config{Client: a, URL: "url"})
	require.EqualError(t, q.Put(t.Context(), task(), task()), "send 2 tasks: SQS refuses 1 of them: InvalidMessageContents")
	require.Len(t, a.sent, 1)

	a.failing = []map[string]string{{"0": "AccessDenied"}}
	require.EqualError(t, q.Ack(t.Context(), queue.Lease{}), "delete 1 tasks: SQS refuses it: AccessDenied")
	a.failing = []map[string]string{{"0": "ReceiptHandleIsInvalid"}}
	require.NoError(t, q.Ack(t.Context(), queue.Lease{}), "it is gone already")
	a.failing = []map[string]string{{"0": "InvalidParameterValue: " + expired}}
	require.NoError(t, q.Ack(t.Context(), queue.Lease{}), "it is another's by now")
	a.failing = []map[string]string{{"0": "InvalidParameterValue: Value x for parameter QueueUrl is invalid."}}
	require.EqualError(t, q.Ack(t.Context(), queue.Lease{}), "delete 1 tasks: SQS refuses it: InvalidParameterValue")

	a.err = errors.New("no way")
	require.ErrorIs(t, q.Put(t.Context(), task()), a.err)
	require.ErrorIs(t, q.Ack(t.Context(), queue.Lease{}), a.err)
}

func TestRelease(t *testing.T) {
	a := &api{}
	q := open(t, sqsqueue.Config{Client: a, URL: "url"})
	for delay, want := range map[time.Duration]int32{-time.Second: 0, 0: 0, time.Millisecond: 1, 90 * time.Second: 90, 24 * time.Hour: 42_300} {
		require.NoError(t, q.Release(t.Context(), queue.Lease{Receipt: "r"}, delay))
		require.Equal(t, want, a.visible[len(a.visible)-1].VisibilityTimeout, delay)
	}
	for _, stale := range []awsjson.Error{
		{Code: "ReceiptHandleIsInvalid"},
		{Code: "MessageNotInflight"},
		{Code: "InvalidParameterValue", Text: expired},
		{Code: "InvalidParameterValue", Text: "Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."},
	} {
		a.visibleTo = fmt.Errorf("operation: %w", &stale)
		require.NoError(t, q.Release(t.Context(), queue.Lease{}, 0))
	}
	a.visibleTo = &awsjson.Error{Code: "InvalidParameterValue", Text: "Value 99999 for parameter VisibilityTimeout is invalid."}
	require.ErrorIs(t, q.Release(t.Context(), queue.Lease{}, 0), a.visibleTo, "nothing is wrong with the receipt")
	a.visibleTo = errors.New("no way")
	require.ErrorIs(t, q.Release(t.Context(), queue.Lease{}, 0), a.visibleTo)
}

// Requests hold ten tasks at most, and no more bytes than SQS takes.
func TestRequestsFit(t *testing.T) {
	big := func(size int) queue.Task {
		d := queue.Direct{MessageID: smn.NewID(), Text: "x"}
		body, err := json.Marshal(queue.NewDirect(d, time.Time{}))
		require.NoError(t, err)
		d.Text = strings.Repeat("x", size-len(body)+1)
		return queue.NewDirect(d, time.Time{})
	}
	a := &api{}
	q := open(t, sqsqueue.Config{Client: a, URL: "url"})
	var many []queue.Task
	for range 21 {
		many = append(many, task())
	}
	require.NoError(t, q.Put(t.Context(), many...))
	require.Equal(t, []int{10, 10, 1}, sizes(a.sent))

	a.sent = nil
	require.NoError(t, q.Put(t.Context(), big(sqsqueue.MaxTask), big(sqsqueue.MaxTask/2), big(sqsqueue.MaxTask/2), task()))
	require.Equal(t, []int{1, 2, 1}, sizes(a.sent))

	a.sent = nil
	tooBig := big(sqsqueue.MaxTask + 1)
	require.EqualError(t, q.Put(t.Context(), task(), tooBig), "task "+tooBig.ID+" has 262145 bytes; the queue takes 262144")
	require.Empty(t, a.sent, "nothing was put")

	leases := make([]queue.Lease, 11)
	require.NoError(t, q.Ack(t.Context(), leases...))
	require.Equal(t, []int{10, 1}, sizes(a.deleted))
}

func sizes[E any](requests [][]E) (n []int) {
	for _, entries := range requests {
		n = append(n, len(entries))
	}
	return n
}

// SQS takes no text with these two characters.
func TestTextThatSQSRefuses(t *testing.T) {
	a := &api{}
	want := queue.NewDirect(queue.Direct{MessageID: "m", Text: "a\ufffe\uffff\x00b ✓"}, time.Time{})
	require.NoError(t, open(t, sqsqueue.Config{Client: a, URL: "url"}).Put(t.Context(), want))
	body := a.sent[0][0].MessageBody
	require.NotContains(t, body, "\ufffe")
	require.NotContains(t, body, "\uffff")
	lease, err := sqsqueue.Decode(sqsqueue.Message{Body: body, ReceiptHandle: "r", Attributes: map[string]string{"ApproximateReceiveCount": "3"}})
	require.NoError(t, err)
	require.Equal(t, queue.Lease{Task: want, Receipt: "r", Received: 3}, lease)
}

func TestDecodeWithoutACount(t *testing.T) {
	for _, count := range []string{"", "0", "many"} {
		m := message(t, task())
		m.Attributes = map[string]string{"ApproximateReceiveCount": count}
		lease, err := sqsqueue.Decode(m)
		require.NoError(t, err)
		require.Equal(t, 1, lease.Received)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, body := range []string{"", "secret", "{}", `{"id":1}`, "[]"} {
		_, err := sqsqueue.Decode(sqsqueue.Message{Body: body, ReceiptHandle: "r"})
		require.ErrorContains(t, err, "is no task")
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestFairQueuesKnowTheGroup(t *testing.T) {
	a := &api{}
	require.NoError(t, open(t, sqsqueue.Config{Client: a, URL: "url", Fair: true}).Put(t.Context(), task(), queue.Task{ID: "x"}))
	require.NoError(t, open(t, sqsqueue.Config{Client: a, URL: "url"}).Put(t.Context(), task()))
	require.Equal(t, "topic", a.sent[0][0].MessageGroupID)
	require.Empty(t, a.sent[0][1].MessageGroupID)
	require.Empty(t, a.sent[1][0].MessageGroupID)
}

// What is due after more than 15 minutes comes early, and is put again each time.
func TestLongDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{messages: make(chan []sqsqueue.Message, 2)}
		q := open(t, sqsqueue.Config{Client: a, URL: "url"})
		later := task()
		later.NotBefore = time.Now().Add(20*time.Minute + time.Millisecond)
		require.NoError(t, q.Put(t.Context(), later))
		require.Equal(t, int32(900), a.sent[0][0].DelaySeconds)

		time.Sleep(15 * time.Minute)
		now := task()
		a.messages <- []sqsqueue.Message{message(t, later), {Body: "no task"}}
		a.messages <- []sqsqueue.Message{message(t, now)}
		leases, err := q.Receive(t.Context(), 5, time.Minute)
		require.NoError(t, err)
		require.Equal(t, []queue.Lease{{Task: now, Receipt: "receipt of " + now.ID, Received: 2}}, leases)
		require.Len(t, a.sent, 2)
		require.Equal(t, int32(301), a.sent[1][0].DelaySeconds, "rounded up")
		require.Len(t, a.deleted, 1, "and only that one")
		require.Equal(t, "receipt of "+later.ID, a.deleted[0][0].ReceiptHandle)

		time.Sleep(301 * time.Second)
		a.messages <- []sqsqueue.Message{message(t, later)}
		leases, err = q.Receive(t.Context(), 5, time.Minute)
		require.NoError(t, err)
		require.Equal(t, later.ID, leases[0].ID)
	})
}

// A task that cannot be put again stays where it is.
func TestPutAgainFails(t *testing.T) {
	a := &api{messages: make(chan []sqsqueue.Message, 1), failing: []map[string]string{{"0": "AccessDenied"}, {"0": "AccessDenied"}}}
	q := open(t, sqsqueue.Config{Client: a, URL: "url"})
	later, now := task(), task()
	later.NotBefore = time.Now().Add(time.Hour)
	a.messages <- []sqsqueue.Message{message(t, later)}
	_, err := q.Receive(t.Context(), 5, time.Minute)
	require.ErrorContains(t, err, "AccessDenied")
	a.messages <- []sqsqueue.Message{message(t, later), message(t, now)}
	leases, err := q.Receive(t.Context(), 5, time.Minute)
	require.NoError(t, err)
	require.Len(t, leases, 1, "what is due does not wait for the other")
	require.Empty(t, a.deleted)
}

// What a request gets after its caller has gone is given back.
func TestReceiveGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{messages: make(chan []sqsqueue.Message)}
		q := open(t, sqsqueue.Config{Client: a, URL: "url"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := q.Receive(ctx, 20, time.Millisecond)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		late := message(t, task())
		a.messages <- []sqsqueue.Message{late}
		synctest.Wait()
		require.Len(t, a.visible, 1)
		require.Equal(t, late.ReceiptHandle, a.visible[0].ReceiptHandle)
		require.Zero(t, a.visible[0].VisibilityTimeout)
		require.Len(t, a.received, 1)
		require.Equal(t, int32(10), a.received[0].MaxNumberOfMessages)
		require.Equal(t, int32(1), a.received[0].VisibilityTimeout)
		require.Equal(t, int32(20), a.received[0].WaitTimeSeconds)
	})
}

func TestReceiveFails(t *testing.T) {
	a := &api{messages: make(chan []sqsqueue.Message, 1), err: errors.New("no way")}
	a.messages <- nil
	_, err := open(t, sqsqueue.Config{Client: a, URL: "url"}).Receive(t.Context(), 1, time.Second)
	require.ErrorIs(t, err, a.err)
}

func TestNewNeeds(t *testing.T) {
	for want, cfg := range map[string]sqsqueue.Config{"no client": {URL: "url"}, "no URL": {Client: &api{}}} {
		_, err := sqsqueue.New(cfg)
		require.ErrorContains(t, err, want)
	}
}

// A queue that is not there says so.
func TestNoSuchQueue(t *testing.T) {
	client, url := create(t)
	err := open(t, sqsqueue.Config{Client: client, URL: url + "-not"}).Put(t.Context(), task())
	require.Equal(t, "AWS.SimpleQueueService.NonExistentQueue", awsjson.CodeOf(err))
}
