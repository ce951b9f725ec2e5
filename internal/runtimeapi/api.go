package runtimeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// api is the Lambda Runtime API for one process.
type api struct {
	*http.ServeMux
	pending chan invocation
	init    chan result   // of an init that failed
	ready   chan struct{} // closed when it asks for its first event
	asked   sync.Once

	mu    sync.Mutex
	count int
	id    string      // of the invocation under way
	to    chan result // where its report goes; nil when it is there
}

// invocation is an event on its way.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
}

// result is an answer or an error.
type result struct {
	body []byte
	err  error
}

// FunctionError is what the function itself reported: an error of its handler, a
// panic, or an init that failed.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

const version = "/2018-06-01/runtime"

func newAPI() *api {
	a := &api{ServeMux: http.NewServeMux(), pending: make(chan invocation, 1), init: make(chan result, 1), ready: make(chan struct{})}
	a.HandleFunc("GET "+version+"/invocation/next", a.next)
	a.HandleFunc("POST "+version+"/invocation/{id}/response", a.report(func(body []byte) result { return result{body: body} }))
	a.HandleFunc("POST "+version+"/invocation/{id}/error", a.report(failed))
	a.HandleFunc("POST "+version+"/init/error", a.initFailed)
	return a
}

// offer lets the function have an event, and gives where its report comes.
func (a *api) offer(ctx context.Context, event []byte) <-chan result {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	a.id = fmt.Sprintf("00000000-0000-4000-8000-%012d", a.count)
	a.to = make(chan result, 1)
	select {
	case <-a.pending: // nobody came for the last one
	default:
	}
	a.pending <- invocation{a.id, event, deadline(ctx)}
	return a.to
}

func (a *api) next(w http.ResponseWriter, r *http.Request) {
	a.asked.Do(func() { close(a.ready) })
	select {
	case next := <-a.pending:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", next.id)
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:local:000000000000:function:local")
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(next.deadline.UnixMilli()))
		_, _ = w.Write(next.event) // a function that hangs up is noticed by its end
	case <-r.Context().Done():
	}
}

// report takes what the function says about an invocation. Only the first report on
// the one under way counts.
func (a *api) report(read func([]byte) result) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		res := readResult(r, read)
		w.WriteHeader(http.StatusAccepted)
		a.mu.Lock()
		defer a.mu.Unlock()
		if r.PathValue("id") == a.id && a.to != nil {
			a.to <- res
			a.to = nil
		}
	}
}

func (a *api) initFailed(w http.ResponseWriter, r *http.Request) {
	res := readResult(r, failed)
	w.WriteHeader(http.StatusAccepted)
	select {
	case a.init <- res:
	default: // only the first counts
	}
}

func readResult(r *http.Request, read func([]byte) result) result {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return result{err: fmt.Errorf("read the answer of the function: %w", err)}
	}
	return read(body)
}

func failed(body []byte) result {
	e := &FunctionError{}
	if err := json.Unmarshal(body, e); err != nil {
		e.Type, e.Message = "Unknown", string(body)
	}
	return result{err: e}
}

// deadline is when the function must have answered: Lambda's longest time
// unless ctx says less.
func deadline(ctx context.Context) time.Time {
	if t, ok := ctx.Deadline(); ok {
		return t
	}
	return time.Now().Add(15 * time.Minute)
}
