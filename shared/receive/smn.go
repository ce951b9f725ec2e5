package receive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// confirmTimeout bounds the visit of a link: no sender waits longer.
const confirmTimeout = 5 * time.Second

func (h *Handler) takeSMN(r *http.Request, body []byte) error {
	p, err := h.verifySMN(r.Context(), body)
	if err != nil {
		return err
	}
	// The time of the first attempt, which all further ones keep. They can come as
	// late as the message lives, so its age says nothing.
	published, err := wire.ParseTime(p.Timestamp)
	if err != nil || p.MessageID == "" || p.TopicURN == "" {
		return invalid("message_id, topic_urn or timestamp is missing or wrong")
	}
	switch p.Type {
	case wire.TypeNotification:
		return h.hand(r.Context(), Notification{
			Protocol:     SMN,
			Format:       JSON,
			TopicOwner:   projectOf(p.TopicURN),
			Topic:        p.TopicURN,
			Subscription: subscriptionOf(r.Header, p.TopicURN),
			MessageID:    p.MessageID,
			Subject:      p.Subject,
			Text:         p.Message,
			Published:    published,
			Body:         body,
		})
	case wire.TypeConfirmation:
		return h.confirm(r.Context(), p)
	}
	return nil // the subscription has ended
}

// verifySMN reads a body and says whether one of the services has written it.
func (h *Handler) verifySMN(ctx context.Context, body []byte) (wire.Push, error) {
	var claimed wire.Push
	if err := json.Unmarshal(body, &claimed); err != nil || claimed.Type == "" {
		return wire.Push{}, invalid("the body is not a message of SMN in JSON")
	}
	err := signing.ErrForged // if there is no service
	for _, v := range h.verifiers {
		var p wire.Push
		if p, err = v.Verify(ctx, body); err == nil {
			return p, nil
		}
		if errors.Is(err, signing.ErrUnavailable) {
			break // it is this service whose certificate is named
		}
	}
	return wire.Push{}, judged(err)
}

// projectOf is the owner of a topic. Other clouds may write URNs in another way; then
// it is empty.
func projectOf(topic string) string {
	urn, _ := smn.ParseTopicURN(topic)
	return urn.Project
}

func subscriptionOf(header http.Header, topic string) string {
	urn, err := smn.ParseSubscriptionURN(header.Get(wire.HeaderSubscriptionURN))
	if err != nil || urn.Topic.String() != topic {
		return ""
	}
	return urn.String()
}

// Confirmation is a subscription of SMN that waits to be confirmed. The service has
// signed all of it.
type Confirmation struct {
	TopicURN string
	Text     string // what the service says about it

	link   string
	client *http.Client
}

func (h *Handler) confirm(ctx context.Context, p wire.Push) error {
	if h.config.Confirm == nil {
		return nil
	}
	err := h.config.Confirm(ctx, Confirmation{TopicURN: p.TopicURN, Text: p.Message, link: p.SubscribeURL, client: h.config.Client})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnwanted):
		return &refusal{http.StatusForbidden, err}
	}
	return later(err)
}

// Follow confirms the subscription by visiting its link, which works for 48 hours and
// more than once. It follows no redirect. The error does not show the link, which
// holds a secret.
func (c Confirmation) Follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	link, err := url.Parse(c.link)
	if err != nil || link.Scheme != "http" && link.Scheme != "https" || link.Host == "" {
		return errors.New("the link to confirm is no http or https URL")
	}
	visit, err := http.NewRequestWithContext(ctx, http.MethodGet, c.link, http.NoBody)
	if err != nil {
		return errors.New("the link to confirm cannot be visited")
	}
	answer, err := signing.WithoutRedirects(c.client).Do(visit)
	if err != nil {
		if inside := (*url.Error)(nil); errors.As(err, &inside) {
			err = inside.Err
		}
		return fmt.Errorf("visit the link to confirm: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("the link to confirm answers with status %d", answer.StatusCode)
	}
	return nil
}
