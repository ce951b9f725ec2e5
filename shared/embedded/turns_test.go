package embedded

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
)

// putMany puts n tasks of a topic.
func putMany(t *testing.T, db *DB, project, topic string, n int, due time.Time) {
	t.Helper()
	tasks := make([]queue.Task, n)
	for i := range tasks {
		tasks[i] = queue.NewFanOut(project, topic, fmt.Sprint(project, "/", topic, "/", i), 0)
		tasks[i].NotBefore = due
	}
	require.NoError(t, db.Put(t.Context(), tasks...))
}

// receiveTopics receives in batches and tells of which batch the last task of each
// project and topic was.
func receiveTopics(t *testing.T, db *DB, batches int) (last map[[2]string]int, n map[[2]string]int) {
	t.Helper()
	last, n = map[[2]string]int{}, map[[2]string]int{}
	for batch := 1; batch <= batches; batch++ {
		leases, err := db.Receive(t.Context(), 16, time.Hour)
		require.NoError(t, err)
		for _, l := range leases {
			last[[2]string{l.Project, l.Group}] = batch
			n[[2]string{l.Project, l.Group}]++
		}
		require.NoError(t, db.Ack(t.Context(), leases...))
	}
	return last, n
}

// What waits of one topic holds up no other, in memory, beyond what fits there, and
// after a restart.
func TestTopicsTakeTurns(t *testing.T) {
	other, stranger := [2]string{"p", "other"}, [2]string{"q", "theirs"}
	for name, c := range map[string]struct {
		crowds  int // topics with many tasks
		reopen  bool
		batches int // by when both others have got their turn
	}{
		"in memory":          {1, false, 2},
		"more than is fresh": {4, false, 8}, // there is no room in memory for the others
		"after a restart":    {1, true, 8},
		"many and a restart": {4, true, 8},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir())
			for i := range c.crowds {
				putMany(t, db, "p", fmt.Sprint("crowd", i), maxReadyTopic+200, time.Time{})
			}
			for _, to := range [][2]string{other, stranger} {
				putMany(t, db, to[0], to[1], 3, time.Time{})
			}
			if c.reopen {
				require.NoError(t, db.Close())
				db = open(t, db.dir)
			}
			last, n := receiveTopics(t, db, c.batches)
			require.Equal(t, 3, n[other], "by batch %d", last[other])
			require.Equal(t, 3, n[stranger], "by batch %d", last[stranger])
		})
	}
}

// Topics whose tasks are all due later cost the others a turn, and no more.
func TestTopicsWithNothingDue(t *testing.T) {
	db := open(t, t.TempDir())
	const topics = 100
	for i := range topics {
		putMany(t, db, "p", fmt.Sprint("later", i), 1, time.Now().Add(time.Hour))
	}
	putMany(t, db, "p", "crowd", 1500, time.Time{})
	putMany(t, db, "p", "other", 3, time.Time{})
	require.NoError(t, db.Close())
	db = open(t, db.dir)
	_, n := receiveTopics(t, db, 3*(topics/topicsInTurn+2))
	require.Equal(t, 3, n[[2]string{"p", "other"}])
}

// What comes fresh all the time does not hold up what waits in the store.
func TestFreshTasksDoNotHoldUpOlderOnes(t *testing.T) {
	db := open(t, t.TempDir())
	putMany(t, db, "p", "older", 20, time.Time{})
	require.NoError(t, db.Close())
	db = open(t, db.dir)
	n := 0
	for batch := range 5 {
		putMany(t, db, "p", fmt.Sprint("fresh", batch), 32, time.Time{})
		_, got := receiveTopics(t, db, 1)
		n += got[[2]string{"p", "older"}]
	}
	require.Equal(t, 20, n)
}

// Every task comes out once, from wherever it waits, while others are put.
func TestEachTaskComesOnce(t *testing.T) {
	db := open(t, t.TempDir())
	const topics, each = 6, 900
	go func() {
		for topic := range topics {
			for i := range each / 100 {
				tasks := make([]queue.Task, 100)
				for j := range tasks {
					tasks[j] = queue.NewFanOut("p", fmt.Sprint(topic), fmt.Sprint(topic, "/", i, "/", j), 0)
				}
				if err := db.Put(context.Background(), tasks...); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	times := map[string]int{}
	for len(times) < topics*each {
		leases, err := db.Receive(t.Context(), 16, time.Hour)
		require.NoError(t, err)
		for _, l := range leases {
			times[l.ID]++
			require.Equal(t, 1, times[l.ID])
			require.Equal(t, 1, l.Received)
		}
		require.NoError(t, db.Ack(t.Context(), leases...))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := db.Receive(ctx, 16, time.Hour)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return db.tasks.Load() == 0 }, 10*time.Second, time.Millisecond)
}
