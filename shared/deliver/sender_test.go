package deliver_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/wire"
)

// What deliveries of a message have in common is written once; the body of each is what
// it would be by itself.
func TestBodyOfMany(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		links := rapid.SampledFrom([]string{"https://host/unsubscribe?subscription_urn=", `https://host/"ü"?urn=`, ""}).Draw(t, "link")
		urn := "urn:smn:local:0123456789abcdef0123456789abcdef:" + rapid.StringMatching(`[a-z]{1,9}`).Draw(t, "topic")
		ids := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching(`[0-9a-f]{32}`), rapid.String()), 1, 5).Draw(t, "ids")
		text := rapid.String().Draw(t, "text")
		shared := &deliver.Shared{}
		for _, id := range ids {
			d := deliver.Delivery{Type: wire.TypeNotification, TopicURN: urn, SubscriptionURN: urn + ":" + id, Text: text, Shared: shared}
			if links != "" {
				d.UnsubscribeURL = links + d.SubscriptionURN
			}
			begin, end, err := d.Body()
			require.NoError(t, err)
			d.Shared = nil
			whole, none, err := d.Body()
			require.NoError(t, err)
			require.Empty(t, none)
			require.Equal(t, string(whole), string(begin)+string(end))
		}
	})
}

// The usual links cost a delivery no more than what is its own.
func TestBodyOfManyIsShared(t *testing.T) {
	const urn = "urn:smn:local:0123456789abcdef0123456789abcdef:alerts"
	shared := &deliver.Shared{}
	for _, id := range []string{":1", ":2"} {
		d := deliver.Delivery{TopicURN: urn, SubscriptionURN: urn + id, UnsubscribeURL: "https://host/" + urn + id, Shared: shared}
		_, end, err := d.Body()
		require.NoError(t, err)
		require.Equal(t, id+`"}`, string(end))
	}
}
