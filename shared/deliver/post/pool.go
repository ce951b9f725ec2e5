package post

import (
	"maps"
	"sync"
	"time"
)

// place is where a connection leads.
type place struct {
	secure  bool
	address string
}

// waiting is how a connection stands in the pool.
type waiting struct {
	place        place
	since        time.Time
	older, newer *conn
}

// pool keeps connections for further attempts, those of each place on a stack:
// the one that was used last is the likeliest to work, and what a burst has left
// over goes in time. Nothing runs while it is empty, and one timer while it is not.
type pool struct {
	perPlace, inAll int
	patience        time.Duration

	mu             sync.Mutex
	stacks         map[place][]*conn
	oldest, newest *conn
	count          int
	timer          *time.Timer // nil while no connection waits
	closed         bool
}

// take gives the connection to a place that was used last, nil for none.
func (p *pool) take(at place) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	stack := p.stacks[at]
	if len(stack) == 0 {
		return nil
	}
	c := stack[len(stack)-1]
	p.remove(c, len(stack)-1)
	return c
}

// put keeps a connection, for which an older one may have to go.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	surplus := p.keep(c)
	p.mu.Unlock()
	if surplus != nil {
		surplus.close()
	}
}

// keep gives the connection that has no room, nil for none.
func (p *pool) keep(c *conn) (surplus *conn) {
	if p.closed {
		return c
	}
	switch {
	case len(p.stacks[c.place]) >= p.perPlace:
		surplus = p.stacks[c.place][0]
	case p.count >= p.inAll:
		surplus = p.oldest
	}
	if surplus != nil {
		p.remove(surplus, 0) // at the bottom of its stack is the oldest
		if len(p.stacks[surplus.place]) == 0 {
			delete(p.stacks, surplus.place)
		}
	}
	if p.stacks == nil {
		p.stacks = make(map[place][]*conn)
	}
	p.stacks[c.place] = append(p.stacks[c.place], c)
	p.count++
	c.since, c.older, c.newer = time.Now(), p.newest, nil
	if p.newest != nil {
		p.newest.newer = c
	} else {
		p.oldest = c
	}
	p.newest = c
	if p.timer == nil {
		p.timer = time.AfterFunc(p.patience, p.reap)
	}
	return surplus
}

// remove takes c out; n is its place in its stack.
func (p *pool) remove(c *conn, n int) {
	stack := p.stacks[c.place]
	copy(stack[n:], stack[n+1:])
	stack[len(stack)-1] = nil
	p.stacks[c.place] = stack[:len(stack)-1]
	p.count--
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		p.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		p.newest = c.older
	}
	c.older, c.newer = nil, nil
}

// reap closes what has waited too long, and comes again for the next. Stacks that were
// emptied by those who took from them have stayed until now: where much goes on, that is
// at every other moment.
func (p *pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer maps.DeleteFunc(p.stacks, func(_ place, stack []*conn) bool { return len(stack) == 0 })
	now := time.Now()
	for p.oldest != nil {
		rest := p.patience - now.Sub(p.oldest.since)
		if rest > 0 && !p.closed {
			p.timer.Reset(rest)
			return
		}
		c := p.oldest
		p.remove(c, 0)
		c.close()
	}
	p.timer = nil
}

// close closes what waits, and lets nothing wait any more.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.reap()
}
