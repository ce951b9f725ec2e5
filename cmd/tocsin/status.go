package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// report is what the server says about itself.
type report struct {
	Status string `json:"status"` // "ok", or what is wrong
	*numbers
}

// numbers are for this machine only.
type numbers struct {
	Backlog  int     `json:"backlog"`        // tasks that are not done
	Oldest   float64 `json:"oldest_seconds"` // how late the one is that is late the longest
	Dead     int     `json:"dead_24h"`       // deliveries that were given up
	Database int64   `json:"database_bytes"`
	Free     *int64  `json:"disk_free_bytes,omitempty"` // nil where the system does not tell
	Uptime   float64 `json:"uptime_seconds"`
	Version  string  `json:"version"`
}

const (
	statusOK    = "ok"
	statusStore = "the store does not answer"
)

// storePatience is how long the store may take to answer. A disk can hang for much
// longer without an error.
const storePatience = 5 * time.Second

// pulse asks the store whether it can write: once for all who ask at the same time,
// however many strangers do.
type pulse struct {
	ping func(context.Context) error

	mu   sync.Mutex
	beat *beat // under way; nil for none
}

type beat struct {
	done chan struct{}
	err  error
}

// check waits until the store has written, or ctx ends.
func (p *pulse) check(ctx context.Context) error {
	p.mu.Lock()
	b := p.beat
	if b == nil {
		b = &beat{done: make(chan struct{})}
		p.beat = b
		go func() {
			b.err = p.ping(context.WithoutCancel(ctx))
			p.mu.Lock()
			p.beat = nil
			p.mu.Unlock()
			close(b.done)
		}()
	}
	p.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// health says to everybody whether the store answers, and more to this machine.
func (h *house) health(w http.ResponseWriter, r *http.Request) {
	h.tellStatus(w, r, fromLoopback(r))
}

func (h *house) showStatus(w http.ResponseWriter, r *http.Request) { h.tellStatus(w, r, true) }

func (h *house) tellStatus(w http.ResponseWriter, r *http.Request, all bool) {
	ctx, cancel := context.WithTimeout(r.Context(), storePatience)
	defer cancel()
	status, said := http.StatusOK, report{Status: statusOK}
	err := h.pulse.check(ctx)
	if err == nil && all {
		said.numbers, err = h.numbers(ctx)
	}
	if err != nil {
		h.log.LogAttrs(ctx, slog.LevelError, "health", slog.String("error", err.Error()))
		status, said.Status = http.StatusServiceUnavailable, statusStore
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, said)
}

func (h *house) numbers(ctx context.Context) (*numbers, error) {
	stats, err := h.stats(ctx)
	if err != nil {
		return nil, err
	}
	n := &numbers{
		Backlog: stats.Waiting, Dead: stats.Dead, Database: stats.Bytes,
		Uptime: time.Since(h.began).Seconds(), Version: version(),
	}
	if !stats.Due.IsZero() {
		n.Oldest = time.Since(stats.Due).Seconds()
	}
	if stats.Free >= 0 {
		n.Free = &stats.Free
	}
	return n, nil
}

// socketFile lies in the data folder. Through it the server's own pages are shown
// to whoever may enter that folder, wherever the API listens.
const socketFile = "tocsin.sock"

type statusCommand struct {
	Data string `help:"Data folder of the running server (default ${default})." default:"data" type:"path" placeholder:"DIR"`
	URL  string `help:"Scheme and host of the server, in place of its data folder. Numbers are shown to its own machine only." placeholder:"URL"`
	JSON bool   `help:"Print JSON."`
}

// Run asks the running server how it is. It fails unless all is well.
func (c *statusCommand) Run(ctx context.Context, w io.Writer) error {
	said, err := c.ask(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(w, said)
	} else {
		err = said.print(w)
	}
	if err == nil && said.Status != statusOK {
		err = errors.New(said.Status)
	}
	return err
}

func (c *statusCommand) ask(ctx context.Context) (said report, err error) {
	url, whom := strings.TrimRight(c.URL, "/")+"/healthz", c.URL
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	if c.URL == "" {
		url, whom = "http://localhost/_local/status", "data folder "+c.Data
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(c.Data, socketFile))
		}
		transport.Proxy = nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*storePatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return report{}, err
	}
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return report{}, fmt.Errorf("no server answers for %s: %w", whom, err)
	}
	defer resp.Body.Close()
	said.numbers = &numbers{}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&said)
	if err != nil || said.Status == "" || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
		return report{}, fmt.Errorf("what answers for %s is no Tocsin: status %d", whom, resp.StatusCode)
	}
	if said.Version == "" { // numbers are not for us
		said.numbers = nil
	}
	return said, nil
}

func (r report) print(w io.Writer) error {
	fields := [][2]string{{"Status", r.Status}}
	if n := r.numbers; n != nil {
		fields = append(fields,
			[2]string{"Backlog", fmt.Sprint(n.Backlog, " tasks")},
			[2]string{"Oldest", fmt.Sprintf("%.1f s late", n.Oldest)},
			[2]string{"Dead in 24 h", fmt.Sprint(n.Dead, " deliveries")},
			[2]string{"Database", fmt.Sprintf("%.1f MB", float64(n.Database)/1e6)},
		)
		if n.Free != nil {
			fields = append(fields, [2]string{"Disk left", fmt.Sprintf("%.1f MB", float64(*n.Free)/1e6)})
		}
		fields = append(fields,
			[2]string{"Uptime", time.Duration(n.Uptime * float64(time.Second)).Round(time.Second).String()},
			[2]string{"Version", n.Version},
		)
	}
	return output{}.one(w, r, fields...)
}
