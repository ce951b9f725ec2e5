package embedded

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// together runs f b.N times in all, from n goroutines, and reports the rate.
func together(b *testing.B, n int, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range n {
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkPutMessage(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("parallel=%d", n), func(b *testing.B) {
			db := openHeard(b, b.TempDir())
			topic := smn.NewID()
			together(b, n, func() error {
				m := store.Message{
					ID: smn.NewID(), Project: topic, TopicID: topic, TopicURN: "urn:smn:local:" + topic + ":alerts",
					Subject: "Disk", Body: "The disk of host 17 is full, please have a look at it.",
					AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
				}
				return db.PutMessage(context.Background(), m, queue.NewFanOut("project", topic, m.ID, 0))
			})
		})
	}
}

// BenchmarkQueue puts tasks, receives and acknowledges them.
func BenchmarkQueue(b *testing.B) {
	for _, batch := range []int{1, 10} {
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("batch=%d/parallel=%d", batch, n), func(b *testing.B) {
				db := openHeard(b, b.TempDir())
				together(b, n, func() error {
					tasks := make([]queue.Task, batch)
					for i := range tasks {
						tasks[i] = queue.NewFanOut("project", "topic", smn.NewID(), 0)
					}
					if err := db.Put(context.Background(), tasks...); err != nil {
						return err
					}
					leases, err := db.Receive(context.Background(), batch, time.Hour)
					if err != nil {
						return err
					}
					return db.Ack(context.Background(), leases...)
				})
				b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "tasks/s")
			})
		}
	}
}

// BenchmarkHandOver is the time from the beginning of a publish until a waiting
// receiver has its task.
func BenchmarkHandOver(b *testing.B) {
	db := openHeard(b, b.TempDir())
	got := make(chan error)
	go func() {
		for {
			leases, err := db.Receive(b.Context(), 1, time.Hour)
			if err == nil {
				err = db.Ack(b.Context(), leases...)
			}
			got <- err
			if err != nil {
				return
			}
		}
	}()
	for b.Loop() {
		m := newMessage()
		m.Body = "full"
		require.NoError(b, db.PutMessage(b.Context(), m, fanOut(m)))
		require.NoError(b, <-got)
	}
	require.NoError(b, db.Close())
	require.ErrorIs(b, <-got, ErrClosed)
}

func BenchmarkGetMessage(b *testing.B) {
	db := openHeard(b, b.TempDir())
	m := newMessage()
	require.NoError(b, db.PutMessage(b.Context(), m, fanOut(m)))
	together(b, 2, func() error {
		_, err := db.GetMessage(context.Background(), m.ID)
		return err
	})
}
