package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tocsin/shared/smn"
)

// idle is a handler that does nothing with a line.
type idle struct{ slog.Handler }

func (idle) Enabled(context.Context, slog.Level) bool  { return true }
func (idle) Handle(context.Context, slog.Record) error { return nil }

// BenchmarkLog is what the line of a request takes before a handler has it.
func BenchmarkLog(b *testing.B) {
	x := exchange{op: Publish, config: Config{Log: slog.New(idle{})}}
	const project = "05f1c8d8c0b64f6c1fa2f7c2a3a4f3a5"
	r := httptest.NewRequest(http.MethodPost, "/v2/"+project+"/notifications/topics/urn:smn:local:"+project+":orders/publish", http.NoBody)
	caller := smn.Caller{Project: project, User: "a3a4f3a505f1c8d8c0b64f6c1fa2f7c2"}
	id, began := smn.NewID(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		x.log(r, id, caller, http.StatusOK, nil, began, time.Millisecond)
	}
}
