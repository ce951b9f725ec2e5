package embedded

import (
	"slices"
	"sync"

	"tocsin/shared/store"
)

// What is kept in memory. What is over is forgotten all at once: it is read again.
const (
	maxTopics        = 10_000
	maxSubscriptions = 65_536 // in chunks; some 20 MB
	maxMessages      = 4096
	maxMessageBytes  = 8 << 20
)

// recent keeps what publishing and fanning out need again and again, as it was
// committed last: topics, chunks of subscriptions, and the messages just published.
type recent struct {
	mu       sync.Mutex
	changes  int // grows with each; what was read before one may be stale
	topics   map[topicName]store.Topic
	names    map[string]topicName // of topics, by id
	chunks   map[chunkName]store.Chunk
	numbers  map[string][]chunkName // of chunks, by id of the topic
	subs     int                    // in chunks
	receives map[string]bool        // whether a topic has subscriptions that receive, by id
	messages map[string]store.Message
	order    []string // ids of messages, the oldest first
	bytes    int      // of messages
}

type (
	topicName struct{ project, name string }
	chunkName struct {
		project, topicID string
		n                int
	}
)

// drop forgets what is known of topics that have changed.
func (r *recent) drop(ids []string) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	for _, id := range ids {
		delete(r.topics, r.names[id])
		delete(r.names, id)
		for _, name := range r.numbers[id] {
			r.subs -= len(r.chunks[name].Subscriptions)
			delete(r.chunks, name)
		}
		delete(r.numbers, id)
		delete(r.receives, id)
	}
}

// forget forgets everything.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.topics, r.names, r.chunks, r.numbers, r.subs = nil, nil, nil, nil, 0
	r.receives, r.messages, r.order, r.bytes = nil, nil, nil, 0
}

// topic gives a topic, read if need be.
func (r *recent) topic(name topicName, read func() (store.Topic, error)) (store.Topic, error) {
	r.mu.Lock()
	t, ok := r.topics[name]
	before := r.changes
	r.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := read()
	if err != nil {
		return t, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes != before {
		return t, nil
	}
	if r.topics == nil || len(r.topics) >= maxTopics {
		r.topics, r.names = make(map[topicName]store.Topic), make(map[string]topicName)
	}
	r.topics[name], r.names[t.ID] = t, name
	return t, nil
}

// chunk gives a chunk, read if need be.
func (r *recent) chunk(name chunkName, read func() (store.Chunk, error)) (store.Chunk, error) {
	r.mu.Lock()
	c, ok := r.chunks[name]
	before := r.changes
	r.mu.Unlock()
	if ok {
		return c, nil
	}
	c, err := read()
	if err != nil {
		return c, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.chunks[name]; ok || r.changes != before {
		return c, nil
	}
	if r.chunks == nil || r.subs+len(c.Subscriptions) > maxSubscriptions || len(r.chunks) >= maxTopics {
		r.chunks, r.numbers, r.subs = make(map[chunkName]store.Chunk), make(map[string][]chunkName), 0
	}
	r.chunks[name] = c
	r.numbers[name.topicID] = append(r.numbers[name.topicID], name)
	r.subs += len(c.Subscriptions)
	return c, nil
}

// has tells whether a topic has subscriptions that receive, if that is known.
func (r *recent) has(topicID string) (receives, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	receives, known = r.receives[topicID]
	return receives, known
}

// set keeps whether a topic has some, as the committer has read it.
func (r *recent) set(topicID string, receives bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.receives == nil || len(r.receives) >= maxTopics {
		r.receives = make(map[string]bool)
	}
	r.receives[topicID] = receives
}

// put keeps messages that were just published.
func (r *recent) put(messages []store.Message) {
	if len(messages) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.messages == nil {
		r.messages = make(map[string]store.Message)
	}
	for _, m := range messages {
		r.messages[m.ID] = m
		r.order = append(r.order, m.ID)
		r.bytes += sizeOf(m)
	}
	for len(r.order) > maxMessages || r.bytes > maxMessageBytes {
		if m, ok := r.messages[r.order[0]]; ok {
			r.bytes -= sizeOf(m)
			delete(r.messages, r.order[0])
		}
		r.order = r.order[1:]
	}
}

// remove forgets messages that are gone.
func (r *recent) remove(ids []string) {
	if len(ids) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if m, ok := r.messages[id]; ok {
			r.bytes -= sizeOf(m)
			delete(r.messages, id) // its place in order stays until its turn
		}
	}
}

func (r *recent) message(id string) (store.Message, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, ok := r.messages[id]
	return m, ok
}

// sizeOf is about what a message takes in memory.
func sizeOf(m store.Message) int { return 1024 + len(m.Body) + len(m.Structure) + len(m.Subject) }

// touch says that the transaction changes a topic or its subscriptions.
func (tx *tx) touch(topicID string) {
	if !slices.Contains(tx.touched, topicID) {
		tx.touched = append(tx.touched, topicID)
	}
}

// receives tells whether a topic has subscriptions that receive.
func (db *DB) receives(tx *tx, topicID string) (bool, error) {
	touched := slices.Contains(tx.touched, topicID)
	if receives, known := db.recent.has(topicID); known && !touched {
		return receives, nil
	}
	var one int
	receives, err := tx.get(`SELECT 1 FROM topic t JOIN subscription s ON s.topic = t.key WHERE t.id = ? AND s.status IN (1, 2) LIMIT 1`,
		[]any{topicID}, &one)
	if err != nil {
		return false, err
	}
	if !touched {
		db.recent.set(topicID, receives)
	}
	return receives, nil
}
