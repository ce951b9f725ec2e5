package post

import (
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func waitingAt(address string) *conn {
	c := &conn{socket: &socket{TCPConn: new(net.TCPConn)}}
	c.place = place{address: address}
	return c
}

func TestLastInFirstOut(t *testing.T) {
	p := pool{perPlace: 4, inAll: 4, patience: time.Minute}
	defer p.close()
	first, second, other := waitingAt("a"), waitingAt("a"), waitingAt("b")
	for _, c := range []*conn{first, second, other} {
		p.put(c)
	}
	require.Same(t, second, p.take(place{address: "a"}))
	require.Same(t, first, p.take(place{address: "a"}))
	require.Nil(t, p.take(place{address: "a"}))
	require.Nil(t, p.take(place{address: "b", secure: true}), "another place")
	require.Same(t, other, p.take(place{address: "b"}))
	require.Nil(t, p.oldest)
	require.Nil(t, p.newest)
}

func TestBounds(t *testing.T) {
	p := pool{perPlace: 2, inAll: 3, patience: time.Minute}
	defer p.close()
	var kept []*conn
	for _, address := range []string{"a", "a", "a", "b", "c"} {
		c := waitingAt(address)
		kept = append(kept, c)
		p.put(c)
	}
	// The first made room at its place, the second for all.
	require.Equal(t, 3, p.count)
	require.Same(t, kept[2], p.take(place{address: "a"}))
	require.Nil(t, p.take(place{address: "a"}))
	require.Same(t, kept[4], p.take(place{address: "c"}))
	require.Same(t, kept[3], p.take(place{address: "b"}))
	require.Zero(t, p.count)
}

// Places that are called once leave nothing behind.
func TestManyPlaces(t *testing.T) {
	p := pool{perPlace: 2, inAll: 3, patience: time.Minute}
	defer p.close()
	for i := range 100 {
		p.put(waitingAt(strconv.Itoa(i)))
	}
	require.Len(t, p.stacks, 3)
}

func TestWaitingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool{perPlace: 4, inAll: 4, patience: time.Minute}
		early, late := waitingAt("a"), waitingAt("a")
		count := func() int { p.mu.Lock(); defer p.mu.Unlock(); return p.count }
		runs := func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.timer != nil }
		p.put(early)
		time.Sleep(40 * time.Second)
		p.put(late)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, count(), "the first has waited for a minute")
		require.Same(t, late, p.take(place{address: "a"}))
		p.put(late)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		require.Equal(t, 1, count(), "it was used in between")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, count())
		require.False(t, runs(), "nothing runs for nothing")
		require.Empty(t, p.stacks)
		p.put(early)
		require.True(t, runs())
		p.close()
		require.Zero(t, count())
		p.put(late)
		require.Zero(t, count(), "it is closed")
		p.close()
	})
}
