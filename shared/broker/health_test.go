package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// TestParkedEndpoint is told as parked until the moment when it may be tried again.
func TestParkedEndpoint(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	out, err := f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{
		Protocol: smn.HTTPS, Endpoint: "https://example.com/hook",
	}})
	require.NoError(t, err)
	page, err := f.db.ListSubscriptions(t.Context(), store.SubscriptionQuery{Project: project, Limit: 1})
	require.NoError(t, err)
	key := page.Subscriptions[0].SubscriptionKey
	since := f.now.Add(-time.Minute).UTC().Truncate(time.Millisecond)
	until := f.now.Add(5 * time.Minute).UTC().Truncate(time.Millisecond)
	require.NoError(t, f.db.PutHealth(t.Context(), store.Health{
		SubscriptionKey: key, Failures: 7, Since: since, Parks: 1, ParkedUntil: until, Status: 503, Reason: "HTTP 503",
	}))
	// A write that is waited for comes behind it.
	require.NoError(t, f.db.SetRemark(t.Context(), key, "noted"))

	parked := smn.Health{Failures: 7, Since: since, ParkedUntil: until, Status: 503, Reason: "HTTP 503"}
	failing := parked
	failing.ParkedUntil = time.Time{}
	for _, c := range []struct {
		now  time.Time
		want smn.Health
	}{{until.Add(-time.Millisecond), parked}, {until, failing}, {until.Add(time.Millisecond), failing}} {
		f.now = c.now
		detail, err := f.GetSubscription(f.ctx, smn.SubscriptionInput{SubscriptionURN: out.URN})
		require.NoError(t, err)
		require.Equal(t, &c.want, detail.Health)
	}
}
