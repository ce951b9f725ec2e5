package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

func TestRunFinishesWhatItHasInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(4*time.Second)
		m.subscribe(smn.HTTP, "http://host/")
		m.publish(time.Hour)
		w := worker(t, config(m, e))
		ctx, stop := context.WithCancel(t.Context())
		began := time.Now()
		go func() {
			time.Sleep(time.Second)
			m.publish(time.Hour) // may come too late, and then waits
			stop()
		}()
		require.NoError(t, w.Run(ctx, m))
		require.LessOrEqual(t, time.Since(began), 6*time.Second)
		require.Len(t, e.sent(), 1)
		require.Equal(t, 1, m.tasks(), "the other has not come out of the queue, or is put off")
	})
}

// What has no attempt under way when the time is over begins none; a Run that is ended
// by hand lets it begin.
func TestRunBeginsNothingAfterItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		m.loadTime = 3 * time.Second
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(time.Hour)
		w := worker(t, config(m, e))
		run(t, w, m, 2*time.Second)
		require.Empty(t, e.sent())
		f, found := m.failure(msg.ID, s.ID)
		require.True(t, found, "it is put off")
		require.Zero(t, f.Attempts)
		require.False(t, f.Dead)
		require.Equal(t, 1, m.tasks())
		run(t, w, m, time.Minute)
		require.Len(t, e.sent(), 1)

		m.publish(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, stop)
		require.NoError(t, w.Run(ctx, m))
		require.Len(t, e.sent(), 2, "nobody is in a hurry")
	})
}

func TestRunDoesManyTasksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(40*time.Millisecond)
		m.subscribe(smn.HTTP, "http://host/")
		for range 100 {
			m.publish(time.Hour)
		}
		m.ackTime = 50 * time.Millisecond
		run(t, worker(t, config(m, e)), m, time.Second)
		require.Len(t, e.sent(), 100)
		require.Equal(t, 16, e.most, "at one endpoint")
		require.Zero(t, m.tasks())
		require.Less(t, m.calls["Ack"], 10, "what gathers during one acknowledgement is the next")
	})
}

func TestRunBacksOffFromAFailingQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m, e := newMemory(), &endpoints{}
		m.failing["Receive"] = 1 << 30
		c := config(m, e)
		c.Log = slog.New(slog.NewTextHandler(&out, nil))
		w := worker(t, c)
		run(t, w, m, time.Minute)
		require.Greater(t, m.calls["Receive"], 10)
		require.Less(t, m.calls["Receive"], 25)
		require.Contains(t, out.String(), "receive tasks")

		m.failing["Receive"] = 3
		m.subscribe(smn.HTTP, "http://host/")
		m.publish(time.Hour)
		run(t, w, m, time.Minute)
		require.Len(t, e.sent(), 1)
		require.Zero(t, m.tasks())
	})
}

// emptyQueue answers at once with nothing, against its contract.
type emptyQueue struct {
	*memory
	asked int
}

func (q *emptyQueue) Receive(context.Context, int, time.Duration) ([]queue.Lease, error) {
	q.asked++
	return nil, nil
}

func TestRunDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &emptyQueue{memory: newMemory()}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		require.NoError(t, worker(t, config(q.memory, &endpoints{})).Run(ctx, q))
		require.Less(t, q.asked, 25)
	})
}

func TestRunTriesToAcknowledgeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		m.subscribe(smn.HTTP, "http://host/")
		m.publish(time.Hour)
		m.failing["Ack"] = 2
		w := worker(t, config(m, e))
		run(t, w, m, time.Minute)
		require.Len(t, e.sent(), 1)
		require.Zero(t, m.tasks())

		m.publish(time.Hour)
		m.failing["Ack"] = 3
		run(t, w, m, 2*deliver.Lease)
		require.Len(t, e.sent(), 2, "the task came again, found its chunk done and was acknowledged")
		require.Zero(t, m.tasks())
	})
}

func TestRunSurvivesAFailingRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		m.subscribe(smn.HTTP, "http://host/")
		m.publish(time.Hour)
		m.failing["GetMessage"] = 1
		m.failing["Release"] = 1
		run(t, worker(t, config(m, e)), m, 2*deliver.Lease)
		require.Len(t, e.sent(), 1)
		require.Zero(t, m.tasks())
	})
}

func BenchmarkFanOut(b *testing.B) {
	for _, subscribers := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(subscribers), func(b *testing.B) {
			m := newMemory()
			for i := range subscribers {
				m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
			}
			nothing := senderFunc(func(context.Context, deliver.Delivery) deliver.Outcome { return deliver.Outcome{} })
			w := worker(b, config(m, nothing))
			b.ReportAllocs()
			for b.Loop() {
				msg := m.publish(time.Hour)
				for chunk := 0; chunk*256 < subscribers; chunk++ {
					if _, err := w.Handle(b.Context(), queue.NewFanOut(project, topicID, msg.ID, chunk)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.N*subscribers)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

type senderFunc func(context.Context, deliver.Delivery) deliver.Outcome

func (f senderFunc) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome { return f(ctx, d) }
