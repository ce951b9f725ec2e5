package deliver

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// errand is a job that takes as long as the test wants.
type errand struct {
	attempt
	all *errands
	end chan condition // ends it

	ran, refused, begins int
	at                   time.Time // when it was run or refused
	running              bool
}

func (e *errand) run() condition {
	e.all.note(func() { e.ran++; e.running, e.at = true, time.Now() })
	how := <-e.end
	e.all.note(func() { e.running = false })
	return how
}

func (e *errand) refuse() {
	e.all.note(func() { e.refused++; e.at = time.Now() })
	e.all.putOff(e.all.toAwait(e.target))
}

func (e *errand) begun() { e.all.note(func() { e.begins++ }) }

// errands are all attempts that a test lets enter.
type errands struct {
	*lanes

	noting sync.Mutex
	list   []*errand
	wakes  []string
	woken  []int // answers to those who call back, then 0
}

// pass lets virtual time pass, and all that is due by then happen. What the test has
// read was before that.
func (all *errands) pass(d time.Duration) {
	all.note(func() {})
	all.mu.Lock()
	all.mu.Unlock() //nolint:staticcheck // see above
	time.Sleep(d)
	synctest.Wait()
}

// newErrands must be called in a bubble; with the test all attempts end.
func newErrands(t interface{ Cleanup(func()) }, b bounds) *errands {
	all := &errands{}
	t.Cleanup(func() { all.finishAll(answered) })
	all.lanes = newLanes(b, func(to target, _ int) (n int) {
		all.note(func() {
			all.wakes = append(all.wakes, cmp.Or(to.endpoint, to.host))
			if len(all.woken) > 0 {
				n, all.woken = all.woken[0], all.woken[1:]
			}
		})
		return n
	})
	return all
}

func (all *errands) note(f func()) {
	all.noting.Lock()
	defer all.noting.Unlock()
	f()
}

// send lets an attempt enter, and all that follows happen.
func (all *errands) send(topic, host, endpoint string) *errand {
	e := &errand{all: all, end: make(chan condition, 1)}
	e.attempt = attempt{aim: aim{"project", topic, target{endpoint, host}}, job: e}
	all.list = append(all.list, e)
	all.enter(&e.attempt)
	synctest.Wait()
	return e
}

func (e *errand) finish(how condition) {
	e.end <- how
	synctest.Wait()
}

func (all *errands) running() (list []*errand) {
	all.note(func() {
		for _, e := range all.list {
			if e.running {
				list = append(list, e)
			}
		}
	})
	return list
}

// finishAll ends what is under way until nothing is left.
func (all *errands) finishAll(how condition) {
	for {
		for _, e := range all.running() {
			e.finish(how)
		}
		if len(all.running()) == 0 {
			all.pass(2 * patience)
			if len(all.running()) == 0 {
				return
			}
		}
	}
}

// requireBounds checks what must be so at any moment at which nothing moves.
func (all *errands) requireBounds(t require.TestingT) {
	l := all.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	require.LessOrEqual(t, l.inFast, l.fast)
	require.LessOrEqual(t, l.inSlow, l.slow)
	inFast := 0
	for p := l.first; p != nil; p = p.next {
		inFast++
	}
	require.Equal(t, l.inFast, inFast)
	require.Equal(t, inFast > 0, l.empty != nil, "someone looks after it")
	backlogs, busy := 0, map[string]int{}
	for name, e := range l.endpoints {
		require.LessOrEqual(t, e.busy, l.bounds.endpoint)
		require.LessOrEqual(t, e.limit, l.bounds.endpoint)
		require.Positive(t, e.limit)
		if len(e.backlog) > 0 {
			require.Positive(t, e.busy, "someone will call what waits for an endpoint")
		}
		backlogs += len(e.backlog)
		busy[name.host] += e.busy
	}
	for name, h := range l.hosts {
		require.LessOrEqual(t, h.slow, l.bounds.host+l.fast)
		require.LessOrEqual(t, h.slow, h.busy)
		require.True(t, h.busy > 0 || h.putOff || h.waking, "else nobody needs to know it")
		require.Equal(t, busy[name], h.busy)
		backlogs += len(h.backlog)
	}
	require.Equal(t, backlogs, l.inBacklogs)
	require.LessOrEqual(t, l.waiting.Len(), l.line)
	require.True(t, l.waiting.Len() == 0 || l.inFast == l.fast, "nobody waits while there is a place")
}

// requireDone checks that each attempt was either run or refused, once, and that
// nothing is left of them.
func (all *errands) requireDone(t require.TestingT) {
	for i, e := range all.list {
		require.Equal(t, 1, e.ran+e.refused, "attempt %d: run %d times, refused %d times", i, e.ran, e.refused)
		require.Positive(t, e.begins)
	}
	l := all.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Zero(t, l.inFast)
	require.Zero(t, l.inSlow)
	require.Zero(t, l.inBacklogs)
	require.Zero(t, l.waiting.Len())
	for _, h := range l.hosts {
		require.True(t, h.isIdle() && h.putOff && !h.waking, "what is put off while all is closed is not called back")
	}
	for _, e := range l.endpoints {
		require.Zero(t, e.busy)
		require.False(t, e.waking)
	}
}

var small = bounds{
	fast: 3, slow: 3, line: 4, endpoint: 4, host: 4, hostSlow: 2, backlog: 2, hostBacklog: 3, backlogs: 5, remembered: 8, calledAtOnce: 1,
}

// Whatever comes, takes long and fails: no bound is passed, nothing is run twice or
// forgotten, and the counters come back to nothing.
func TestLanesKeepTheirBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) { // of a *testing.T it would ask what a bubble forbids
			all := newErrands(t, small)
			all.woken = rapid.SliceOfN(rapid.IntRange(0, 1), 0, 20).Draw(t, "woken")
			t.Repeat(map[string]func(*rapid.T){
				"": func(t *rapid.T) { all.requireBounds(t) },
				"enter": func(t *rapid.T) {
					host := rapid.SampledFrom([]string{"a", "a", "b", ""}).Draw(t, "host")
					endpoint := host + rapid.StringMatching(`[1-4]`).Draw(t, "endpoint")
					all.send(rapid.StringMatching(`[xy]`).Draw(t, "topic"), host, endpoint)
				},
				"finish": func(t *rapid.T) {
					if running := all.running(); len(running) > 0 {
						e := rapid.SampledFrom(running).Draw(t, "attempt")
						e.finish(rapid.SampledFrom([]condition{answered, answered, failed, untried}).Draw(t, "how"))
					}
				},
				"pass": func(t *rapid.T) {
					all.pass(time.Duration(rapid.SampledFrom([]int{1, 30, 130, 600, 1100}).Draw(t, "ms")) * time.Millisecond)
				},
				"close": func(r *rapid.T) { all.close(rapid.Bool().Draw(r, "at once")); synctest.Wait() },
				"open":  func(*rapid.T) { all.open() },
			})
			all.finishAll(rapid.SampledFrom([]condition{answered, failed}).Draw(t, "at last"))
			all.requireBounds(t)
			all.requireDone(t)
		})
	})
}

func TestLimitOfAnEndpointFollowsFromHowItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newErrands(t, defaultBounds)
		under := func() int { return len(all.running()) }
		for range 40 {
			all.send("x", "h", "e")
		}
		for _, want := range []int{1, 2, 4, 8, 16, 16} { // one quick answer doubles it
			require.Equal(t, want, under())
			all.running()[0].finish(answered)
		}
		all.finishAll(answered)
		all.requireDone(t)

		one := all.send("x", "h", "e")
		for range 15 {
			all.send("x", "h", "e")
		}
		require.Equal(t, 16, under())
		one.finish(failed)
		all.send("x", "h", "e")
		require.Equal(t, 15, under(), "not one more until all others have ended")
		all.finishAll(failed)
		all.requireDone(t)
		require.Equal(t, 1, all.list[len(all.list)-1].refused, "it failed, so what waited is put off")
	})
}

func TestSlowLaneThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.fast, b.slow = 4, 6
		all := newErrands(t, b)
		for i := range 10 { // six of them move over
			all.send("x", "", fmt.Sprint(i))
			all.pass(slowAfter + watchEvery)
		}
		require.Len(t, all.running(), 10)
		late, other := all.send("x", "", "late"), all.send("y", "", "other")
		all.pass(2 * patience)
		require.Zero(t, late.ran+late.refused+other.ran+other.refused, "they wait for their turn")
		for _, next := range []*errand{late, other} {
			all.list[0].finish(answered) // one of the slow lane makes room there, and so in the fast lane
			all.list = append(all.list[1:], all.list[0])
			all.pass(watchEvery)
			require.Equal(t, 1, next.ran)
		}
		all.requireBounds(t)
		all.finishAll(answered)
		all.requireDone(t)
	})
}

func TestBacklogsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.backlogs = 40
		all := newErrands(t, b)
		for endpoint := range 4 {
			all.send("x", "", fmt.Sprint(endpoint))
		}
		all.pass(slowAfter + watchEvery) // now they are known to be slow
		refused := map[int]int{}
		for i := range 80 {
			refused[i%4] += all.send("x", "", fmt.Sprint(i%4)).refused
		}
		require.Equal(t, 40, all.inBacklogs, "in all")
		require.Equal(t, map[int]int{0: 10, 1: 10, 2: 10, 3: 10}, refused)
		all.list[0].finish(answered)
		for range 30 {
			all.send("x", "", "0")
		}
		require.LessOrEqual(t, len(all.endpoints[target{endpoint: "0"}].backlog), b.backlog, "for one endpoint")
		all.finishAll(answered)
		all.requireDone(t)
	})
}

// Endpoints of one host that hang leave room there for those that do not, also for
// what had to wait behind them.
func TestSlowEndpointsOfAHostLeaveRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.host, b.hostSlow, b.hostBacklog = 8, 4, 2
		all := newErrands(t, b)
		for i := range 8 { // nobody knows yet that they are slow
			all.send("x", "h", fmt.Sprint("slow", i))
		}
		require.Len(t, all.running(), 8)
		all.pass(slowAfter + watchEvery)
		early := all.send("x", "h", "early")
		require.Zero(t, early.ran+early.refused)
		require.Equal(t, 1, early.begins, "that host is slow: nobody should wait for it")
		elsewhere := all.send("x", "other", "elsewhere")
		require.Equal(t, 1, elsewhere.ran)
		all.list[0].finish(answered)
		require.Equal(t, 1, early.ran)
		all.finishAll(failed)

		var slow []*errand
		for i := range 7 {
			slow = append(slow, all.send("x", "h", fmt.Sprint("slow", i)))
		}
		require.Len(t, all.running(), 4)
		require.Equal(t, 1, slow[6].refused, "two may wait")
		for i := range 5 {
			require.Equal(t, 1, all.send("x", "h", fmt.Sprint("quick", i)).ran, "it does not wait behind those that are slow")
		}
		require.Zero(t, slow[4].ran)
		all.requireBounds(t)
		slow[0].finish(answered)
		require.Equal(t, 1, slow[4].ran)
		all.finishAll(answered)
		all.requireDone(t)
	})
}

func TestEndpointsAreForgotten(t *testing.T) {
	for name, how := range map[string]condition{"well": answered, "troubled": failed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := defaultBounds
				b.remembered = 100
				all := newErrands(t, b)
				var hanging []*errand
				for range 10 {
					hanging = append(hanging, all.send("x", "h", "hanging"))
				}
				slow := all.send("x", "h", "slow")
				all.pass(slowAfter + watchEvery)
				slow.finish(answered)
				for i := range 1000 {
					all.send("x", "h", fmt.Sprint(i)).finish(how)
					require.LessOrEqual(t, len(all.endpoints), 100)
				}
				require.Equal(t, how == answered, all.endpoints[target{"slow", "h"}] != nil, "those in trouble are forgotten last")
				require.Equal(t, 1, all.endpoints[target{"hanging", "h"}].busy, "what is under way is not forgotten")
				require.Len(t, all.endpoints[target{"hanging", "h"}].backlog, 9)
				for _, e := range hanging {
					e.finish(answered)
				}
				all.requireDone(t)
			})
		})
	}
}

func TestClosedLanesLetNothingWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.fast = 2
		all := newErrands(t, b)
		first, second := all.send("x", "h", "a"), all.send("x", "h", "b")
		atEndpoint, inLine := all.send("x", "h", "a"), all.send("x", "h", "c")
		require.Zero(t, atEndpoint.refused+inLine.refused)
		all.close(false)
		require.Equal(t, 1, atEndpoint.refused)
		require.Equal(t, 1, inLine.refused)
		require.Equal(t, 1, all.send("x", "h", "a").refused)
		require.Equal(t, 1, all.send("x", "other", "d").refused)
		first.finish(answered)
		require.Equal(t, 1, all.send("x", "other", "d").ran, "what finds a place is made")
		require.Empty(t, all.wakes, "nobody is called back any more")
		all.finishAll(answered)
		all.open()
		third := all.send("x", "h", "a")
		require.Equal(t, 1, third.ran)
		third.finish(answered)
		require.Equal(t, []string{"a"}, all.wakes)
		require.Equal(t, 1, second.ran)
		all.finishAll(answered)
		all.requireDone(t)
	})
}

// What was put off is called back once its endpoint answers, as often as there was
// something, and not before it answers.
func TestWhatWasPutOffIsCalledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.backlog = 0
		all := newErrands(t, b)
		all.woken = []int{16, 3}
		one := all.send("x", "", "e")
		all.pass(slowAfter + watchEvery)
		require.Equal(t, 1, all.send("x", "", "e").refused)
		one.finish(failed)
		require.Empty(t, all.wakes)
		for want := 1; want <= 3; want++ {
			all.send("x", "", "e").finish(untried)
			require.Len(t, all.wakes, want-1)
			all.send("x", "", "e").finish(answered)
			require.Len(t, all.wakes, want)
		}
		all.send("x", "", "e").finish(answered)
		require.Len(t, all.wakes, 3, "the last time there was nothing")
	})
}

// What is written down only after its endpoint has become free is called back, too:
// nothing that ends there would do it.
func TestPutOffAfterTheLastHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newErrands(t, defaultBounds)
		e := all.send("x", "h", "e")
		e.finish(answered)
		all.putOff(all.toAwait(e.target))
		synctest.Wait()
		require.Equal(t, []string{"e"}, all.wakes)
		all.send("x", "h", "e").finish(failed)
		all.putOff(all.toAwait(e.target))
		all.putOff(awaited{target{endpoint: "parked"}, true})
		synctest.Wait()
		require.Len(t, all.wakes, 1, "those have to answer first")
		all.send("x", "h", "e").finish(answered)
		all.send("x", "", "parked").finish(answered)
		require.Equal(t, []string{"e", "e", "parked"}, all.wakes)
		all.requireDone(t)
	})
}

// What finds a host full waits for the host: its own endpoint may be one where nothing
// is under way, and so nothing can end.
func TestPutOffAtAFullHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.host, b.hostSlow, b.hostBacklog = 4, 4, 0
		all := newErrands(t, b)
		all.woken = []int{4, 1}
		var slow []*errand
		for i := range 4 {
			slow = append(slow, all.send("x", "h", fmt.Sprint("slow", i)))
		}
		all.pass(slowAfter + watchEvery)
		for i := range b.host {
			require.Zero(t, all.send("x", "h", fmt.Sprint(i)).refused)
		}
		late := all.send("x", "h", "late")
		require.Equal(t, 1, late.refused)
		require.Equal(t, target{host: "h"}, all.toAwait(late.target).target)
		slow[0].finish(failed)
		require.Empty(t, all.wakes)
		slow[1].finish(failed)
		require.Equal(t, []string{"h"}, all.wakes, "half of it is free")
		slow[2].finish(failed)
		require.Len(t, all.wakes, 2)
		slow[3].finish(failed)
		require.Len(t, all.wakes, 3, "the last time there was nothing")
		all.finishAll(answered)
		all.requireDone(t)
	})
}

// An attempt that is put off while others are called back is not overlooked.
func TestPutOffWhileOthersAreCalledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newErrands(t, defaultBounds)
		e := target{endpoint: "e"}
		calls := 0
		all.wake = func(target, int) int {
			if calls++; calls == 1 {
				all.putOff(awaited{target: e})
			}
			return 0
		}
		all.putOff(awaited{target: e})
		synctest.Wait()
		require.Equal(t, 2, calls)
		all.send("x", "", "e").finish(answered)
		require.Equal(t, 2, calls)
	})
}

// The next one may need no place in the fast lane: then the one after it gets that.
func TestPlaceThatTheNextLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.fast = 2
		all := newErrands(t, b)
		all.send("t", "x", "x").finish(answered) // now it may have two at once
		failing, other := all.send("t", "x", "x"), all.send("t", "z", "z")
		next, last := all.send("t", "x", "x"), all.send("t", "y", "y")
		require.True(t, other.running)
		require.False(t, next.running)
		require.False(t, last.running)
		failing.finish(failed)
		require.True(t, next.running, "in the slow lane")
		require.True(t, last.running)
	})
}

// Topics take turns for the fast lane, however much of one waits.
func TestFastLaneIsSharedByTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := defaultBounds
		b.fast = 2
		all := newErrands(t, b)
		var other *errand
		for i := range 20 {
			if i == 15 {
				other = all.send("y", "", "other")
			}
			all.send("x", "", fmt.Sprint(i))
		}
		for range 2 {
			require.Zero(t, other.ran)
			all.running()[0].finish(answered)
		}
		require.Equal(t, 1, other.ran, "its turn comes before most of those that came earlier")
		all.finishAll(answered)
		all.requireDone(t)
	})
}
