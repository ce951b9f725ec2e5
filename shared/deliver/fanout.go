package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// fanOut sends a message to the subscriptions of one chunk that receive it. Whoever
// claims a chunk passes the rest of the message on first, so that the chunks of a
// big topic are delivered side by side.
func (w *Worker) fanOut(ctx context.Context, f queue.FanOut, begun func()) (again time.Duration, err error) {
	m, err := w.messages.get(ctx, f.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		w.unknownMessage(ctx, f.MessageID)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("get message %s: %w", f.MessageID, err)
	}
	if m.expired(w.now()) { // its deliveries end as dead ones
		w.log.LogAttrs(ctx, slog.LevelWarn, "chunk given up",
			slog.String("message_id", m.ID), slog.String("topic_urn", m.TopicURN),
			slog.Int("chunk", f.Chunk), slog.String("reason", reasonExpired))
	}
	found, err := w.store.GetChunk(ctx, m.Project, m.TopicID, f.Chunk)
	if err != nil {
		return 0, fmt.Errorf("get chunk %d of topic %s: %w", f.Chunk, m.TopicID, err)
	}
	var rest []queue.Task
	if found.Next >= 0 && f.Round == 0 {
		rest = []queue.Task{queue.NewFanOut(m.Project, m.TopicID, m.ID, found.Next)}
	}
	key := store.ChunkKey{MessageID: m.ID, Chunk: f.Chunk + f.Round*roundStep}
	now := w.now()
	claim, err := w.store.ClaimChunk(ctx, key, now, now.Add(Lease), rest...)
	if err != nil {
		return 0, fmt.Errorf("claim chunk %d of message %s: %w", f.Chunk, m.ID, err)
	}
	switch claim.State {
	case store.ClaimDone:
		return 0, nil
	case store.ClaimLeased:
		return max(claim.Until.Sub(now), time.Millisecond), nil
	}
	c := newChunk(w, m, f, key, claim)
	if err := c.deliver(ctx, found.Subscriptions, begun); err != nil {
		c.save(context.WithoutCancel(ctx)) // for whoever has it next
		return 0, fmt.Errorf("deliver message %s to chunk %d: %w", m.ID, f.Chunk, err)
	}
	if w.observer != nil && f.Round == 0 {
		w.observer.FannedOut(c.tally.Matched)
	}
	return 0, nil
}

// common is what the delivery of a message to a subscription has in common with others.
func (w *Worker) common(m *message, s *store.Subscription) (*Delivery, error) {
	d, err := m.delivery(s.Protocol, formOf(s), w)
	if err != nil {
		return nil, fmt.Errorf("sign message %s: %w", m.ID, err)
	}
	return d, nil
}

// notification is the delivery to a subscription, beside what it has in common with
// others.
func (w *Worker) notification(common *Delivery, s *store.Subscription, named *Named) Delivery {
	d := *common
	d.SubscriptionURN = d.TopicURN + ":" + s.ID
	d.Endpoint = s.Endpoint
	d.Extension = s.Extension
	if d.Named = named; named == nil {
		d.UnsubscribeURL = w.links.unsubscribe(s.Protocol, d.SubscriptionURN)
	}
	return d
}

// isPersonal says whether a protocol reaches people, who cannot drop a repeat: their
// messages are tasks of their own, so that at most the one in hand is sent twice.
func isPersonal(p smn.Protocol) bool { return p == smn.Email || p == smn.SMS || p == smn.Call }

// unknownMessage notes a task whose message is gone: it was kept for too short a
// time, or the task is none of ours.
func (w *Worker) unknownMessage(ctx context.Context, id string) {
	w.log.LogAttrs(ctx, slog.LevelWarn, "task dropped: its message is gone", slog.String("message_id", id))
}
