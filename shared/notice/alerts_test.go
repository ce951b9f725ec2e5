package notice_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/notice"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

var update = flag.Bool("update", false, "write the golden texts anew; read them before you keep them")

const topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:alerts"

// message is what a webhook's body becomes.
func message(t testing.TB, body []byte) (smn.PublishInput, error) {
	t.Helper()
	var req wire.AlertsRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return smn.PublishInput{}, err
	}
	n, err := notice.FromAlerts(req, body)
	if err != nil {
		return smn.PublishInput{}, err
	}
	in := n.Input(topicURN)
	require.NoError(t, validation.Check(in), "the service would refuse it")
	return in, nil
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	require.NoError(t, err)
	return string(text)
}

// spelt shows a message as its readers get it.
func spelt(t testing.TB, in smn.PublishInput) string {
	t.Helper()
	texts, err := wire.ParseStructure(in.Structure)
	require.NoError(t, err)
	require.Equal(t, texts[smn.HTTP], texts[smn.HTTPS])
	require.LessOrEqual(t, len(texts[smn.SMS].Value), notice.MaxSMS)
	var program bytes.Buffer
	require.NoError(t, json.Indent(&program, []byte(texts[smn.HTTP].Value), "", "  "))
	return fmt.Sprintf("subject: %s\n\n=== sms\n%s\n\n=== mail\n%s\n=== http\n%s\n",
		in.Subject, texts[smn.SMS].Value, texts[smn.DefaultVariant].Value, program.String())
}

var groups = []string{"alertmanager", "alertmanager-resolved", "grafana"}

// TestAlertTexts compares what is made of groups with what a person has read and
// found good. The groups have the fields of the documents of Alertmanager
// (webhook_config) and Grafana (webhook notifier).
func TestAlertTexts(t *testing.T) {
	for _, name := range groups {
		t.Run(name, func(t *testing.T) {
			in, err := message(t, []byte(read(t, name)))
			require.NoError(t, err)
			file, got := filepath.Join("testdata", name+".txt"), spelt(t, in)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// TestAlertKeys: a group is new when an alert comes, goes or changes its state.
func TestAlertKeys(t *testing.T) {
	group := read(t, "alertmanager")
	key := func(body string) string {
		in, err := message(t, []byte(body))
		require.NoError(t, err)
		require.True(t, smn.IsIdempotencyKey(in.IdempotencyKey))
		return in.IdempotencyKey
	}
	var shuffled wire.AlertsRequest
	require.NoError(t, json.Unmarshal([]byte(group), &shuffled))
	a := shuffled.Alerts
	a[0], a[1], a[2] = a[2], a[0], a[1]
	other, err := json.Marshal(shuffled)
	require.NoError(t, err)
	for name, same := range map[string]string{
		"again":     group,
		"order":     string(other),
		"words":     strings.ReplaceAll(group, "2 % are left", "1 % is left"),
		"receiver":  strings.Replace(group, `"receiver": "tocsin"`, `"receiver": "other"`, 1),
		"end":       strings.Replace(group, "02:30:00Z", "02:31:00Z", 1),
		"new field": strings.Replace(group, `"version"`, `"notificationReason": "x", "version"`, 1),
	} {
		require.Equal(t, key(group), key(same), name)
	}
	a[0].Status, shuffled.Alerts = wire.AlertResolved, a[:2]
	fewer, err := json.Marshal(shuffled)
	require.NoError(t, err)
	seen := map[string]string{key(group): "itself"}
	for name, other := range map[string]string{
		"fewer alerts":  string(fewer),
		"group":         strings.Replace(group, `"groupKey": "{}`, `"groupKey": "{}/{}`, 1),
		"status":        strings.Replace(group, `"status": "firing"`, `"status": "resolved"`, 1),
		"one resolved":  strings.Replace(group, "      \"status\": \"firing\"", "      \"status\": \"resolved\"", 1),
		"began anew":    strings.Replace(group, "2026-11-22T01:30:00Z", "2026-11-22T01:31:00Z", 1),
		"another alert": strings.Replace(group, "9c0b5d1e7f2a3b48", "9c0b5d1e7f2a3b49", 1),
		"other labels":  strings.Replace(group, `"instance": "db-3"`, `"instance": "db-4"`, 1),
	} {
		k := key(other)
		require.Empty(t, seen[k], name)
		seen[k] = name
	}
}

func TestManyAlerts(t *testing.T) {
	body := func(n, truncated int) []byte {
		req := wire.AlertsRequest{Version: "4", GroupKey: "g", Status: wire.AlertFiring, TruncatedAlerts: truncated}
		for i := range n {
			req.Alerts = append(req.Alerts, wire.Alert{Status: wire.AlertFiring, StartsAt: "2026-11-22T03:00:00Z", Labels: map[string]string{"n": fmt.Sprint(i)}})
		}
		text, err := json.Marshal(req)
		require.NoError(t, err)
		return text
	}
	for _, c := range []struct {
		n, truncated  int
		subject, left string
	}{
		{1, 0, "FIRING: alerts", ""},
		{1, 1, "FIRING (2): alerts", "and 1 more\n"},
		{20, 0, "FIRING (20): alerts", ""},
		{21, 0, "FIRING (21): alerts", "and 1 more\n"},
		{5000, 7, "FIRING (5007): alerts", "and 4987 more\n"},
	} {
		in, err := message(t, body(c.n, c.truncated))
		require.NoError(t, err)
		require.Equal(t, c.subject, in.Subject)
		texts, err := wire.ParseStructure(in.Structure)
		require.NoError(t, err)
		text := texts[smn.DefaultVariant].Value
		require.Equal(t, min(c.n, 20), strings.Count(text, "FIRING: "))
		require.Equal(t, c.left != "", strings.Contains(text, " more\n"))
		require.Contains(t, text, c.left)
	}
}

func TestAlertsRefused(t *testing.T) {
	good := `{"version":"4","groupKey":"g","status":"firing","alerts":[{"status":"firing","startsAt":"2026-11-22T03:00:00Z"}]}`
	_, err := message(t, []byte(good))
	require.NoError(t, err)
	for want, change := range map[string][2]string{
		"version must be":                      {`"4"`, `"5"`},
		"groupKey must not be empty":           {`"g"`, `""`},
		"status must be firing or resolved":    {`"g","status":"firing"`, `"g","status":"alerting"`},
		"alerts must hold an alert":            {`{"status":"firing","startsAt":"2026-11-22T03:00:00Z"}`, ``},
		"alerts[0].status must be firing":      {`[{"status":"firing"`, `[{"status":""`},
		"alerts[0].startsAt must be a time":    {`T03:00:00Z`, ``},
		"truncatedAlerts must not be negative": {`"version"`, `"truncatedAlerts":-1,"version"`},
	} {
		require.Contains(t, good, change[0])
		_, err := message(t, []byte(strings.Replace(good, change[0], change[1], 1)))
		require.Equal(t, smn.InvalidParameter, smn.CodeOf(err), want)
		require.ErrorContains(t, err, want)
	}
}

// FuzzAlerts: whatever comes, it is a message that keeps the rules, or refused.
func FuzzAlerts(f *testing.F) {
	for _, name := range groups {
		f.Add([]byte(read(f, name)))
	}
	f.Add([]byte(`{"version":"1","groupKey":"\u0000","status":"firing","alerts":[{"status":"firing","startsAt":"9999-12-31T23:59:59-23:59","values":{"a":"b"},"labels":{"alertname":"\r\n"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if in, err := message(t, body); err == nil {
			_ = spelt(t, in)
		}
	})
}
