package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// detect sends a test message, once, and keeps what came of it. A detection that
// was replaced by later ones, or whose topic is gone, sends nothing.
func (w *Worker) detect(ctx context.Context, n queue.Detection, begun func()) error {
	key := store.DocumentKey{Owner: n.TopicID, Kind: store.DetectionKind, ID: n.ID}
	kept, err := w.store.GetDocument(ctx, key)
	if errors.Is(err, store.ErrNotFound) || err == nil && kept.Version > 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("get detection %s: %w", n.ID, err)
	}
	d := Delivery{
		Type:       wire.TypeNotification, // the only type that receivers take without acting on a link
		MessageID:  n.ID,
		TopicURN:   n.TopicURN,
		Protocol:   n.Protocol,
		Endpoint:   n.Endpoint,
		Extension:  smn.Extension{Header: n.Header},
		Subject:    "HTTP detection",
		Text:       "This message tests whether your endpoint can be reached. It needs no action.",
		Timestamp:  n.IssuedAt,
		KeepAnswer: true,
	}
	if err := w.sign(&d); err != nil {
		return err
	}
	found, err := w.tryOnce(ctx, turn{n.Project, n.TopicID, begun}, d)
	if err != nil {
		return err
	}
	kept.UpdatedAt = w.now()
	if kept.Body, err = json.Marshal(found); err != nil {
		return fmt.Errorf("encode detection %s: %w", n.ID, err)
	}
	err = w.store.UpdateDocument(ctx, kept)
	if err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return nil // kept; or someone else was faster, or it is no longer wanted
	}
	return fmt.Errorf("keep detection %s: %w", n.ID, err)
}

// tryOnce makes the one attempt of a detection.
func (w *Worker) tryOnce(ctx context.Context, t turn, d Delivery) (smn.Detection, error) {
	o, took, err := w.sendInTurn(ctx, t, d, true)
	switch {
	case errors.Is(err, errNoPlace):
		return smn.Detection{
			Status: smn.Unreachable, Code: smn.DetectedFull,
			Text: "There was no place to send from; detect again in a moment.",
		}, nil
	case err != nil:
		return smn.Detection{}, err
	case ctx.Err() != nil: // the attempt may have been cut short
		return smn.Detection{}, ctx.Err()
	}
	w.logAttempt(ctx, d, 1, o, took)
	return detected(o), nil
}

// detected says in SMN's terms what an outcome means.
func detected(o Outcome) smn.Detection {
	found := smn.Detection{Status: smn.Unreachable, Code: o.Status}
	switch {
	case o.Result == Delivered:
		found.Status, found.Text = smn.Reachable, "The endpoint can be reached."
	case o.Status != 0:
		found.Text = shortText(o.Answer)
	case o.Result == Dead:
		found.Code, found.Text = smn.DetectedForbidden, "The endpoint may not be called: "+o.Reason+"."
	default:
		found.Code, found.Text = smn.DetectedSilence, "The endpoint did not answer: "+o.Reason+"."
	}
	return found
}

// shortText is as much of an answer as is kept. What is no text in it is replaced.
func shortText(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), smn.MaxDetectionAnswer)], "\uFFFD")
	return strings.ToValidUTF8(s[:min(len(s), smn.MaxDetectionAnswer)], "") // replacing makes longer
}
