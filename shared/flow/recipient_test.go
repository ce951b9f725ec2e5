package flow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/flow"
	"tocsin/shared/smn"
)

// The numbers are those of SMN's documents.
func TestConfirmations(t *testing.T) {
	const day = 24 * time.Hour
	mail := []flow.Window{{Limit: 20, Length: time.Hour, Block: time.Hour}, {Limit: 40, Length: 2 * day, Block: 7 * day}}
	phone := []flow.Window{{Limit: 10, Length: time.Hour, Block: time.Hour}, {Limit: 20, Length: 2 * day, Block: 7 * day}}
	web := []flow.Window{{Limit: 200, Length: 10 * time.Minute}}
	for p, want := range map[smn.Protocol][]flow.Window{
		smn.Email: mail, smn.SMS: phone, smn.Call: phone, smn.HTTP: web, smn.HTTPS: web,
		smn.DingDing: web, smn.Feishu: web, smn.WeChat: web, smn.WeLink: web, smn.Slack: web, smn.Teams: web,
	} {
		limit := flow.Confirmations(p, "x")
		require.Equal(t, want, limit.Windows, p)
		require.Regexp(t, `^[0-9a-f]{32}$`, limit.Key)
	}
	for _, p := range []smn.Protocol{smn.FunctionStage, smn.FunctionGraph} {
		require.Zero(t, flow.Confirmations(p, "x"), "functions are not asked")
	}
}

func TestRecipients(t *testing.T) {
	of := func(p smn.Protocol, endpoint string) string { return flow.Confirmations(p, endpoint).Key }
	require.Equal(t, of(smn.Email, "ops@example.com"), of(smn.Email, "Ops@Example.COM"))
	require.Equal(t, of(smn.SMS, "+4915112345678"), of(smn.Call, "4915112345678"))
	require.Equal(t, of(smn.Slack, "https://example.com/hook"), of(smn.HTTPS, "https://example.com/hook"))

	windows := []flow.Window{{Limit: 1, Length: time.Hour}}
	limit := flow.Notifications(smn.Email, "ops@example.com", windows)
	require.Equal(t, windows, limit.Windows)
	require.Zero(t, flow.Notifications(smn.Email, "ops@example.com", nil))
	different := map[string]bool{
		limit.Key:                             true, // what is counted belongs to the key
		of(smn.Email, "ops@example.com"):      true,
		of(smn.Email, "dev@example.com"):      true,
		of(smn.SMS, "112"):                    true,
		of(smn.HTTP, "http://example.com/a"):  true,
		of(smn.HTTP, "http://example.com/A"):  true,
		of(smn.HTTP, "http://example.com/a?"): true,
	}
	require.Len(t, different, 7)
}
