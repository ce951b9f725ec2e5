package demo

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// trace remembers the exchanges of a client, so that the demo can show them.
type trace struct {
	mu   sync.Mutex
	seen []exchange
}

type exchange struct {
	method, path string
	status       int
}

// RoundTrip implements http.RoundTripper.
func (t *trace) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		t.mu.Lock()
		t.seen = append(t.seen, exchange{method: r.Method, path: r.URL.Path, status: resp.StatusCode})
		t.mu.Unlock()
	}
	return resp, err
}

// take returns what was seen since the last call.
func (t *trace) take() []exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen = nil
	return seen
}

// say prints the latest exchange as one step.
func (d *demo) say(step, answer string) {
	if seen := d.trace.take(); len(seen) > 0 {
		say(step, seen[len(seen)-1], answer)
	}
}

func say(step string, x exchange, answer string) {
	path := strings.Replace(x.path, "/v2/", "/v2/…/", 1)
	if _, below, ok := strings.Cut(path, "/notifications"); ok {
		path = "/v2/…" + below
	}
	fmt.Printf("%s: %s %s → %d %s\n", step, x.method, path, x.status, answer)
}

// firstLine keeps the demo's lines short.
func firstLine(s string) string {
	const most = 100
	line, _, more := strings.Cut(s, "\n")
	if len(line) > most {
		line, more = strings.ToValidUTF8(line[:most], ""), true
	}
	if more {
		line += " …"
	}
	return line
}
