package deliver_test

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

const (
	project  = "0123456789abcdef0123456789abcdef"
	topicID  = "00000000000000000000000000000001"
	topicURN = "urn:smn:local:" + project + ":alerts"
)

// memory is as much of a store and a queue as a worker needs, in memory. Subscriptions
// are those of one topic unless they are moved. Its clock is the test's, so it lives in
// virtual time.
type memory struct {
	store.Store // the methods that a worker does not call

	mu       sync.Mutex
	messages map[string]store.Message
	versions map[string]string            // of templates: content by id
	subs     map[int64]store.Subscription // by Seq
	chunks   map[store.ChunkKey]chunkRow
	failures map[string]store.Failure // by message and subscription
	health   map[string]store.Health  // by subscription
	waiting  map[string]*waiting      // by task ID
	later    schedule                 // those that were not due when they were last looked at
	turns    queue.Turns[moment]      // those that are due
	resolved []smn.Protocol           // of failures
	putOff   map[string]int           // by subscription: failures of attempts that were not made
	retries  int                      // tasks of retries that were put
	finished []store.SMS
	changed  chan struct{}  // closed and replaced when a task came
	hands    int            // hand-outs so far
	failing  map[string]int // method → calls that are still to fail
	saving   map[store.ChunkKey]int
	slowSave time.Duration
	twice    bool // a chunk was saved by two at once
	calls    map[string]int
	ackTime  time.Duration // how long Ack takes
	loadTime time.Duration // how long GetMessage takes
}

type chunkRow struct {
	until    time.Time
	done     bool
	matched  int
	waiting  int
	filtered int
	sent     store.Places // while it is not done
}

type waiting struct {
	task     queue.Task
	due      time.Time
	receipt  string // empty while nobody has it in hand
	received int
}

// moment is when a task is due, unless that has changed since.
type moment struct {
	*waiting
	at time.Time
}

// schedule is a heap of moments.
type schedule []moment

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s schedule) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(m any)        { *s = append(*s, m.(moment)) }
func (s *schedule) Pop() any {
	last := len(*s) - 1
	m := (*s)[last]
	*s = (*s)[:last]
	return m
}

// set makes a task due then. The caller holds mu.
func (m *memory) set(w *waiting, due time.Time) {
	w.due = due
	heap.Push(&m.later, moment{w, due})
}

func newMemory() *memory {
	return &memory{
		messages: map[string]store.Message{},
		subs:     map[int64]store.Subscription{},
		chunks:   map[store.ChunkKey]chunkRow{},
		failures: map[string]store.Failure{},
		health:   map[string]store.Health{},
		putOff:   map[string]int{},
		waiting:  map[string]*waiting{},
		changed:  make(chan struct{}),
		failing:  map[string]int{},
		saving:   map[store.ChunkKey]int{},
		calls:    map[string]int{},
	}
}

// enter counts a call and says whether it is to fail. The caller holds mu.
func (m *memory) enter(method string) error {
	m.calls[method]++
	if m.failing[method] > 0 {
		m.failing[method]--
		return fmt.Errorf("%s: out of order", method)
	}
	return nil
}

// subscribe adds a confirmed subscription at the next place.
func (m *memory) subscribe(p smn.Protocol, endpoint string) store.Subscription {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := int64(len(m.subs))
	s := store.Subscription{
		SubscriptionKey: store.SubscriptionKey{Project: project, TopicID: topicID, ID: fmt.Sprintf("%032x", 1000+seq)},
		Seq:             seq,
		Protocol:        p,
		Endpoint:        endpoint,
		Status:          smn.Confirmed,
	}
	m.subs[seq] = s
	return s
}

func (m *memory) setStatus(seq int64, status smn.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.subs[seq]
	s.Status = status
	m.subs[seq] = s
}

func (m *memory) remove(seq int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.subs, seq)
}

// move makes a subscription one of another topic.
func (m *memory) move(seq int64, project, topicID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.subs[seq]
	s.Project, s.TopicID = project, topicID
	m.subs[seq] = s
}

// publish stores a message and its fan-out task.
func (m *memory) publish(timeToLive time.Duration) store.Message {
	return m.publishAs(timeToLive, func(*store.Message) {})
}

// publishAs stores a message that is changed before.
func (m *memory) publishAs(timeToLive time.Duration, change func(*store.Message)) store.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	msg := store.Message{
		ID:           fmt.Sprintf("%032x", 0xa0+len(m.messages)),
		Project:      project,
		TopicID:      topicID,
		TopicURN:     topicURN,
		TopicDisplay: "Alerts",
		Subject:      "Disk",
		Body:         "90 % full",
		AcceptedAt:   now,
		ExpiresAt:    now.Add(timeToLive),
	}
	change(&msg)
	m.messages[msg.ID] = msg
	m.put(queue.NewFanOut(msg.Project, msg.TopicID, msg.ID, 0))
	return msg
}

func (m *memory) failure(messageID, subscriptionID string) (store.Failure, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.failures[messageID+"/"+subscriptionID]
	if f.Project == project && f.TopicID == topicID && !f.At.IsZero() { // the same for all
		f.Project, f.TopicID, f.At = "", "", time.Time{}
	}
	return f, ok
}

func (m *memory) tasks() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}

func (m *memory) put(tasks ...queue.Task) {
	for _, t := range tasks {
		if m.waiting[t.ID] == nil {
			m.waiting[t.ID] = &waiting{task: t}
			m.set(m.waiting[t.ID], t.NotBefore)
			if t.Retry != nil {
				m.retries++
			}
		}
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

// The store.

func (m *memory) GetMessage(_ context.Context, id string) (store.Message, error) {
	time.Sleep(m.loadTime) // virtual
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("GetMessage"); err != nil {
		return store.Message{}, err
	}
	msg, ok := m.messages[id]
	if !ok {
		return msg, store.ErrNotFound
	}
	return msg, nil
}

func (m *memory) GetTemplateVersion(_ context.Context, id string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, ok := m.versions[id]
	if !ok {
		return "", store.ErrNotFound
	}
	return content, m.enter("GetTemplateVersion")
}

func (m *memory) GetSubscription(_ context.Context, key store.SubscriptionKey) (store.Subscription, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("GetSubscription"); err != nil {
		return store.Subscription{}, err
	}
	for _, s := range m.subs {
		if s.SubscriptionKey == key {
			return s, nil
		}
	}
	return store.Subscription{}, store.ErrNotFound
}

func (m *memory) GetChunk(_ context.Context, project, topicID string, n int) (store.Chunk, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := store.Chunk{Next: -1}
	for seq, s := range m.subs {
		switch at := int(seq / store.ChunkSize); {
		case s.Project != project || s.TopicID != topicID:
		case at == n:
			c.Subscriptions = append(c.Subscriptions, s)
		case at > n && (c.Next < 0 || at < c.Next):
			c.Next = at
		}
	}
	slices.SortFunc(c.Subscriptions, func(a, b store.Subscription) int { return int(a.Seq - b.Seq) })
	return c, m.enter("GetChunk")
}

func (m *memory) ClaimChunk(_ context.Context, key store.ChunkKey, now, until time.Time, next ...queue.Task) (store.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("ClaimChunk"); err != nil {
		return store.Claim{}, err
	}
	row := m.chunks[key]
	switch {
	case row.done:
		return store.Claim{State: store.ClaimDone}, nil
	case row.until.After(now):
		return store.Claim{State: store.ClaimLeased, Until: row.until}, nil
	}
	m.chunks[key] = chunkRow{until: until, sent: row.sent}
	m.put(next...)
	return store.Claim{State: store.ClaimGranted, Until: until, Sent: row.sent}, nil
}

func (m *memory) FinishChunk(_ context.Context, key store.ChunkKey, tally store.Tally, failures []store.Failure, retries ...queue.Task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("FinishChunk"); err != nil {
		row := m.chunks[key]
		row.until = time.Time{} // whoever comes may begin again
		m.chunks[key] = row
		return err
	}
	m.chunks[key] = chunkRow{done: true, matched: tally.Matched, filtered: tally.Filtered, waiting: tally.Waiting}
	for _, f := range failures {
		m.putFailure(f)
	}
	m.put(retries...)
	return nil
}

func (m *memory) PutFailure(_ context.Context, f store.Failure, retry ...queue.Task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("PutFailure"); err != nil {
		return err
	}
	m.putFailure(f)
	m.put(retry...)
	return nil
}

// putFailure notes a failure. The caller holds mu.
func (m *memory) putFailure(f store.Failure) {
	key := f.MessageID + "/" + f.SubscriptionID
	if f.Attempts == m.failures[key].Attempts {
		m.putOff[f.SubscriptionID]++
	}
	m.failures[key] = f
}

func (m *memory) GetFailure(_ context.Context, messageID, subscriptionID string) (store.Failure, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.failures[messageID+"/"+subscriptionID]
	if !ok {
		return f, store.ErrNotFound
	}
	return f, m.enter("GetFailure")
}

func (m *memory) ResolveFailure(_ context.Context, messageID, subscriptionID string, protocol smn.Protocol) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("ResolveFailure"); err != nil {
		return err
	}
	m.resolved = append(m.resolved, protocol)
	delete(m.failures, messageID+"/"+subscriptionID)
	return nil
}

func (m *memory) FinishSMS(_ context.Context, id string, status smn.SMSStatus, reason string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("FinishSMS"); err != nil {
		return err
	}
	m.finished = append(m.finished, store.SMS{ID: id, Status: status, Reason: reason, FinishedAt: at})
	return nil
}

// The queue.

func (m *memory) Put(_ context.Context, tasks ...queue.Task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Put"); err != nil {
		return err
	}
	m.put(tasks...)
	return nil
}

func (m *memory) Receive(ctx context.Context, limit int, lease time.Duration) ([]queue.Lease, error) {
	for {
		m.mu.Lock()
		if err := m.enter("Receive"); err != nil {
			m.mu.Unlock()
			return nil, err
		}
		now, soonest := time.Now(), time.Hour
		for len(m.later) > 0 {
			if soonest = m.later[0].at.Sub(now); soonest > 0 {
				break
			}
			w := heap.Pop(&m.later).(moment)
			m.turns.Push(w.task.Project, w.task.Group, w)
		}
		var out []queue.Lease
		for len(out) < limit && m.turns.Len() > 0 {
			w, _ := m.turns.Pop()
			if m.waiting[w.task.ID] != w.waiting || !w.due.Equal(w.at) {
				continue
			}
			m.hands++
			w.received++
			w.receipt = fmt.Sprint(m.hands)
			m.set(w.waiting, now.Add(lease))
			out = append(out, queue.Lease{Task: w.task, Receipt: w.receipt, Received: w.received})
		}
		changed := m.changed
		m.mu.Unlock()
		if len(out) > 0 {
			return out, nil
		}
		select {
		case <-changed:
		case <-time.After(soonest):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m *memory) Ack(_ context.Context, leases ...queue.Lease) error {
	time.Sleep(m.ackTime) // virtual
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Ack"); err != nil {
		return err
	}
	for _, l := range leases {
		if w := m.waiting[l.ID]; w != nil && w.receipt == l.Receipt {
			delete(m.waiting, l.ID)
		}
	}
	return nil
}

func (m *memory) Release(_ context.Context, l queue.Lease, delay time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Release"); err != nil {
		return err
	}
	if w := m.waiting[l.ID]; w != nil && w.receipt == l.Receipt {
		w.receipt = ""
		m.set(w, time.Now().Add(delay))
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return nil
}

func (m *memory) Wake(_ context.Context, key string, limit int) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Wake"); err != nil {
		return 0, err
	}
	for _, w := range m.waiting {
		if n < limit && w.task.WaitsFor == key && w.receipt == "" && w.due.After(time.Now()) {
			m.set(w, time.Now())
			n++
		}
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return n, nil
}

func (m *memory) SaveChunk(_ context.Context, key store.ChunkKey, sent store.Places) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("SaveChunk"); err != nil {
		return err
	}
	if m.saving[key]++; m.saving[key] > 1 {
		m.twice = true
	}
	m.mu.Unlock()
	time.Sleep(m.slowSave) // virtual
	m.mu.Lock()
	m.saving[key]--
	row := m.chunks[key]
	if row.done {
		return nil
	}
	row.sent.Join(sent)
	m.chunks[key] = row
	return nil
}

func (m *memory) PutHealth(_ context.Context, h store.Health) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.health[h.ID] = h
	return m.enter("PutHealth")
}

func (m *memory) ClearHealth(_ context.Context, key store.SubscriptionKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.health, key.ID)
	return m.enter("ClearHealth")
}

func (m *memory) GetHealth(_ context.Context, key store.SubscriptionKey) (store.Health, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("GetHealth"); err != nil {
		return store.Health{}, err
	}
	h, ok := m.health[key.ID]
	if !ok {
		return h, store.ErrNotFound
	}
	return h, nil
}

func (m *memory) ListHealth(_ context.Context, _, _ string, n int) (list []store.Health, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.health {
		if int(h.Seq/store.ChunkSize) == n {
			list = append(list, h)
		}
	}
	return list, m.enter("ListHealth")
}
