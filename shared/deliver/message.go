package deliver

import (
	"context"
	"sync"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// message is a published message in the hands of the worker, with its texts and
// the signatures that its deliveries share.
type message struct {
	store.Message
	texts map[smn.Protocol]smn.Text // one for smn.DefaultVariant, and those of protocols that have their own

	mu         sync.Mutex
	deliveries map[smn.Protocol]*Delivery // what is common to those of a protocol; of those that someone needed
	unsigned   map[smn.Protocol]*Delivery // likewise, of those in other forms than SMN's
}

// delivery is what all deliveries of the message to a protocol have in common, which
// nobody may change. For http and https it is signed at the first call, once for each
// text; a failure is not kept. In another form than SMN's each is signed by itself: here
// nothing is.
func (m *message) delivery(p smn.Protocol, form string, w *Worker) (*Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := &m.deliveries
	if form != "" {
		kept = &m.unsigned
	}
	if d := (*kept)[p]; d != nil {
		return d, nil
	}
	text := m.texts[p]
	if m.isDefault(p) {
		text = m.texts[smn.DefaultVariant]
	}
	d := &Delivery{
		Type:         wire.TypeNotification,
		MessageID:    m.ID,
		TopicURN:     m.TopicURN,
		TopicDisplay: m.TopicDisplay,
		Protocol:     p,
		Subject:      m.Subject,
		Text:         text.Value,
		TextIsObject: text.IsObject,
		Attributes:   m.Attributes,
		Locale:       m.Locale,
		Timestamp:    m.AcceptedAt,
	}
	switch {
	case form != "":
		d.SigningCertURL = w.certificateURL()
	case isHTTP(p):
		if other := m.deliveries[otherHTTP(p)]; other != nil && m.isDefault(p) && m.isDefault(other.Protocol) {
			d.Signature, d.SigningCertURL = other.Signature, other.SigningCertURL
		} else if err := w.sign(d); err != nil {
			return nil, err
		}
		d.Shared = &Shared{}
	}
	if *kept == nil {
		*kept = make(map[smn.Protocol]*Delivery, 1)
	}
	(*kept)[p] = d
	return d, nil
}

// isDefault says whether a protocol gets the text that has no protocol of its own.
func (m *message) isDefault(p smn.Protocol) bool {
	_, own := m.texts[p]
	return !own
}

// otherHTTP is https for http, and the other way round.
func otherHTTP(p smn.Protocol) smn.Protocol {
	if p == smn.HTTP {
		return smn.HTTPS
	}
	return smn.HTTP
}

// size is how many bytes the message's texts have.
func (m *message) size() (n int) {
	for _, t := range m.texts {
		n += len(t.Value)
	}
	return n
}

// expired says whether no attempt may begin any more.
func (m *message) expired(now time.Time) bool { return now.After(m.ExpiresAt) }

// over says whether this attempt may not begin any more. A redelivery has a time to
// live of its own.
func (m *message) over(r queue.Retry, now time.Time) bool {
	if !r.Expires.IsZero() {
		return now.After(r.Expires)
	}
	return m.expired(now)
}

// The cache is small, because a text can be 256 KiB and a message can have one
// for each protocol: it is enough for the chunks of a message, which follow each
// other closely, to meet in the cache.
const (
	cachedMessages = 64
	cachedBytes    = cachedMessages * smn.MaxMessage
)

// messages loads messages and keeps the last few, so that the chunks and retries
// of a message share one copy and one signature.
type messages struct {
	from interface {
		store.Messages
		store.Templates
	}

	mu     sync.Mutex
	byID   map[string]*message
	recent []string // ids in byID, the oldest first
	bytes  int      // of the texts in byID
}

// get finds a message with its texts. store.ErrNotFound, also when a version of its
// template is gone: both are kept for as long as the message can be sent.
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
	m = &message{Message: loaded}
	if m.texts, err = c.texts(ctx, loaded); err != nil {
		return nil, err
	}
	m.Body, m.Structure, m.Template = "", "", nil // the texts hold all of it
	return c.keep(m), nil
}

// texts makes the texts of a message, in whichever form it was published.
func (c *messages) texts(ctx context.Context, m store.Message) (map[smn.Protocol]smn.Text, error) {
	switch {
	case m.Structure != "":
		return wire.ParseStructure(m.Structure)
	case m.Template == nil:
		return map[smn.Protocol]smn.Text{smn.DefaultVariant: {Value: m.Body}}, nil
	}
	texts := make(map[smn.Protocol]smn.Text, len(m.Template.Versions))
	for p, version := range m.Template.Versions {
		content, err := c.from.GetTemplateVersion(ctx, version)
		if err != nil {
			return nil, err
		}
		text, _ := smn.Render(content, m.Template.Tags) // none is missing: see Publish
		texts[p] = smn.Text{Value: text}
	}
	return texts, nil
}

// keep puts m in the cache in place of the oldest, unless someone was quicker:
// then it returns theirs.
func (c *messages) keep(m *message) *message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.byID[m.ID]; first != nil {
		return first
	}
	c.byID[m.ID] = m
	c.recent = append(c.recent, m.ID)
	c.bytes += m.size()
	for len(c.recent) > 1 && (len(c.recent) > cachedMessages || c.bytes > cachedBytes) {
		c.bytes -= c.byID[c.recent[0]].size()
		delete(c.byID, c.recent[0])
		c.recent = c.recent[1:]
	}
	return m
}
