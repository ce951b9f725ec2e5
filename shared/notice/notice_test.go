package notice_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/notice"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

func texts(t require.TestingT, in smn.PublishInput) map[smn.Protocol]smn.Text {
	require.NoError(t, validation.Check(in))
	found, err := wire.ParseStructure(in.Structure)
	require.NoError(t, err)
	return found
}

func TestEmptyNotice(t *testing.T) {
	in := notice.Notice{}.Input(topicURN)
	require.Equal(t, "Notification", in.Subject)
	require.Empty(t, in.IdempotencyKey)
	require.Equal(t, map[smn.Protocol]smn.Text{
		smn.DefaultVariant: {Value: "Notification\n"}, smn.SMS: {Value: "Notification"},
		smn.HTTP:  {Value: `{"source":"","subject":"Notification","text":"Notification\n"}`},
		smn.HTTPS: {Value: `{"source":"","subject":"Notification","text":"Notification\n"}`},
	}, texts(t, in))
}

func TestParts(t *testing.T) {
	n := notice.Notice{
		Source: "s", State: "ALARM", Time: "now", Subject: "a\nb", Brief: "c\nd", Summary: " e ", Facts: [][2]string{{"F", "g"}, {"H", " "}, {"I", "j\n"}},
		More: "\nk\n", Event: json.RawMessage(`{ "l": [ "<&>\u00e4", 1e400 ] }`), Key: []string{"m"},
	}
	in := n.Input(topicURN)
	require.Equal(t, "a b", in.Subject)
	got := texts(t, in)
	require.Equal(t, "e\n\nF: g\nI: j\n\nk\n", got[smn.DefaultVariant].Value)
	require.Equal(t, "a b. c d", got[smn.SMS].Value)
	const program = `{"source":"s","state":"ALARM","time":"now","subject":"a b","text":"e\n\nF: g\nI: j\n\nk\n","event":{"l":["<&>ä",1e400]}}`
	require.Equal(t, smn.Text{Value: program}, got[smn.HTTP], "byte for byte")
}

func TestSMSIsShort(t *testing.T) {
	sms := func(n notice.Notice) string { return texts(t, n.Input(topicURN))[smn.SMS].Value }
	for _, n := range []int{notice.MaxSMS - 1, notice.MaxSMS, notice.MaxSMS + 1} {
		require.Len(t, sms(notice.Notice{Subject: strings.Repeat("s", n)}), min(n, notice.MaxSMS))
	}
	require.True(t, strings.HasSuffix(sms(notice.Notice{Subject: strings.Repeat("ü", notice.MaxSMS)}), "ü..."))
	for _, n := range []int{smn.MaxSMS, smn.MaxSMS + 1} {
		require.Len(t, sms(notice.Notice{SMS: strings.Repeat("s", n)}), smn.MaxSMS)
	}
}

func TestWhatIsLeftOutFirst(t *testing.T) {
	event := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("e", n) + `"`) }
	has := func(n notice.Notice) (program bool, text int) {
		got := texts(t, n.Input(topicURN))
		return strings.Contains(got[smn.HTTP].Value, `"event":`), len(got[smn.DefaultVariant].Value)
	}
	withEvent, _ := has(notice.Notice{Summary: "s", Event: event(smn.MaxMessage/2 - 1024)})
	require.True(t, withEvent)
	withEvent, text := has(notice.Notice{Summary: strings.Repeat("s", 1000), Event: event(smn.MaxMessage / 2)})
	require.False(t, withEvent)
	require.Equal(t, 1001, text)
	withEvent, text = has(notice.Notice{Summary: strings.Repeat("s", smn.MaxMessage), Event: event(10)})
	require.False(t, withEvent)
	require.Equal(t, smn.MaxMessage/4, text)
}

// TestKeys: the parts count, not how they are joined.
func TestKeys(t *testing.T) {
	key := func(parts ...string) string { return notice.Notice{Key: parts}.Input(topicURN).IdempotencyKey }
	first := key("a", "b")
	require.Equal(t, first, key("a", "b"))
	seen := map[string]bool{first: true}
	for _, parts := range [][]string{{"ab"}, {"a", "b", ""}, {"", "a", "b"}, {"b", "a"}, {"a,b"}, {""}} {
		k := key(parts...)
		require.False(t, seen[k], parts)
		require.True(t, smn.IsIdempotencyKey(k))
		seen[k] = true
	}
}

func TestTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-22T04:00:00+01:00":     "2026-11-22T03:00:00Z",
		"2026-11-22T03:00:00.123Z":      "2026-11-22T03:00:00Z",
		"2026-11-22T03:00:00.394+0000":  "2026-11-22T03:00:00Z",
		"Sun, 22 Nov 2026 03:00:00 GMT": "2026-11-22T03:00:00Z",
		"yesterday":                     "yesterday",
		"":                              "",
	} {
		require.Equal(t, want, notice.Time(in))
	}
}

// TestAnythingIsPublishable holds every notice to the rules of messages.
func TestAnythingIsPublishable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few characters, often: those that JSON escapes, and bytes that are no text.
		long := rapid.Custom(func(t *rapid.T) string {
			unit := rapid.SampledFrom([]string{"", "a", "\x00", "\"", "\\", "\xff", "😀", "\u2028", "\n"}).Draw(t, "unit")
			return strings.Repeat(unit, rapid.SampledFrom([]int{1, 100, 600, smn.MaxMessage / 8, smn.MaxMessage / 2, smn.MaxMessage}).Draw(t, "times"))
		})
		n := notice.Notice{
			Source: long.Draw(t, "source"), State: long.Draw(t, "state"), Time: long.Draw(t, "time"), Subject: long.Draw(t, "subject"),
			Brief: long.Draw(t, "brief"), SMS: long.Draw(t, "sms"), Summary: long.Draw(t, "summary"), More: long.Draw(t, "more"),
			Facts: [][2]string{{"fact", long.Draw(t, "fact")}}, Event: json.RawMessage(long.Draw(t, "event")), Key: []string{long.Draw(t, "key")},
		}
		in := n.Input(topicURN)
		for _, text := range texts(t, in) {
			require.True(t, utf8.ValidString(text.Value))
		}
	})
}
