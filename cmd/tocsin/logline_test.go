package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// twoLogs are our handler and the one that it must equal.
type twoLogs struct {
	ours, theirs       slog.Handler
	lines              *lineBuffer
	written, the, slow bytes.Buffer // by ours; by theirs; by that which ours falls back to
}

func newTwoLogs() *twoLogs {
	l := &twoLogs{}
	l.lines = newLineBuffer(&l.written)
	l.ours = lineHandler{slog.NewJSONHandler(io.MultiWriter(l.lines, &l.slow), nil), l.lines}
	l.theirs = slog.NewJSONHandler(&l.the, nil)
	return l
}

// compare writes a record to both and says whether ours wrote it by itself.
func (l *twoLogs) compare(t require.TestingT, r slog.Record, with func(slog.Handler) slog.Handler) bool {
	l.written.Reset()
	l.the.Reset()
	l.slow.Reset()
	require.NoError(t, with(l.theirs).Handle(context.Background(), r))
	require.NoError(t, with(l.ours).Handle(context.Background(), r))
	l.lines.flush()
	require.Equal(t, l.the.String(), l.written.String())
	return l.slow.Len() == 0
}

func asItIs(h slog.Handler) slog.Handler { return h }

func TestLinesAreThoseOfSlog(t *testing.T) {
	l := newTwoLogs()
	all, ours := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			r := slog.NewRecord(moments.Draw(t, "time"), rapid.SampledFrom([]slog.Level{-4, 0, 1, 4, 8, 9}).Draw(t, "level"), plainText.Draw(t, "msg"), 0)
			r.AddAttrs(attributes(12, plainText, simpleKinds, 0).Draw(t, "attrs")...)
			with := asItIs
			switch rapid.IntRange(0, 4).Draw(t, "more") {
			case 0:
				r.Message = anyText.Draw(t, "any msg")
			case 1:
				r.AddAttrs(attributes(3, anyText, allKinds, 3).Draw(t, "any attrs")...)
			case 2:
				attrs := attributes(2, anyText, allKinds, 2).Draw(t, "with attrs")
				with = func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) }
			case 3:
				group, attrs := anyText.Draw(t, "group"), attributes(1, anyText, allKinds, 1).Draw(t, "with attrs")
				with = func(h slog.Handler) slog.Handler { return h.WithGroup(group).WithAttrs(attrs) }
			}
			all++
			if l.compare(t, r, with) {
				ours++
			}
		}
	})
	require.Greater(t, ours, all/10, "slog was compared to itself")
	require.Less(t, ours, all)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelError} {
		require.Equal(t, l.theirs.Enabled(t.Context(), level), l.ours.Enabled(t.Context(), level))
	}
}

// Every byte at every place of a word and of what is left of one.
func TestBytesOfLines(t *testing.T) {
	l := newTwoLogs()
	for size := range 18 {
		for at := range size {
			for c := range 256 {
				text := []byte(strings.Repeat("~", size))
				text[at] = byte(c)
				r := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
				r.AddAttrs(slog.String("k", string(text)))
				quoted, err := json.Marshal(string(text))
				require.NoError(t, err)
				plain := string(quoted) == `"`+string(text)+`"` || strings.Contains("<>&", string(text[at:at+1]))
				require.Equal(t, plain && c < 0x80, l.compare(t, r, asItIs), "%q", text)
			}
		}
	}
}

// The lines that are many must be those that are cheap.
func TestHotLinesAreCheap(t *testing.T) {
	l := newTwoLogs()
	for _, r := range hotLines() {
		require.True(t, l.compare(t, r, asItIs), r.Message)
		log := newLineHandler(newLineBuffer(io.Discard))
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = log.Handle(t.Context(), r) }))
	}
}

// hotLines are like those of shared/httpapi/exchange.go and shared/deliver/attempt.go.
func hotLines() map[string]slog.Record {
	now := time.Date(2026, 7, 14, 9, 26, 53, 589793238, time.UTC)
	const project = "05f1c8d8c0b64f6c1fa2f7c2a3a4f3a5"
	request := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	request.AddAttrs(
		slog.String("request_id", "5f1c8d8c0b6f4c1fa2f7c2a3a4f3a5b1"),
		slog.String("operation", "publish"),
		slog.String("method", "POST"),
		slog.String("path", "/v2/"+project+"/notifications/topics/urn:smn:local:"+project+":orders/publish"),
		slog.Int("status", 200),
		slog.Int64("us", 1234),
		slog.Int64("bytes", 131),
		slog.String("project", project),
		slog.String("user", "a3a4f3a505f1c8d8c0b64f6c1fa2f7c2"))
	attempt := slog.NewRecord(now, slog.LevelInfo, "attempt", 0)
	attempt.AddAttrs(
		slog.String("message_id", "5f1c8d8c0b6f4c1fa2f7c2a3a4f3a5b1"),
		slog.String("type", "Notification"),
		slog.String("subscription_urn", "urn:smn:local:"+project+":orders:c1fa2f7c2a3a4f3a5b15f1c8d8c0b6f4"),
		slog.String("protocol", "https"),
		slog.String("host", "hooks.example.com:8443"),
		slog.Int("attempt", 1),
		slog.String("result", "delivered"),
		slog.Int("status", 200),
		slog.Int64("us", 1234))
	return map[string]slog.Record{"request": request, "attempt": attempt}
}

func BenchmarkLogLine(b *testing.B) {
	lines := newLineBuffer(io.Discard)
	for name, r := range hotLines() {
		for of, log := range map[string]slog.Handler{"slog": slog.NewJSONHandler(lines, nil), "ours": newLineHandler(lines)} {
			b.Run(name+"/"+of, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = log.Handle(b.Context(), r)
				}
			})
		}
	}
}

var plainText = rapid.OneOf(rapid.StringMatching(`[ !#-\[\]-~]{0,40}`), rapid.StringMatching(`[a-z0-9:/._-]{0,80}`))

var anyText = rapid.OneOf(
	plainText,
	rapid.StringMatching(`[ -~]{0,40}`),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	rapid.SampledFrom([]string{`"`, `\`, "<>&", "a\u2028b\u2029", "\x00\x1f\x7f\x80", "line\nline\tand\r", "\ufffd", "…", "\xed\xa0\x80", "!BADKEY"}),
)

var moments = rapid.OneOf(
	rapid.Map(rapid.Int64(), func(n int64) time.Time { return time.Unix(0, n) }),
	rapid.Map(rapid.Int64Range(-1<<40, 1<<40), func(s int64) time.Time { return time.Unix(s, 0).UTC() }),
	rapid.Map(rapid.IntRange(-86399, 86399), func(east int) time.Time { return time.Unix(1e9, 120).In(time.FixedZone("", east)) }),
	rapid.Map(rapid.SampledFrom([]int{-1, 0, 1, 2, 999, 9999, 10000}), func(year int) time.Time { return time.Date(year, 12, 31, 23, 59, 59, 5e8, time.UTC) }),
	rapid.SampledFrom([]time.Time{{}, time.Time{}.In(time.FixedZone("west", -3600)), time.Now()}),
)

var (
	simpleKinds = []slog.Kind{slog.KindString, slog.KindInt64, slog.KindUint64, slog.KindBool, slog.KindDuration}
	allKinds    = append(simpleKinds, slog.KindFloat64, slog.KindTime, slog.KindAny, slog.KindLogValuer, slog.KindGroup)
)

func attributes(most int, texts *rapid.Generator[string], kinds []slog.Kind, depth int) *rapid.Generator[[]slog.Attr] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) slog.Attr {
		return slog.Attr{Key: texts.Draw(t, "key"), Value: value(t, texts, kinds, depth)}
	}), 0, most)
}

// value draws one of these kinds; at depth 0 it holds no others.
func value(t *rapid.T, texts *rapid.Generator[string], kinds []slog.Kind, depth int) slog.Value {
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	if depth == 0 && (kind == slog.KindLogValuer || kind == slog.KindGroup) {
		kind = slog.KindString
	}
	switch kind {
	case slog.KindString:
		return slog.StringValue(texts.Draw(t, "string"))
	case slog.KindInt64:
		return slog.Int64Value(rapid.Int64().Draw(t, "int"))
	case slog.KindUint64:
		return slog.Uint64Value(rapid.OneOf(rapid.Uint64(), rapid.Uint64Min(math.MaxInt64)).Draw(t, "uint"))
	case slog.KindBool:
		return slog.BoolValue(rapid.Bool().Draw(t, "bool"))
	case slog.KindDuration:
		return slog.DurationValue(time.Duration(rapid.Int64().Draw(t, "duration")))
	case slog.KindFloat64:
		return slog.Float64Value(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 1e21})).Draw(t, "float"))
	case slog.KindTime:
		return slog.TimeValue(moments.Draw(t, "moment"))
	case slog.KindLogValuer:
		return slog.AnyValue(valuer{value(t, texts, kinds, depth-1)})
	case slog.KindGroup:
		return slog.GroupValue(attributes(4, texts, kinds, depth-1).Draw(t, "group")...)
	default:
		text := texts.Draw(t, "any")
		return slog.AnyValue(rapid.SampledFrom([]any{
			nil, errors.New(text), (*fault)(nil), &slog.Source{}, &slog.Source{File: text, Line: 3}, slog.LevelWarn,
			[]string{text},
			map[string]any{text: 1.5},
			struct{ A, B any }{text, nil},
			json.RawMessage(`{"a": 1}`), func() {},
		}).Draw(t, "of"))
	}
}

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

// fault cannot tell of itself when it is nil.
type fault struct{ text string }

func (f *fault) Error() string { return f.text }
