package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/store"
)

// register is a store that knows of endpoints in trouble what it was told, or what a
// test makes it say.
type register struct {
	rows map[store.SubscriptionKey]store.Health
	puts int
}

func (r *register) PutHealth(_ context.Context, h store.Health) error {
	r.puts++
	r.rows[h.SubscriptionKey] = h
	return nil
}

func (r *register) ClearHealth(_ context.Context, key store.SubscriptionKey) error {
	delete(r.rows, key)
	return nil
}

func (r *register) GetHealth(_ context.Context, key store.SubscriptionKey) (store.Health, error) {
	if h, ok := r.rows[key]; ok {
		return h, nil
	}
	return store.Health{}, store.ErrNotFound
}

func (r *register) ListHealth(context.Context, string, string, int) (list []store.Health, err error) {
	for _, h := range r.rows {
		list = append(list, h)
	}
	return list, nil
}

func newWard() (*ward, *register) {
	r := &register{rows: map[store.SubscriptionKey]store.Health{}}
	return &ward{store: r, log: slog.New(slog.DiscardHandler), now: time.Now}, r
}

func patientOf(id string) *store.Subscription {
	return &store.Subscription{SubscriptionKey: store.SubscriptionKey{Project: "p", TopicID: "t", ID: id}}
}

var (
	bad  = Outcome{Result: Again, Status: 503, Reason: "HTTP 503"}
	fine = Outcome{}
)

// However many subscriptions in trouble are deleted and never heard of again: memory is
// bounded, and a new endpoint in trouble is parked all the same.
func TestTroublesThatAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r := newWard()
		for i := range rememberedTroubles + 10 {
			w.learn(t.Context(), patientOf(fmt.Sprint(i)), bad)
		}
		require.Len(t, w.patients, rememberedTroubles)
		require.Zero(t, r.puts, "one failure is nothing to speak of")
		late := patientOf("late")
		for range 6 {
			w.learn(t.Context(), late, bad)
			time.Sleep(10 * time.Second)
		}
		until, reason := w.parked(late.SubscriptionKey)
		require.False(t, until.IsZero())
		require.Equal(t, "HTTP 503", reason)
		require.Len(t, w.patients, rememberedTroubles)
	})
}

// What the store has said just before an endpoint got well does not make it ill again.
func TestStoreThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, r := newWard()
		s := patientOf("s")
		for range 5 {
			w.learn(t.Context(), s, bad)
			time.Sleep(10 * time.Second)
		}
		behind := r.rows[s.SubscriptionKey]
		require.False(t, behind.ParkedUntil.IsZero())
		w.learn(t.Context(), s, fine)
		require.Empty(t, r.rows)
		r.rows[s.SubscriptionKey] = behind
		time.Sleep(settled - time.Nanosecond)
		for range 2 {
			require.NoError(t, w.admit(t.Context(), "p", "t", 0))
			require.NoError(t, w.admitOne(t.Context(), s.SubscriptionKey))
			until, _ := w.parked(s.SubscriptionKey)
			require.True(t, until.IsZero())
		}
		time.Sleep(time.Nanosecond)
		require.NoError(t, w.admit(t.Context(), "p", "t", 0))
		until, _ := w.parked(s.SubscriptionKey)
		require.Equal(t, behind.ParkedUntil, until, "by now it must be another worker that says so")

		for i := range 1000 { // who got well long ago is forgotten
			other := patientOf(fmt.Sprint(i))
			w.learn(t.Context(), other, bad)
			w.learn(t.Context(), other, bad)
			w.learn(t.Context(), other, fine)
			time.Sleep(settled / 10)
		}
		require.LessOrEqual(t, len(w.recovered), 21)
	})
}
