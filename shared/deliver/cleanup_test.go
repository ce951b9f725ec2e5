package deliver_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
)

// untidy is a store that removes what a deleted topic has left in steps of a second.
type untidy struct {
	*memory
	left  int
	fails int
}

func (u *untidy) CleanUp(_ context.Context, of, topic string) (more bool, err error) {
	if of != project || topic != topicID {
		return false, errors.New("another topic")
	}
	if u.fails > 0 {
		u.fails--
		return true, errors.New("the table is busy")
	}
	time.Sleep(time.Second)
	u.left--
	return u.left > 0, nil
}

func TestCleanUpGoesOnUntilNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		u := &untidy{memory: m, left: 100, fails: 1}
		c := config(m, &endpoints{})
		c.Store = u
		w := worker(t, c)
		task := queue.NewCleanup(queue.Cleanup{Project: project, TopicID: topicID}, time.Time{})
		_, err := w.Handle(t.Context(), task)
		require.ErrorContains(t, err, "busy")

		began := time.Now()
		again, err := w.Handle(t.Context(), task)
		require.NoError(t, err)
		require.Equal(t, time.Second, again, "it comes again")
		require.Equal(t, 10*time.Second, time.Since(began), "well before its lease ends")
		require.Equal(t, 90, u.left)

		require.NoError(t, m.Put(t.Context(), task))
		run(t, w, m, 3*time.Minute)
		require.Zero(t, u.left)
		require.Zero(t, m.tasks())
	})
}

// A store that cleans up by itself has nothing to do with such a task.
func TestCleanUpWithoutACleaner(t *testing.T) {
	m := newMemory()
	again, err := worker(t, config(m, &endpoints{})).
		Handle(t.Context(), queue.NewCleanup(queue.Cleanup{Project: project, TopicID: topicID}, time.Time{}))
	require.NoError(t, err)
	require.Zero(t, again)
}
