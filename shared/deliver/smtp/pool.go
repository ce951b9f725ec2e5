package smtp

import (
	"context"
	"sync"
	"time"
)

const (
	keepIdle = 30 * time.Second // shorter than servers and firewalls are patient
	keepFor  = 100              // mails; servers count them too
	goodbye  = time.Second
)

// pool bounds the connections to the server, and keeps those that wait.
type pool struct {
	places chan struct{}

	mu     sync.Mutex
	idle   []*connection // the one used last at the end
	closed bool
}

func newPool(size int) *pool { return &pool{places: make(chan struct{}, size)} }

// enter waits for a place, patience at most. Who has one may have one connection.
func (p *pool) enter(ctx context.Context) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p.places <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (p *pool) leave() { <-p.places }

// take gives a connection that waits; nil if there is none.
func (p *pool) take() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	c.idle.Stop()
	return c
}

// keep lets a connection wait for another mail.
func (p *pool) keep(c *connection) {
	p.mu.Lock()
	if p.closed || c.mails >= keepFor {
		p.mu.Unlock()
		c.quit()
		return
	}
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
	c.idle = time.AfterFunc(keepIdle, func() { p.expire(c) })
}

// expire closes a connection that has waited for long.
func (p *pool) expire(c *connection) {
	p.mu.Lock()
	for i, waiting := range p.idle {
		if waiting == c {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			p.mu.Unlock()
			c.quit()
			return
		}
	}
	p.mu.Unlock()
}

// close closes what waits, and what would come to wait.
func (p *pool) close() {
	p.mu.Lock()
	waiting := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range waiting {
		c.idle.Stop()
		c.quit()
	}
}
