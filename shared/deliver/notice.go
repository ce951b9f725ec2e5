package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// notice sends a confirmation. It is built from the task alone and leaves no rows:
// if it fails, the next attempt is a task that says all again.
func (w *Worker) notice(ctx context.Context, n queue.Notice, begun func()) (again time.Duration, err error) {
	expires := n.IssuedAt.Add(smn.ConfirmWithin)
	if w.now().After(expires) {
		w.log.LogAttrs(ctx, slog.LevelWarn, "confirmation given up: its link has expired",
			slog.String("message_id", n.MessageID), slog.Int("attempts", n.Attempt-1))
		w.gaveUp()
		return 0, nil
	}
	d, err := w.confirmation(n, expires)
	if err != nil {
		return 0, err
	}
	o, next, err := w.single(ctx, turn{n.Subscription.Project, n.Subscription.TopicID, begun}, d, n.Attempt, true, expires)
	switch {
	case errors.Is(err, errNoPlace):
		return vary(noPlaceAgain), nil
	case err != nil:
		return 0, err
	case o.Result == Again:
		n.Attempt, n.Deferred = n.Attempt+1, 0
	case o.Result == Later:
		n.Deferred++
	case o.Result == Dead:
		w.gaveUp()
		return 0, nil
	default:
		return 0, nil
	}
	if err := w.tasks.Put(ctx, queue.NewNotice(n, next)); err != nil {
		return 0, fmt.Errorf("put attempt %d at confirmation %s: %w", n.Attempt, n.MessageID, err)
	}
	return 0, nil
}

// confirmation is the delivery of a notice.
func (w *Worker) confirmation(n queue.Notice, expires time.Time) (Delivery, error) {
	to := n.Subscription
	token := w.tokens.Issue(iam.ConfirmSubject{
		Project:        to.Project,
		TopicID:        to.TopicID,
		SubscriptionID: to.ID,
		Version:        to.Version,
	}, expires)
	d := Delivery{
		MessageID:       n.MessageID,
		TopicURN:        n.TopicURN,
		TopicDisplay:    n.TopicDisplay,
		Introduction:    n.Introduction,
		SubscriptionURN: n.TopicURN + ":" + to.ID,
		Protocol:        to.Protocol,
		Endpoint:        to.Endpoint,
		Extension:       to.Extension,
		Timestamp:       n.IssuedAt,
		SubscribeURL:    w.links.subscribe(to.Protocol, token, n.TopicURN),
	}
	if n.Kind == queue.Unsubscribed {
		d.Type = wire.TypeUnsubscribed
		d.Text = "You have unsubscribed from the topic " + n.TopicURN +
			". To subscribe again, visit the subscribe_url of this message within 48 hours."
	} else {
		d.Type = wire.TypeConfirmation
		d.Text = "You are invited to subscribe to the topic " + n.TopicURN +
			". To confirm the subscription, visit the subscribe_url of this message within 48 hours."
		if n.Introduction != "" {
			d.Text += " About this topic: " + n.Introduction
		}
	}
	if isHTTP(to.Protocol) {
		return d, w.sign(&d)
	}
	return d, nil
}

// certificateURL is where the certificate is that verifies what we sign.
func (w *Worker) certificateURL() string { return w.links.certificate(w.signer.CertificateID()) }

// sign signs a delivery whose other fields are complete.
func (w *Worker) sign(d *Delivery) error {
	d.SigningCertURL = w.certificateURL()
	push := d.Push()
	if err := w.signer.Sign(&push); err != nil {
		return fmt.Errorf("sign %s %s: %w", d.Type, d.MessageID, err)
	}
	d.Signature = push.Signature
	return nil
}
