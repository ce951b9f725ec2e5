package post

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// connected gives a connection whose peer says nothing.
func connected(t *testing.T) *conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dialled, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	peer, err := listener.Accept()
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	t.Cleanup(func() { _, _ = dialled.Close(), peer.Close() })
	socket, err := newSocket(dialled.(*net.TCPConn))
	require.NoError(t, err)
	return newConn(socket, socket)
}

func TestLimitMovesWhenItMust(t *testing.T) {
	s := connected(t).socket
	first := time.Now().Add(time.Hour)
	for later, moves := range map[time.Duration]bool{0: false, slack: false, slack + 1: true, -1: true} {
		s.until = time.Time{}
		require.NoError(t, s.limit(first))
		require.Equal(t, first, s.until)
		require.NoError(t, s.limit(first.Add(later)))
		require.Equal(t, moves, !s.until.Equal(first), later)
	}
}

// A deadline that has passed lets nobody look, and so nobody knows that all is quiet.
func TestQuietIsWhatWasLookedAt(t *testing.T) {
	c := connected(t)
	require.NoError(t, c.socket.limit(time.Now().Add(time.Hour)))
	require.True(t, c.isQuiet())
	require.NoError(t, c.socket.limit(time.Now().Add(-slack/2)))
	require.NoError(t, c.socket.limit(time.Now()))
	require.False(t, c.isQuiet())
	require.NoError(t, c.socket.limit(time.Now().Add(time.Hour)))
	require.True(t, c.isQuiet())
}
