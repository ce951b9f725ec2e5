package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIdempotencyKeys sees what the client library cannot send, and that bodies count
// by what they say.
func TestIdempotencyKeys(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	publish := func(body string, keys ...string) answer {
		return v.sendWith(t, "POST", mine+"/topics/"+urn+"/publish", body, http.Header{"Idempotency-Key": keys})
	}
	for _, keys := range [][]string{{""}, {" "}, {"a", "b"}, {"a", "a"}, {"\xff"}, {strings.Repeat("k", 256)}} {
		a := publish(`{"message":"m"}`, keys...)
		require.Equal(t, http.StatusBadRequest, a.status, "%q: %s", keys, a.body)
		require.Contains(t, a.body, `"code":"SMN.0072","message":"Parameter: Idempotency-Key is invalid."`)
	}
	first := publish(`{"message":"m","subject":"s","time_to_live":"60"}`, "key")
	require.Equal(t, http.StatusOK, first.status, first.body)
	again := publish(` { "time_to_live": 60, "subject": "\u0073", "message": "m", "unknown": 1 }`, " key ")
	require.Equal(t, http.StatusOK, again.status, again.body)
	require.Equal(t, first.json(t)["message_id"], again.json(t)["message_id"])
	require.NotEqual(t, first.json(t)["request_id"], again.json(t)["request_id"])
	other := publish(`{"message":"n"}`, "key")
	require.Equal(t, http.StatusConflict, other.status)
	require.Contains(t, other.body, `"code":"SMN.00409","message":"The idempotency key was used for another message."`)
	require.NotContains(t, other.body, "key\"")
}
