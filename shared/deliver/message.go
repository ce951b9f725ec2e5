package deliver

import (
	"context"
	"sync"
	"time"

	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// message is a published message in the hands of the worker, with the signature
// that all its deliveries share.
type message struct {
	store.Message

	mu        sync.Mutex
	signature string // empty until someone needed it
}

// delivery is what all deliveries of the message have in common.
func (m *message) delivery() Delivery {
	return Delivery{
		Type:         wire.TypeNotification,
		MessageID:    m.ID,
		TopicURN:     m.TopicURN,
		TopicDisplay: m.TopicDisplay,
		Subject:      m.Subject,
		Text:         m.Body,
		Timestamp:    m.AcceptedAt,
	}
}

// sign returns the signature of the message, made at the first call. A failure is
// not kept.
func (m *message) sign(by Signer) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.signature == "" {
		push := m.delivery().Push()
		if err := by.Sign(&push); err != nil {
			return "", err
		}
		m.signature = push.Signature
	}
	return m.signature, nil
}

// expired says whether no attempt may begin any more.
func (m *message) expired(now time.Time) bool { return now.After(m.ExpiresAt) }

// cachedMessages is few, because a message can be 256 KiB: it is enough for the
// chunks of a message, which follow each other closely, to meet in the cache.
const cachedMessages = 64

// messages loads messages and keeps the last few, so that the chunks and retries
// of a message share one copy and one signature.
type messages struct {
	from store.Messages

	mu     sync.Mutex
	byID   map[string]*message
	recent [cachedMessages]string // ids in byID, a ring
	next   int
}

// get finds a message. store.ErrNotFound.
func (c *messages) get(ctx context.Context, id string) (*message, error) {
	c.mu.Lock()
	m := c.byID[id]
	c.mu.Unlock()
	if m != nil {
		return m, nil
	}
	loaded, err := c.from.GetMessage(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.keep(&message{Message: loaded}), nil
}

// keep puts m in the cache in place of the oldest, unless someone was quicker:
// then it returns theirs.
func (c *messages) keep(m *message) *message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.byID[m.ID]; first != nil {
		return first
	}
	delete(c.byID, c.recent[c.next])
	c.recent[c.next] = m.ID
	c.next = (c.next + 1) % cachedMessages
	c.byID[m.ID] = m
	return m
}
