package intake

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

// BenchmarkLine is what the line of a request takes before a handler has it.
func BenchmarkLine(b *testing.B) {
	const project = "05f1c8d8c0b64f6c1fa2f7c2a3a4f3a5"
	log := slog.New(idle{})
	r := httptest.NewRequest(http.MethodPost, "/v2/"+project+"/notifications/topics/urn:smn:local:"+project+":orders/publish", http.NoBody)
	caller := smn.Caller{Project: project, User: "a3a4f3a505f1c8d8c0b64f6c1fa2f7c2"}
	id, began := smn.NewID(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		Line{RequestID: id, Operation: "publish", Status: http.StatusOK, Caller: caller, Began: began, Took: time.Millisecond}.Write(log, r)
	}
}
