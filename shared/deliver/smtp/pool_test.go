package smtp

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	protocol "github.com/wneessen/go-mail/smtp"
)

// pipe is a connection to a peer that says yes to everything, and the lines that
// it hears.
func pipe(t *testing.T) (*connection, <-chan string) {
	near, far := net.Pipe()
	raw := &bounded{Conn: near, left: maxHeard}
	heard := make(chan string, 9)
	go func() {
		defer close(heard)
		_, _ = io.WriteString(far, "220 ready\r\n")
		for in := bufio.NewScanner(far); in.Scan(); {
			heard <- in.Text()
			code := "250"
			if in.Text() == "QUIT" {
				code = "221"
			}
			_, _ = io.WriteString(far, code+" fine\r\n")
		}
	}()
	client, err := protocol.NewClient(raw, "pipe")
	require.NoError(t, err)
	require.NoError(t, client.Hello("here"))
	require.Equal(t, "EHLO here", <-heard)
	return &connection{raw: raw, client: client}, heard
}

func TestAConnectionWaitsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		c, heard := pipe(t)
		for range 3 {
			p.keep(c)
			time.Sleep(keepIdle - 1)
			require.Same(t, c, p.take(), "it is used again")
			time.Sleep(time.Hour)
			require.Nil(t, p.take())
		}
		p.keep(c)
		time.Sleep(keepIdle)
		require.Equal(t, "QUIT", <-heard)
		_, open := <-heard
		require.False(t, open)
		require.Nil(t, p.take())
	})
}

func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1)
		require.True(t, p.enter(t.Context()))
		began := time.Now()
		require.False(t, p.enter(t.Context()))
		require.Equal(t, patience, time.Since(began))
		time.AfterFunc(time.Second, p.leave)
		require.True(t, p.enter(t.Context()))
	})
}
