package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTooManyConfirmations sees the codes and texts that stand in SMN's tables.
func TestTooManyConfirmations(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	path := mine + "/topics/" + urn + "/subscriptions"
	for _, c := range []struct {
		item       string
		limit      int
		code, text string
	}{
		{`{"protocol":"email","endpoint":"a@example.com"}`, 20, "SMN.0065", "The number of email messages exceeds the limit."},
		{`{"protocol":"sms","endpoint":"+4915112345678"}`, 10, "SMN.0057", "The number of SMS messages exceeds the limit."},
		{`{"protocol":"http","endpoint":"http://127.0.0.1:1/"}`, 200, "SMN.0065", "The number of confirmation messages exceeds the limit."},
	} {
		for left := c.limit; left > 0; left -= 50 {
			n := min(left, 50)
			a := v.send(t, "POST", path, `{"subscriptions":[`+strings.Repeat(c.item+",", n-1)+c.item+`]}`)
			require.Less(t, a.status, 300, a.body)
			require.NotContains(t, a.body, `"code"`, "so many are sent")
		}
		a := v.send(t, "POST", path, c.item)
		require.Equal(t, http.StatusForbidden, a.status, a.body)
		got := a.json(t)
		require.Equal(t, c.code, got["code"])
		require.Equal(t, c.text, got["message"])
		require.Regexp(t, `may be sent at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, got["detail"])
		require.NotContains(t, got, "subscription_urn")

		a = v.send(t, "POST", path, `{"subscriptions":[`+c.item+`]}`)
		require.Equal(t, http.StatusOK, a.status, a.body)
		item := a.json(t)["subscriptions_result"].([]any)[0].(map[string]any)
		require.InDelta(t, http.StatusForbidden, item["http_code"], 0)
		require.Equal(t, c.code, item["code"])
		require.Equal(t, c.text, item["message"])
		require.NotContains(t, item, "subscription_urn")
	}
	require.InDelta(t, 3, v.send(t, "GET", path, "").json(t)["subscription_count"], 0)
}
