package deliver_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// A message of another topic, or of another project, does not wait for the thousands
// that wait before it, however many they are.
func TestOneTopicDoesNotHoldUpAnother(t *testing.T) {
	// 32 tasks of 100 attempts are being begun, 64 attempts at once: that many they wait for at most.
	const bound = 32*100*quick/64 + 50*time.Millisecond
	for _, backlog := range []int{100, 400} {
		t.Run(fmt.Sprint(backlog), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				s := &street{}
				for i := range 100 {
					m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/", i))
				}
				for i, to := range [][2]string{{project, "other"}, {"stranger", "theirs"}} {
					for j := range 20 {
						m.subscribe(smn.HTTP, fmt.Sprintf("http://host%d/%d", j, i))
						m.move(int64(100+20*i+j), to[0], to[1])
					}
				}
				c := streetConfig(m, s)
				c.Slots = 64
				w := worker(t, c)
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { defer close(done); _ = w.Run(ctx, m) }()
				var all []store.Message
				for range backlog {
					all = append(all, m.publish(time.Hour))
				}
				pass(50 * time.Millisecond)
				others := map[string]time.Time{}
				for _, to := range [][2]string{{project, "other"}, {"stranger", "theirs"}} {
					msg := m.publishAs(time.Hour, func(msg *store.Message) { msg.Project, msg.TopicID = to[0], to[1] })
					others[msg.ID] = msg.AcceptedAt
					all = append(all, msg)
				}
				pass(time.Minute)
				stop()
				<-done
				requireNothingLost(t, m, s, all)
				require.Empty(t, m.failures, "being busy puts nothing off")
				n, busy := 0, 0
				for _, v := range s.visits {
					if at, ok := others[v.message]; ok {
						n++
						require.Less(t, v.began.Sub(at), bound)
					} else if v.began.After(all[len(all)-1].AcceptedAt.Add(bound)) {
						busy++
					}
				}
				require.Equal(t, 40, n)
				require.Positive(t, busy, "the first topic was still at it")
			})
		})
	}
}
