package queue

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTurns(t *testing.T) {
	var turns Turns[string]
	for i := range 3 {
		turns.Push("p", "a", fmt.Sprint("pa", i))
	}
	turns.Push("p", "b", "pb0")
	turns.Push("q", "c", "qc0")
	turns.Push("q", "c", "qc1")
	require.Equal(t, 6, turns.Len())
	require.Equal(t, 3, turns.LenOf("p", "a"))
	require.Zero(t, turns.LenOf("p", "c"))
	require.Zero(t, turns.LenOf("r", "a"))
	var got []string
	for turns.Len() > 0 {
		v, ok := turns.Pop()
		require.True(t, ok)
		got = append(got, v)
	}
	require.Equal(t, []string{"pa0", "qc0", "pb0", "qc1", "pa1", "pa2"}, got)
	_, ok := turns.Pop()
	require.False(t, ok)
	require.Empty(t, turns.projects.of, "nothing is left of those who were served")
}

// Whatever comes and goes: each topic is first in, first out, nothing is lost, and
// nobody waits for more than one turn of each other.
func TestTurnsAreFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var turns Turns[[2]string]
		waiting := map[string][]string{} // by topic, in order
		passed := map[string]int{}       // turns of others since a topic had its own
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				topic := rapid.SampledFrom([]string{"p/a", "p/b", "q/a", "r/c"}).Draw(t, "topic")
				n++
				v := fmt.Sprint(n)
				turns.Push(topic[:1], topic[2:], [2]string{topic, v})
				if len(waiting[topic]) == 0 {
					passed[topic] = 0
				}
				waiting[topic] = append(waiting[topic], v)
			},
			"pop": func(t *rapid.T) {
				v, ok := turns.Pop()
				if !ok {
					require.Empty(t, waiting)
					return
				}
				require.Equal(t, waiting[v[0]][0], v[1])
				for topic := range waiting {
					passed[topic]++
					require.LessOrEqual(t, passed[topic], 6, "3 projects of at most 2 topics")
				}
				passed[v[0]] = 0
				if waiting[v[0]] = waiting[v[0]][1:]; len(waiting[v[0]]) == 0 {
					delete(waiting, v[0])
				}
			},
		})
	})
}
