package intake

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// Line is the one log line of a request.
type Line struct {
	RequestID string
	Operation string
	Status    int
	Caller    smn.Caller
	Began     time.Time
	Took      time.Duration
	Err       error  // nil if all went well
	Code      string // of Err, as the caller reads it
	OwnFault  bool   // Err is nothing that the caller could have done otherwise
}

// Write writes the line. It holds no query, no body and no header: these carry tokens
// and messages. It does what LogAttrs does, but for finding its place in the code,
// which nobody wants to know, and another look at the clock: they take longer than all
// the rest of it.
func (l Line) Write(log *slog.Logger, r *http.Request) {
	ctx, handler, level := r.Context(), log.Handler(), slog.LevelInfo
	if l.OwnFault {
		level = slog.LevelError
	}
	if !handler.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(l.Began.Add(l.Took), level, "request", 0)
	line.AddAttrs(
		slog.String("request_id", l.RequestID),
		slog.String("operation", l.Operation),
		slog.String("method", Shortened(r.Method)),
		slog.String("path", Shortened(beforeQuery(r.URL.Path))),
		slog.Int("status", l.Status),
		slog.Int64("us", l.Took.Microseconds()),
		slog.Int64("bytes", r.ContentLength),
		slog.String("project", l.Caller.Project),
		slog.String("user", l.Caller.User))
	if l.Err != nil {
		line.AddAttrs(slog.String("code", l.Code), slog.String("error", l.Err.Error()))
	}
	_ = handler.Handle(ctx, line) // there is nowhere to complain
}

// beforeQuery cuts off what became part of the path because someone encoded its
// question mark: a link that was encoded once too often carries a token.
func beforeQuery(path string) string {
	before, _, _ := strings.Cut(path, "?")
	return before
}

// Shortened cuts what a stranger wrote to a length that a log can bear.
func Shortened(s string) string {
	const most = 512
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
