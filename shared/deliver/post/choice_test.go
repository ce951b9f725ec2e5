package post

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// played is a carrier that answers as it is told.
type played struct {
	answer  answer
	err     error
	carried int
	closed  bool
}

func (p *played) carry(context.Context, attempt) (answer, error) {
	p.carried++
	return p.answer, p.err
}

func (p *played) close() { p.closed = true }

func TestChoice(t *testing.T) {
	transport, writer := new(played), new(played)
	c := choice{transport: transport, writer: writer}
	carried := func(endpoint string) (byTransport, byWriter int) {
		to, problem := parse(endpoint)
		require.Empty(t, problem)
		transport.carried, writer.carried = 0, 0
		_, _ = c.carry(t.Context(), attempt{target: to})
		return transport.carried, writer.carried
	}
	byTransport := func(endpoint string) {
		t.Helper()
		first, second := carried(endpoint)
		require.Equal(t, 1, first)
		require.Zero(t, second)
	}
	byWriter := func(endpoint string) {
		t.Helper()
		first, second := carried(endpoint)
		require.Zero(t, first)
		require.Equal(t, 1, second)
	}
	byWriter("http://a.example/")

	transport.answer.http2 = true
	byTransport("https://a.example/")
	byTransport("https://a.example/")

	transport.err = errors.New("no answer")
	byTransport("https://b.example/1")
	transport.err, transport.answer.http2 = nil, false
	byTransport("https://b.example/1") // a failure has taught nothing
	byWriter("https://b.example/1")
	byWriter("https://b.example:443/2") // the same host
	byTransport("https://b.example:444/")

	writer.err = errors.New("no answer")
	byWriter("https://b.example/1")
	byTransport("https://b.example/1") // it may speak HTTP/2 now
	byWriter("https://b.example/1")

	c.close()
	require.True(t, transport.closed && writer.closed)
}

func TestCacheStaysSmall(t *testing.T) {
	var c cache[int]
	_, ok := c.get("a")
	require.False(t, ok)
	c.drop("a")
	for n := range 2 * maxRemembered {
		c.put(strconv.Itoa(n), n)
		c.put(strconv.Itoa(n), n)
		got, ok := c.get(strconv.Itoa(n))
		require.True(t, ok)
		require.Equal(t, n, got)
		require.LessOrEqual(t, len(c.entries), maxRemembered)
	}
	require.Len(t, c.entries, maxRemembered)
}
