package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// Notebook holds what publishers note: each message that was acknowledged. Its
// methods may be called from many goroutines at once.
type Notebook struct {
	mu       sync.Mutex
	notes    []Note
	cut      int
	underWay atomic.Int64
}

// Note is an acknowledged message.
type Note struct {
	MessageID string
	Topic     Topic
}

// Publish lets so many publishers work at once, each message to a topic chosen by
// chance, until ctx ends. Each message takes a permit. It returns when the publishes
// under way have ended, too: ctx does not cut them.
func (n *Notebook) Publish(ctx context.Context, c *client.Client, topics []Topic, publishers int, permits <-chan struct{}) {
	var work sync.WaitGroup
	for i := range publishers {
		work.Go(func() {
			for m := 0; ; m++ {
				select {
				case <-ctx.Done():
					return
				case <-permits:
				}
				if ctx.Err() != nil { // both were ready
					return
				}
				n.publish(context.WithoutCancel(ctx), c, topics[rand.N(len(topics))], fmt.Sprint("message ", i, " ", m))
			}
		})
	}
	work.Wait()
}

// publish publishes once. An answer that does not come is no answer: the message
// may arrive, or not.
func (n *Notebook) publish(ctx context.Context, c *client.Client, t Topic, text string) {
	n.underWay.Add(1)
	defer n.underWay.Add(-1)
	id, err := c.Publish(ctx, smn.PublishInput{TopicURN: t.URN, Message: text})
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.cut++
		return
	}
	n.notes = append(n.notes, Note{MessageID: id, Topic: t})
}

// Acknowledged is how many messages were.
func (n *Notebook) Acknowledged() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.notes)
}

// Cut is how many publishes got no good answer.
func (n *Notebook) Cut() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut
}

// UnderWay is how many publishes wait for their answer now.
func (n *Notebook) UnderWay() int64 { return n.underWay.Load() }

// Notes are all that there are.
func (n *Notebook) Notes() []Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.notes[:len(n.notes):len(n.notes)]
}

// Missing counts the pairs of acknowledged messages and endpoints of which should
// is true, and how many of them have not arrived.
func (n *Notebook) Missing(l *Ledger, should func(Behaviour) bool) (expected, missing int) {
	for _, note := range n.Notes() {
		e, m := note.Missing(l, should)
		expected, missing = expected+e, missing+m
	}
	return expected, missing
}

// Missing is the same for one message.
func (n Note) Missing(l *Ledger, should func(Behaviour) bool) (expected, missing int) {
	for _, e := range n.Topic.Endpoints {
		if !should(e.Behaviour) {
			continue
		}
		expected++
		if !l.Has(n.MessageID, e) {
			missing++
		}
	}
	return expected, missing
}
