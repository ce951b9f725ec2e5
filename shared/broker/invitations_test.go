package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// TestFlowOfConfirmations goes through the days of a mail address that never
// confirms: 20 in an hour, 40 in two days, then none for a week.
func TestFlowOfConfirmations(t *testing.T) {
	f := open(t, nil)
	in := smn.SubscribeInput{TopicURN: f.topic(t), NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}}
	begun := f.now.AddDate(0, -1, 0) // tasks are due by the clock of the queue
	ask := func(at time.Duration) error {
		t.Helper()
		f.now = begun.Add(at)
		_, err := f.Subscribe(f.ctx, in)
		return err
	}
	asked := func(n int) {
		t.Helper()
		tasks := f.waiting(t)
		require.Len(t, tasks, n)
		for _, task := range tasks {
			require.Equal(t, queue.Subscribed, task.Notice.Kind)
		}
	}
	for range 20 {
		require.NoError(t, ask(10*time.Minute))
	}
	const rest = 10*time.Minute + time.Hour
	for _, at := range []time.Duration{10 * time.Minute, time.Hour, rest - time.Microsecond} {
		err := ask(at)
		require.Equal(t, smn.TooManyMails, smn.CodeOf(err))
		require.ErrorContains(t, err, begun.Add(rest).UTC().Add(time.Second).Format(time.RFC3339), "it says when to come back")
	}
	asked(20)
	for range 20 {
		require.NoError(t, ask(rest))
	}
	const week = rest + 7*24*time.Hour
	for _, at := range []time.Duration{rest, rest + 2*time.Hour, 3 * 24 * time.Hour, 0, week - time.Microsecond} {
		require.Equal(t, smn.TooManyMails, smn.CodeOf(ask(at)), at)
	}
	asked(20)
	require.NoError(t, ask(week))
	asked(1)
}
