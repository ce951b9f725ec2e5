package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// fanOut sends a message to the subscriptions of one chunk that receive it. Whoever
// claims a chunk passes the rest of the message on first, so that the chunks of a
// big topic are delivered side by side.
func (w *Worker) fanOut(ctx context.Context, f queue.FanOut) (again time.Duration, err error) {
	m, err := w.messages.get(ctx, f.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		w.unknownMessage(ctx, f.MessageID)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("get message %s: %w", f.MessageID, err)
	}
	if m.expired(w.now()) {
		w.log.LogAttrs(ctx, slog.LevelWarn, "chunk given up",
			slog.String("message_id", m.ID), slog.String("topic_urn", m.TopicURN),
			slog.Int("chunk", f.Chunk), slog.String("reason", reasonExpired))
		return 0, nil
	}
	chunk, err := w.store.GetChunk(ctx, m.Project, m.TopicID, f.Chunk)
	if err != nil {
		return 0, fmt.Errorf("get chunk %d of topic %s: %w", f.Chunk, m.TopicID, err)
	}
	var rest []queue.Task
	if chunk.Next >= 0 {
		rest = []queue.Task{queue.NewFanOut(m.TopicID, m.ID, chunk.Next)}
	}
	key := store.ChunkKey{MessageID: m.ID, Chunk: f.Chunk}
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
	tally, setbacks, err := w.sendChunk(ctx, m, chunk.Subscriptions)
	if err != nil {
		return 0, fmt.Errorf("send message %s to chunk %d: %w", m.ID, f.Chunk, err)
	}
	failures := make([]store.Failure, 0, len(setbacks))
	retries := make([]queue.Task, 0, len(setbacks))
	for _, s := range setbacks {
		failures = append(failures, s.failure)
		retries = append(retries, s.retry...)
	}
	if err := w.store.FinishChunk(ctx, key, tally, failures, retries...); err != nil {
		return 0, fmt.Errorf("finish chunk %d of message %s: %w", f.Chunk, m.ID, err)
	}
	if w.observer != nil {
		w.observer.FannedOut(tally.Matched)
	}
	return 0, nil
}

// sendChunk makes the first attempt at each subscription that receives and that the
// message's attributes select, side by side. It tells how many there were, how many
// SMS are out, and which of them have not got the message.
//
// Slots are asked for one after the other. So a chunk waits in one place of the
// line, however many subscriptions it has, and a wait of slotPatience means that
// attempts hang and not that there is much to do.
func (w *Worker) sendChunk(ctx context.Context, m *message, subs []store.Subscription) (tally store.Tally, failed []setback, err error) {
	results := make([]*setback, len(subs))
	var attempts sync.WaitGroup
	defer attempts.Wait()

	began, patience, postponed := time.Now(), slotPatience, 0
	for i, s := range subs {
		if !s.Status.Receives() || !smn.Selects(m.Attributes, s.Protocol, s.Filters) {
			continue
		}
		tally.Matched++
		if s.Protocol == smn.SMS {
			tally.SMS++
		}
		d, err := w.notification(m, s)
		if err != nil {
			return store.Tally{}, nil, err
		}
		first := queue.Retry{MessageID: m.ID, SubscriptionID: s.ID, Attempt: 1}
		if !w.slots.acquire(ctx, min(patience, chunkPatience-time.Since(began))) {
			if err := ctx.Err(); err != nil {
				return store.Tally{}, nil, err
			}
			// Who waited in vain once only looks from now on: the chunk must not
			// wait a second for each of its subscriptions.
			patience = 0
			postponed++
			results[i] = w.postpone(m, first)
			continue
		}
		attempts.Go(func() {
			defer w.slots.release()
			results[i] = w.try(ctx, m, d, first)
		})
	}
	attempts.Wait()
	if err := ctx.Err(); err != nil {
		return store.Tally{}, nil, err
	}
	if postponed > 0 {
		w.log.LogAttrs(ctx, slog.LevelWarn, "attempts put off, no free slot",
			slog.String("message_id", m.ID), slog.Int("attempts", postponed))
	}
	for i, r := range results {
		if r == nil {
			continue
		}
		failed = append(failed, *r)
		if subs[i].Protocol == smn.SMS {
			tally.SMS--
		}
	}
	return tally, failed, nil
}

// notification is the delivery of a message to a subscription.
func (w *Worker) notification(m *message, s store.Subscription) (Delivery, error) {
	d := m.delivery(s.Protocol)
	d.SubscriptionURN = m.TopicURN + ":" + s.ID
	d.Endpoint = s.Endpoint
	d.Extension = s.Extension
	d.UnsubscribeURL = w.links.unsubscribe(s.Protocol, d.SubscriptionURN)
	if isHTTP(s.Protocol) {
		signature, err := m.sign(s.Protocol, w.signer)
		if err != nil {
			return Delivery{}, fmt.Errorf("sign message %s: %w", m.ID, err)
		}
		d.Signature = signature
		d.SigningCertURL = w.links.certificate(w.signer.CertificateID())
	}
	return d, nil
}

// unknownMessage notes a task whose message is gone: it was kept for too short a
// time, or the task is none of ours.
func (w *Worker) unknownMessage(ctx context.Context, id string) {
	w.log.LogAttrs(ctx, slog.LevelWarn, "task dropped: its message is gone", slog.String("message_id", id))
}
