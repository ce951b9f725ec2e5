package lambdaapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// answer collects what a handler writes, by the rules of net/http: the first
// WriteHeader counts, later changes to the header do not, and a handler that
// writes nothing has answered 200. The adapter's writer knows none of these.
type answer struct {
	header http.Header
	sent   http.Header // the header as it was at the first WriteHeader
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	informational := status >= 100 && status < 200
	if a.status == 0 && !informational { // gateways cannot pass on the informational
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// serve lets h answer r. A panic becomes a 500, whatever was written before it.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	a := &answer{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(r.Context(), "panic", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack())) // its text may hold anything
			writeFailure(w, smn.Internal, "")
			return
		}
		a.WriteHeader(http.StatusOK)
		for name, values := range a.sent {
			w.Header()[name] = values
		}
		w.WriteHeader(a.status)
		if a.body.Len() > 0 && r.Method != http.MethodHead {
			_, _ = w.Write(a.body.Bytes()) // into memory
		}
	}()
	h.ServeHTTP(a, r)
}

// writeFailure answers a request that no operation has seen, in the shape of
// SMN's gateway.
func writeFailure(w http.ResponseWriter, code smn.Code, detail string) {
	f, id := wire.FailureOf(code), smn.NewID()
	body, err := json.Marshal(wire.GatewayError{RequestID: id, Code: f.Code, Message: f.Message, Detail: detail})
	if err != nil {
		panic(err) // four strings
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", id)
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // into memory
}
