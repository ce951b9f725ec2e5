package deliver_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// However many endpoints of a topic are bad, and in whatever way: the others do not
// feel it beyond the moment in which it is found out, and the bad ones lose nothing.
func TestGoodEndpointsDoNotFeelBadOnes(t *testing.T) {
	const (
		subscribers = 100
		messages    = 40
		pace        = 20 * time.Millisecond
		heals       = 10 * time.Second
		turns       = 600 * time.Millisecond // when those turn bad that do
		found       = 400 * time.Millisecond // by when it is found out who is slow, with the fewest slots
	)
	healthy := func() deliver.Outcome {
		time.Sleep(quick)
		return deliver.Outcome{}
	}
	failing := func() deliver.Outcome { return deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"} }
	for name, c := range map[string]struct {
		bad   func(since time.Duration) deliver.Outcome // until it heals
		fails bool
		most  int // attempts under way, for each bad endpoint
	}{
		"hanging":  {func(time.Duration) deliver.Outcome { return hang() }, true, 1},
		"failing":  {func(time.Duration) deliver.Outcome { return failing() }, true, 1},
		"dawdling": {func(time.Duration) deliver.Outcome { time.Sleep(150 * time.Millisecond); return deliver.Outcome{} }, false, 16},
		"turned bad": {func(since time.Duration) deliver.Outcome {
			if since < turns {
				return healthy()
			}
			return hang()
		}, true, 16},
	} {
		for bad, slots := range map[int][]int{0: {0}, 1: {0}, 50: {0, 32}} {
			for _, slots := range slots { // 0: enough for all
				t.Run(fmt.Sprintf("%d %s, slots=%d", bad, name, slots), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						m := newMemory()
						began := time.Now()
						s := &street{bad: func(string) deliver.Outcome {
							if since := time.Since(began); since < heals {
								return c.bad(since)
							}
							return healthy()
						}}
						isBad := map[string]bool{}
						for i := range subscribers {
							if i < bad {
								isBad[m.subscribe(smn.HTTP, fmt.Sprintf("http://bad%d/bad", i)).ID] = true
							} else {
								m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/", i))
							}
						}
						cfg := streetConfig(m, s)
						cfg.Slots = slots
						w := worker(t, cfg)
						ctx, stop := context.WithCancel(t.Context())
						done := make(chan struct{})
						most := goroutines(done)
						go func() { defer close(done); _ = w.Run(ctx, m) }()
						var published []store.Message
						for range messages {
							published = append(published, m.publish(time.Hour))
							pass(pace)
						}
						pass(7*time.Second - messages*pace)
						requireNothingLost(t, m, s, published)
						left := map[string]bool{} // what was put off and never tried
						m.mu.Lock()
						for key, f := range m.failures {
							require.True(t, isBad[f.SubscriptionID])
							require.False(t, f.Dead)
							left[key] = f.Attempts == 0
						}
						m.mu.Unlock()
						require.Equal(t, c.fails && bad > 0, len(left) > 0)
						pass(3 * time.Minute)
						stop()
						<-done

						requireNothingLost(t, m, s, published)
						require.Empty(t, m.failures, "all is delivered in the end")
						require.Zero(t, m.tasks())
						at := map[string]store.Message{}
						delivered := s.delivered()
						for _, msg := range published {
							at[msg.ID] = msg
							require.Len(t, delivered[msg.ID], subscribers)
						}
						calledBack := 0
						firstEnd, answers, tries := map[string]time.Time{}, map[string]time.Time{}, map[string]int{}
						for _, v := range s.visits {
							if end, ok := firstEnd[v.message]; !v.good() && (!ok || v.ended.Before(end)) {
								firstEnd[v.message] = v.ended
							}
							if _, ok := answers[v.endpoint]; !ok && v.began.After(began.Add(heals)) {
								answers[v.endpoint] = v.ended
							}
						}
						for _, v := range s.visits {
							key := v.message + "/" + v.subscription
							tries[key]++
							if !v.good() {
								if left[key] && tries[key] == 1 && v.began.After(began.Add(heals)) {
									require.Less(t, v.began.Sub(answers[v.endpoint]), time.Second, "it is called back when its endpoint answers")
									calledBack++
								}
								continue
							}
							bound := 30 * time.Millisecond
							if since := at[v.message].AcceptedAt.Sub(began); since < found || since > turns-pace && since < turns+found && name == "turned bad" {
								bound = found // how long it takes to find out who is slow
							}
							if latency := v.began.Sub(at[v.message].AcceptedAt); bad <= 1 && latency > 0 || latency >= bound {
								require.Fail(t, "a good endpoint had to wait", "%v, at %v", latency, v.began.Sub(began))
							}
							if name == "hanging" && bad > 0 {
								require.True(t, v.began.Before(firstEnd[v.message]))
							}
							require.Equal(t, 1, tries[key])
							require.Zero(t, m.putOff[v.subscription])
						}
						require.True(t, calledBack > 0 || name != "hanging" || bad != 1, "one alone is called for; of many in a chunk the first")
						if !c.fails && slots == 0 {
							require.Zero(t, m.retries, "being slow puts nothing off")
						}
						underWay := (subscribers-bad)*2 + bad*c.most
						if bad > 1 {
							underWay += 4 * bad // when they are well, and what waited for them comes back
						}
						require.LessOrEqual(t, s.most, underWay)
						require.Less(t, most(), underWay+16*bad+3*messages+50, "16 are called back at once")
					})
				})
			}
		}
	}
}

// A host of which all endpoints hang holds up neither other hosts nor, once it is
// known, its own good endpoints.
func TestHostThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		began := time.Now()
		const heals = 20 * time.Second
		s := &street{bad: func(string) deliver.Outcome {
			if time.Since(began) < heals {
				return hang()
			}
			return deliver.Outcome{}
		}}
		for i := range 600 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/bad%d", i))
		}
		for i := range 20 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/other", i))
		}
		w := worker(t, streetConfig(m, s))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		most := goroutines(done)
		go func() { defer close(done); _ = w.Run(ctx, m) }()
		var published []store.Message
		for range 5 {
			published = append(published, m.publish(time.Hour))
			pass(200 * time.Millisecond)
		}
		pass(6 * time.Second)
		for range 5 {
			published = append(published, m.publish(time.Hour))
			pass(200 * time.Millisecond)
		}
		pass(10 * time.Minute)
		stop()
		<-done
		requireNothingLost(t, m, s, published)
		require.Empty(t, m.failures)
		at := map[string]time.Time{}
		for _, msg := range published {
			at[msg.ID] = msg.AcceptedAt
		}
		for _, v := range s.visits {
			switch latency := v.began.Sub(at[v.message]); {
			case strings.HasSuffix(v.endpoint, "/other"):
				require.Less(t, latency, 600*time.Millisecond)
			case v.good() && at[v.message].Sub(began) > 6*time.Second:
				require.Less(t, latency, 100*time.Millisecond)
			}
		}
		require.LessOrEqual(t, s.most, 512+256)
		require.Less(t, most(), 3000)
	})
}

// Phones have one way out: when that hangs, tasks of their own wait for it, and others
// do not wait behind them.
func TestTasksOfAHostThatHangsHoldUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := &street{bad: func(string) deliver.Outcome { return hang() }}
		c := config(m, nil)
		c.Senders = map[smn.Protocol]deliver.Sender{smn.HTTP: s, smn.SMS: s}
		for i := range 700 {
			m.subscribe(smn.SMS, fmt.Sprintf("+49/bad%d", i))
		}
		m.subscribe(smn.HTTP, "http://host/")
		m.move(700, project, "other")
		w := worker(t, c)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = w.Run(ctx, m) }()
		m.publish(time.Hour)
		for range 100 {
			pass(100 * time.Millisecond)
			m.publishAs(time.Hour, func(msg *store.Message) { msg.TopicID = "other" })
		}
		stop()
		<-done
		reached := 0
		for _, v := range s.visits {
			if v.good() {
				require.Less(t, v.began.Sub(m.messages[v.message].AcceptedAt), 300*time.Millisecond)
				reached++
			}
		}
		require.GreaterOrEqual(t, reached, 99)
	})
}

// When even the slow lane is full, what waits for an endpoint that hangs holds up
// others for a moment only.
func TestRetriesThatWaitHoldUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := &street{bad: func(string) deliver.Outcome { return hang() }}
		bad := m.subscribe(smn.HTTP, "http://hanging/bad")
		m.subscribe(smn.HTTP, "http://host/")
		m.move(1, project, "other")
		m.mu.Lock()
		for i := range 40 {
			msg := store.Message{ID: fmt.Sprint(i), Project: project, TopicID: topicID, ExpiresAt: time.Now().Add(time.Hour)}
			m.messages[msg.ID] = msg
			m.failures[msg.ID+"/"+bad.ID] = store.Failure{MessageID: msg.ID, SubscriptionID: bad.ID}
			m.put(queue.NewRetry(project, topicID, queue.Retry{MessageID: msg.ID, SubscriptionID: bad.ID, Attempt: 1}, time.Now()))
		}
		m.mu.Unlock()
		c := streetConfig(m, s)
		c.Slots = 8
		w := worker(t, c)
		w.SetSlowLane(0)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = w.Run(ctx, m) }()
		pass(500 * time.Millisecond)
		msg := m.publishAs(time.Hour, func(msg *store.Message) { msg.TopicID = "other" })
		pass(time.Second)
		require.Equal(t, map[string]int{m.subs[1].ID: 1}, s.delivered()[msg.ID])
		stop()
		<-done
	})
}

// What finds no place at a host that is slow comes back when there is room: it does
// not wait for a time by which nobody calls it.
func TestCrowdAtASlowHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const subscribers, messages, work = 600, 20, time.Second / 2000
		m := newMemory()
		var underWay atomic.Int64
		s := &street{bad: func(string) deliver.Outcome {
			defer underWay.Add(-1)
			time.Sleep(time.Duration(underWay.Add(1)) * work) // it can do one after the other
			return deliver.Outcome{}
		}}
		for i := range subscribers {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/bad%d", i))
		}
		w := worker(t, streetConfig(m, s))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = w.Run(ctx, m) }()
		var published []store.Message
		for range messages {
			published = append(published, m.publish(time.Hour))
		}
		pass(13 * time.Second) // before any time has come
		stop()
		<-done
		requireNothingLost(t, m, s, published)
		delivered := s.delivered()
		for _, msg := range published {
			require.Len(t, delivered[msg.ID], subscribers)
		}
		require.Len(t, s.visits, subscribers*messages)
	})
}
