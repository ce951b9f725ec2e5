package trial

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Life is a process that is killed and started again on the same data folder and
// address, as often as one likes. One goroutine uses it.
type Life struct {
	*Process
	cfg     Config
	sink    *Sink
	history history
	Kills   []Kill // each ended a run of the sink
}

// Kill is what one kill cost.
type Kill struct {
	Repeats   int64 // deliveries of the run that it ended which came again; known when the life has ended
	Delivered int64 // in the time of Window before it
}

// Window is how long a process may work without writing down how far it is.
const Window = 250 * time.Millisecond

// Begin starts the process for the first time.
func Begin(ctx context.Context, cfg Config, sink *Sink) (*Life, error) {
	p, err := Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	l := &Life{Process: p, cfg: cfg, sink: sink}
	l.cfg.Addr = p.Addr // links in messages point there
	l.history.follow(sink.Ledger)
	return l, nil
}

// KillAndRestart kills the process and starts it again, when nothing that the
// killed one has sent can arrive any more.
func (l *Life) KillAndRestart(ctx context.Context) error {
	delivered := l.history.within(Window)
	l.Kill()
	draining, cancel := context.WithTimeoutCause(ctx, patience, errors.New("connections of a killed process stay open"))
	defer cancel()
	if err := l.sink.Drained(draining); err != nil {
		return err
	}
	l.Kills = append(l.Kills, Kill{Delivered: delivered})
	l.sink.NextRun()
	p, err := Start(ctx, l.cfg)
	if err != nil {
		return err
	}
	l.Process = p
	return nil
}

// End kills the process for good.
func (l *Life) End() {
	l.Kill()
	l.settle()
	l.history.end()
}

// settle puts repeats down to the kill that ended the run in which they had come before.
// They may come much later: a process that is killed soon has not caught up.
func (l *Life) settle() {
	for run := range l.Kills {
		l.Kills[run].Repeats = l.sink.Again(run)
	}
}

// history knows how much arrived lately.
type history struct {
	mu      sync.Mutex
	samples [64]Counts // a ring, one each sampleEvery
	next    int
	ledger  *Ledger
	stop    chan struct{}
}

const sampleEvery = 10 * time.Millisecond

func (h *history) follow(l *Ledger) {
	h.ledger, h.stop = l, make(chan struct{})
	go func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-h.stop:
				return
			case <-tick.C:
			}
			h.mu.Lock()
			h.samples[h.next%len(h.samples)] = l.Counts()
			h.next++
			h.mu.Unlock()
		}
	}()
}

func (h *history) end() { close(h.stop) }

// within is how many deliveries came in the last d, of at most half a second, and since
// the sample before: a busy machine takes them seldom.
func (h *history) within(d time.Duration) int64 {
	now := h.ledger.Counts()
	from := now.AtMicros - d.Microseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := max(0, h.next-len(h.samples))
	for i := h.next - 1; i >= oldest; i-- {
		c := h.samples[i%len(h.samples)]
		if c.AtMicros <= from || i == oldest && oldest > 0 { // what was before has been forgotten
			return now.Deliveries - c.Deliveries
		}
	}
	return now.Deliveries
}
