package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/wire"
)

// refusing subscribes an endpoint that answers notifications with 400 until it is
// told otherwise.
func (c terminal) refusing(topic string) (urn string, willing *atomic.Bool) {
	c.t.Helper()
	links, willing := make(chan string, 1), new(atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m wire.Push
		switch err := json.NewDecoder(r.Body).Decode(&m); {
		case err != nil, m.Type == wire.TypeNotification && !willing.Load():
			w.WriteHeader(http.StatusBadRequest)
		case m.Type == wire.TypeConfirmation:
			links <- m.SubscribeURL
		}
	}))
	c.t.Cleanup(server.Close)
	urn = c.json("subscription_urn", "subscription", "add", topic, "http", server.URL)
	resp, err := http.Get(<-links)
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	require.Equal(c.t, http.StatusOK, resp.StatusCode)
	return urn, willing
}

// shows waits until the counts of a message are as they should be.
func (c terminal) shows(topic, message string, want wire.DeliveryCounts) (report wire.MessageReportResponse) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		report = wire.MessageReportResponse{}
		require.NoError(c.t, json.Unmarshal([]byte(c.run("message", "show", topic, message, "-o", "json")), &report))
		return report.FannedOut && report.Counts == want
	}, 20*time.Second, 10*time.Millisecond)
	return report
}

func TestMessageAndDeadCommands(t *testing.T) {
	c := openTerminal(t)
	c.run("topic", "create", "alarms")
	require.Equal(t, "[]\n", c.run("message", "list", "alarms", "-o", "json"))
	urn, willing := c.refusing("alarms")
	c.subscribed("alarms", "email", "ops@example.com")

	first := c.json("message_id", "publish", "alarms", "full", "-subject", "Disk", "-idempotency-key", "disk 17")
	require.Equal(t, first, c.json("message_id", "publish", "alarms", "full", "-subject", "Disk", "-idempotency-key", "disk 17"))
	c.fails("SMN.00409 The idempotency key was used for another message: ", "publish", "alarms", "empty", "-idempotency-key", "disk 17")
	c.fails("SMN.0072 Parameter: Idempotency-Key is invalid: ", "publish", "alarms", "full", "-idempotency-key", "ü")
	second := c.json("message_id", "publish", "alarms", "full")

	require.Regexp(t, `^MESSAGE +ACCEPTED +SUBJECT\n`+second+` .*\n`+first+` .*Z +Disk\n$`, c.run("message", "list", "alarms"))
	require.NotContains(t, c.run("message", "list", "alarms", "-last", "1"), first)
	require.Contains(t, c.run("message", "list", "alarms", "-last", "0"), first)
	c.fails("must not be negative", "message", "list", "alarms", "-last=-1")
	for _, id := range []string{first, second} {
		require.Equal(t, urn, c.shows("alarms", id, wire.DeliveryCounts{Matched: 2, Delivered: 1, Dead: 1}).Failures[0].SubscriptionURN)
	}
	require.Regexp(t, `(?s)Subject +Disk\n.*Fan-out +finished\n.*Dead +1\n.*\n\nSTATE .*\ndead +1 .*400.* http +`+urn+`\n$`, c.run("message", "show", "alarms", first))
	c.fails("SMN.0045", "message", "show", "alarms", "00000000000000000000000000000000")
	c.fails("SMN.0102", "message", "show", "alarms", "x")

	require.Regexp(t, `^MESSAGE .*\n`+second+` .*400.*\n`+first+` .* http +`+urn+`\n$`, c.run("dead", "list", "alarms"))
	require.NotContains(t, c.run("dead", "list", "alarms", "-message", first, "-subscription", urn), second)
	require.Contains(t, c.run("dead", "list", "alarms", "-o", "json"), `"state": "dead"`)
	willing.Store(true)
	require.Equal(t, "Redelivered  1\n", c.run("dead", "redeliver", "alarms", "-message", first, "-subscription", urn))
	require.JSONEq(t, `{"redelivered":1}`, c.run("dead", "redeliver", "alarms", "-o", "json"))
	for _, id := range []string{first, second} {
		require.Empty(t, c.shows("alarms", id, wire.DeliveryCounts{Matched: 2, Delivered: 2}).Failures)
	}
	require.Equal(t, "[]\n", c.run("dead", "list", "alarms", "-o", "json"))
	c.fails("SMN.0045", "dead", "redeliver", "alarms", "-message", first, "-subscription", urn)
}

// TestMarkedAll reads lists of every length.
func TestMarkedAll(t *testing.T) {
	for _, total := range []int{0, 1, 99, 100, 101, 200, 250} {
		page := func(marker string, limit int) ([]string, error) {
			var items []string
			for n := len(marker) + 1; n <= total && len(items) < limit; n++ {
				items = append(items, string(make([]byte, n)))
			}
			return items, nil
		}
		for _, most := range []int{0, 1, 100, 101, 300} {
			items, err := markedAll(most, page, func(s string) string { return s })
			require.NoError(t, err)
			want := total
			if most > 0 {
				want = min(total, most)
			}
			require.Len(t, items, want, "%d of %d", most, total)
			for i, item := range items {
				require.Len(t, item, i+1)
			}
		}
	}
}
