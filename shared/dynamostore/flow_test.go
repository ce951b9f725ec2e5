package dynamostore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/flow"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func hourly(limit int) flow.Limit {
	return flow.Limit{Key: smn.NewID(), Windows: []flow.Window{{Limit: limit, Length: time.Hour}}}
}

// Counts are written with that which they count, or not at all.
func TestTally(t *testing.T) {
	db, _ := open(t)
	ctx, now := t.Context(), time.Now()
	one, two := hourly(1), hourly(2)
	read := func() *tally {
		tally, err := db.tally(ctx, one, two, flow.Limit{}, one)
		require.NoError(t, err)
		return tally
	}
	first, late := read(), read()
	require.Empty(t, first.writes(), "nothing was counted")
	for _, tally := range []*tally{first, late} {
		require.NoError(t, tally.take(flow.Limit{}, now))
		require.NoError(t, tally.take(two, now))
		require.NoError(t, tally.take(one, now))
		require.Equal(t, store.Throttled{Until: now.Add(time.Hour)}, tally.take(one, now))
		require.Len(t, tally.writes(), 2)
	}
	require.NoError(t, db.transact(ctx, append(first.writes(), put(key{"P", "1"}, nil))...))
	require.ErrorIs(t, db.transact(ctx, append(late.writes(), put(key{"P", "2"}, nil))...), errCondition)

	again := read()
	require.Error(t, again.take(one, now))
	require.NoError(t, again.take(two, now))
	require.Error(t, again.take(two, now))
	require.Len(t, again.writes(), 1, "what is refused is not written")
	w := again.writes()[0]
	for range 2 { // the second time because the answer was lost
		_, err := db.write(ctx, w)
		require.NoError(t, err)
	}

	require.Empty(t, forget(flow.Limit{}))
	require.NoError(t, db.transact(ctx, forget(one)...))
	anew := read()
	require.NoError(t, anew.take(one, now))
	require.Error(t, anew.take(two, now))
}

// Counts that have ended go away by themselves, and until then they are in nobody's
// way.
func TestCountsExpire(t *testing.T) {
	db, _ := open(t)
	now := time.Now()
	db.now = func() time.Time { return now }
	limit := hourly(1)
	admit := func() error {
		outcomes, err := db.Admit(t.Context(), now, store.Admission{Limit: limit})
		require.NoError(t, err)
		return outcomes[0]
	}
	require.NoError(t, admit())
	require.Error(t, admit())
	now = now.Add(time.Hour + time.Second)
	_, found, err := db.get(t.Context(), flowKey(limit.Key))
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, admit())
	require.Error(t, admit())
}

// Recipients are counted in any number by one call.
func TestAdmitMany(t *testing.T) {
	db, _ := open(t)
	one := hourly(120)
	messages := make([]store.Admission, 250)
	for i := range messages {
		messages[i].Limit = one
		if i%2 == 0 {
			messages[i].Limit = hourly(1)
		}
	}
	outcomes, err := db.Admit(t.Context(), time.Now(), messages...)
	require.NoError(t, err)
	require.Len(t, outcomes, 250)
	for i, outcome := range outcomes {
		require.Equal(t, i%2 == 1 && i >= 240, outcome != nil, i)
	}
}

func TestCostsOfFlow(t *testing.T) {
	db, _ := open(t)
	one, two := store.Admission{Limit: hourly(9)}, store.Admission{Limit: hourly(9)}
	for range 3 {
		r, w := cost(t, db, func() {
			_, err := db.Admit(t.Context(), time.Now(), one, one)
			require.NoError(t, err)
		})
		require.Equal(t, []float64{1, 1}, []float64{r, w})
	}
	r, w := cost(t, db, func() {
		_, err := db.Admit(t.Context(), time.Now(), one, two)
		require.NoError(t, err)
	})
	require.Equal(t, []float64{2, 4}, []float64{r, w})
}
