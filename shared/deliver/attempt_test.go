package deliver

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tocsin/shared/smn"
)

// idle is a handler that does nothing with a line.
type idle struct{ slog.Handler }

func (idle) Enabled(context.Context, slog.Level) bool  { return true }
func (idle) Handle(context.Context, slog.Record) error { return nil }

// BenchmarkLogAttempt is what the line of an attempt takes before a handler has it.
func BenchmarkLogAttempt(b *testing.B) {
	w := &Worker{log: slog.New(idle{})}
	d := Delivery{
		Type: "Notification", MessageID: smn.NewID(), Protocol: smn.HTTPS, Endpoint: "https://hooks.example.com:8443/orders",
		SubscriptionURN: "urn:smn:local:05f1c8d8c0b64f6c1fa2f7c2a3a4f3a5:orders:c1fa2f7c2a3a4f3a5b15f1c8d8c0b6f4",
	}
	b.ReportAllocs()
	for b.Loop() {
		w.logAttempt(b.Context(), d, 1, Outcome{Status: 200}, time.Millisecond)
	}
}
