package deliver

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// sendPrepared lets an attempt enter that is to be prepared, which takes so long.
func (all *errands) sendPrepared(topic, host, endpoint string, takes time.Duration) *errand {
	e := &errand{all: all, end: make(chan condition, 1)}
	e.attempt = attempt{
		aim: aim{"project", topic, target{endpoint, host}}, job: e,
		prepare: func() { time.Sleep(takes) }, // virtual
	}
	all.list = append(all.list, e)
	all.enter(&e.attempt)
	synctest.Wait()
	return e
}

// Topics take turns at being prepared, so that one with many does not keep another
// waiting.
func TestTurnsOfPreparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newErrands(t, defaultBounds)
		cores := runtime.GOMAXPROCS(0)
		for i := range 20 * cores {
			all.sendPrepared("many", "host", fmt.Sprint("many/", i), time.Second)
		}
		few := all.sendPrepared("few", "host", "few", time.Second)
		const turns = 3 // with one core, the one who is next is known before the few come
		all.pass(turns * time.Second)
		require.True(t, few.running)
		require.Len(t, all.running(), turns*cores)
	})
}

// What waits to be prepared has no place in a lane, is one of those that wait in line,
// and is put off with them.
func TestLineOfTheUnprepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.fast, b.line = 1, 3
		all := newErrands(t, b)
		cores := runtime.GOMAXPROCS(0)
		for i := range cores {
			all.sendPrepared("topic", "host", fmt.Sprint("under way ", i), time.Hour)
		}
		require.Equal(t, cores, all.preparing)
		require.Zero(t, all.inFast)
		var waiting []*errand
		for i := range b.line {
			waiting = append(waiting, all.sendPrepared("topic", "host", fmt.Sprint("waiting ", i), time.Hour))
		}
		tooMany := all.sendPrepared("topic", "host", "too many", time.Hour)
		require.Equal(t, 1, tooMany.refused)
		usual := all.send("topic", "host", "usual")
		require.True(t, usual.running, "it needs no place in the line")
		another := all.send("topic", "host", "another")
		require.Equal(t, 1, another.refused, "it does")

		all.close(false)
		synctest.Wait()
		for _, e := range waiting {
			require.Equal(t, 1, e.refused)
			require.Equal(t, 2, e.begins, "when it began to wait, and before it was refused")
		}
		late := all.sendPrepared("topic", "host", "late", time.Hour)
		require.Equal(t, 1, late.refused)
		all.open()
		usual.finish(answered)
		all.pass(time.Hour)
		require.Len(t, all.running(), 1, "what was under way goes on")
		all.finishAll(answered)
		require.Zero(t, all.preparing)
		require.Zero(t, all.inFast)
		for _, e := range all.list {
			require.Equal(t, 1, e.ran+e.refused)
		}
	})
}
