package flow_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/flow"
)

var start = time.Date(2026, 11, 3, 4, 5, 6, 789_000_000, time.UTC)

// counter is a recipient whose counts are kept.
type counter struct {
	windows []flow.Window
	counts  []flow.Count
}

// take counts a message and tells until when it is refused; zero when it is not.
func (c *counter) take(now time.Time) time.Time {
	after, until := flow.Take(c.windows, c.counts, now)
	if until.IsZero() {
		c.counts = after
	}
	return until
}

func TestNothingIsBounded(t *testing.T) {
	after, until := flow.Take(nil, nil, start)
	require.Empty(t, after)
	require.Zero(t, until)
}

func TestWindowIsFixed(t *testing.T) {
	c := counter{windows: []flow.Window{{Limit: 3, Length: time.Hour}}}
	end := start.Add(time.Hour)
	require.Zero(t, c.take(start))
	require.Zero(t, c.take(end.Add(-2)))
	require.Zero(t, c.take(end.Add(-1)))
	require.Equal(t, end, c.take(end.Add(-1)), "it ends an hour after the first message, whenever the others came")
	for range 3 {
		require.Zero(t, c.take(end), "the next window opens when this one ends")
	}
	require.Equal(t, end.Add(time.Hour), c.take(end))
	require.Zero(t, c.take(end.Add(time.Hour)))
}

func TestBlockBeginsAtTheLimit(t *testing.T) {
	c := counter{windows: []flow.Window{{Limit: 2, Length: time.Hour, Block: 7 * time.Hour}}}
	require.Zero(t, c.take(start))
	second := start.Add(59 * time.Minute)
	require.Zero(t, c.take(second))
	blocked := second.Add(7 * time.Hour)
	require.Equal(t, blocked, c.take(second))
	require.Equal(t, blocked, c.take(blocked.Add(-1)), "asking does not lengthen it")
	require.Zero(t, c.take(blocked))

	short := counter{windows: []flow.Window{{Limit: 1, Length: time.Hour, Block: time.Minute}}}
	require.Zero(t, short.take(start))
	require.Equal(t, start.Add(time.Hour), short.take(start.Add(2*time.Minute)), "the window itself is not cut short")
}

func TestTheFullestWindowTells(t *testing.T) {
	c := counter{windows: []flow.Window{{Limit: 2, Length: time.Hour}, {Limit: 3, Length: 24 * time.Hour, Block: 48 * time.Hour}}}
	require.Zero(t, c.take(start))
	require.Zero(t, c.take(start))
	before := c.counts
	require.Equal(t, start.Add(time.Hour), c.take(start))
	require.Equal(t, before, c.counts, "what is refused counts in no window")
	next := start.Add(time.Hour)
	require.Zero(t, c.take(next))
	require.Equal(t, next.Add(48*time.Hour), c.take(next), "the third of the day")
	require.Equal(t, next.Add(48*time.Hour), c.take(next.Add(2*time.Hour)))
	require.Zero(t, c.take(next.Add(48*time.Hour)))
}

// Limits may change between two runs of the program.
func TestChangedWindows(t *testing.T) {
	counts := []flow.Count{{N: 5, Until: start.Add(time.Hour)}}
	_, until := flow.Take([]flow.Window{{Limit: 3, Length: time.Hour}}, counts, start)
	require.Equal(t, start.Add(time.Hour), until, "a lower limit holds at once")
	after, until := flow.Take([]flow.Window{{Limit: 6, Length: time.Hour}, {Limit: 2, Length: 2 * time.Hour}}, counts, start)
	require.Zero(t, until)
	require.Equal(t, []flow.Count{{N: 6, Until: start.Add(time.Hour)}, {N: 1, Until: start.Add(2 * time.Hour)}}, after, "a new window has counted nothing")
	_, until = flow.Take(nil, counts, start)
	require.Zero(t, until)
}

// TestTake compares with a model that remembers every message, and lets the clock
// jump either way.
func TestTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		windows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flow.Window {
			return flow.Window{
				Limit:  rapid.IntRange(1, 4).Draw(t, "limit"),
				Length: time.Duration(rapid.IntRange(1, 20).Draw(t, "length")),
				Block:  time.Duration(rapid.IntRange(0, 30).Draw(t, "block")),
			}
		}), 1, 3).Draw(t, "windows")
		back := rapid.SampledFrom([]int{0, 0, -15}).Draw(t, "how far back")
		c, m := counter{windows: windows}, make([]model, len(windows))
		now := start
		for range rapid.IntRange(1, 60).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.IntRange(back, 10).Draw(t, "step")))
			var want time.Time
			for i, w := range windows {
				if until := m[i].refuses(w, now); until.After(want) {
					want = until
				}
			}
			require.Equal(t, want, c.take(now))
			if want.IsZero() {
				for i, w := range windows {
					m[i].add(w, now)
				}
			}
		}
	})
}

// model is a window that remembers the messages that it has counted since it
// opened.
type model struct{ messages []time.Time }

// refuses says until when it refuses a message.
func (m *model) refuses(w flow.Window, now time.Time) time.Time {
	if len(m.messages) < w.Limit {
		return time.Time{}
	}
	until := m.messages[0].Add(w.Length)
	if blocked := m.messages[w.Limit-1].Add(w.Block); blocked.After(until) {
		until = blocked
	}
	if now.Before(until) {
		return until
	}
	return time.Time{}
}

func (m *model) add(w flow.Window, now time.Time) {
	full := len(m.messages) >= w.Limit // and over, else it would have been refused
	if full || len(m.messages) > 0 && !now.Before(m.messages[0].Add(w.Length)) {
		m.messages = nil
	}
	m.messages = append(m.messages, now)
}

// FuzzTake lets the clock jump as it likes: what was refused until a time stays
// refused before it, and no count leaves its bounds.
func FuzzTake(f *testing.F) {
	f.Add(uint8(2), int64(time.Hour), int64(time.Hour), []byte{0, 0, 0, 0, 0, 0, 0, 1})
	f.Add(uint8(1), int64(1), int64(0), []byte{255, 255, 255, 255, 255, 255, 255, 255, 127, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, limit uint8, length, block int64, steps []byte) {
		if limit == 0 || length <= 0 || block < 0 {
			return
		}
		c := counter{windows: []flow.Window{{Limit: int(limit), Length: time.Duration(length), Block: time.Duration(block)}}}
		now, end := start, time.Time{}
		for ; len(steps) >= 8; steps = steps[8:] {
			now = now.Add(time.Duration(binary.BigEndian.Uint64(steps))) //nolint:gosec // a jump of any size, either way
			until := c.take(now)
			count := c.counts[0]
			require.True(t, count.N >= 1 && count.N <= int(limit))
			require.False(t, count.Until.Before(end), "the end of a window never goes back")
			if !until.IsZero() {
				require.True(t, now.Before(until))
				require.Equal(t, count.Until, until)
				require.Equal(t, until, c.take(now.Add(-time.Duration(length))), "a clock set back opens nothing")
				require.Zero(t, (&counter{c.windows, c.counts}).take(until))
			}
			end = count.Until
		}
	})
}

// What is given back can be taken again, however full the windows were.
func TestGiveBack(t *testing.T) {
	now := time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)
	windows := []flow.Window{{Limit: 2, Length: time.Hour, Block: 2 * time.Hour}, {Limit: 5, Length: 24 * time.Hour}}
	var counts []flow.Count
	for range 2 {
		var until time.Time
		counts, until = flow.Take(windows, counts, now)
		require.Zero(t, until)
	}
	_, until := flow.Take(windows, counts, now)
	require.NotZero(t, until, "it is full")

	before := slices.Clone(counts)
	less := flow.GiveBack(counts, now)
	require.Equal(t, before, counts, "the counts themselves stay")
	require.Equal(t, 1, less[0].N)
	require.Equal(t, 1, less[1].N)
	again, until := flow.Take(windows, less, now)
	require.Zero(t, until)
	require.Equal(t, counts[0].N, again[0].N)

	require.Equal(t, less, flow.GiveBack(less, now.Add(48*time.Hour)), "what has ended counts nothing")
	require.Zero(t, flow.GiveBack([]flow.Count{{N: 0, Until: now.Add(time.Hour)}}, now)[0].N)
}
