package deliver

import (
	"context"
	"sync"
	"time"
)

// saveEvery is how often the store is told what was delivered of the chunks in hand,
// unless Config.Saves says when: a killed worker repeats at most what it has delivered
// since.
const saveEvery = 250 * time.Millisecond

// progress saves how the chunks in hand get on.
type progress struct {
	at     []time.Duration // when, from the beginning of a chunk; nil for every tick
	mu     sync.Mutex
	chunks map[*chunk]struct{}
	none   chan struct{} // closed when there are none any more; nil while there are none
}

func (p *progress) add(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.none == nil {
		p.chunks, p.none = make(map[*chunk]struct{}), make(chan struct{})
		go p.run(p.none)
	}
	p.chunks[c] = struct{}{}
}

func (p *progress) remove(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.chunks, c); len(p.chunks) == 0 {
		close(p.none)
		p.none = nil
	}
}

// run saves until no chunk is in hand.
func (p *progress) run(none <-chan struct{}) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-none:
			return
		case <-tick.C:
		}
		for _, c := range p.inHand(none) {
			if p.isDue(c) && c.save(context.Background()) {
				c.saves++
			}
		}
	}
}

// isDue says whether a chunk is to be saved. What has nothing new then is saved as soon
// as it has.
func (p *progress) isDue(c *chunk) bool {
	return p.at == nil || c.saves < len(p.at) && time.Since(c.began) >= p.at[c.saves]
}

// inHand gives the chunks to those who save until none is closed. When it is, other
// chunks may be in hand by now, which are saved by others.
func (p *progress) inHand(none <-chan struct{}) (all []*chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.none == nil || p.none != none {
		return nil
	}
	for c := range p.chunks {
		all = append(all, c)
	}
	return all
}
